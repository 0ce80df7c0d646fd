-- Why: what one supervisor may not do alone waits for another's word; a request outlives a restart,
-- and there is never more than one open for the same thing.

-- 双人复核; answered_by is empty where nobody answered in time
CREATE TABLE approval (
    id          INTEGER NOT NULL PRIMARY KEY,
    kind        TEXT    NOT NULL,
    subject_id  BIGINT  NOT NULL,
    note        TEXT    NOT NULL,
    asked_by    TEXT    NOT NULL,
    asked_key   TEXT    NOT NULL,
    asked_at    BIGINT  NOT NULL,
    expires_at  BIGINT  NOT NULL,
    answered_at BIGINT,
    answered_by TEXT,
    approved    BOOLEAN
);
CREATE UNIQUE INDEX approval_open ON approval (kind, subject_id) WHERE answered_at IS NULL;

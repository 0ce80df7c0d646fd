-- Why: what a unit hands in with its rectification has to be there when somebody asks years later, and in
-- every backup, so the files lie in the database, each content once, under its SHA-256; and what a unit
-- states about an account that no machine may read is kept apart from what an inspector saw.

-- 佐证材料: content by its hash; names belong to the links.
CREATE TABLE evidence_file (
    sha256  TEXT   NOT NULL PRIMARY KEY,
    kind    TEXT   NOT NULL,
    size    BIGINT NOT NULL,
    content BLOB   NOT NULL
);
CREATE TABLE issue_evidence (
    issue_id BIGINT NOT NULL REFERENCES issue (id),
    sha256   TEXT   NOT NULL REFERENCES evidence_file (sha256),
    name     TEXT   NOT NULL,
    added_by TEXT   NOT NULL,
    added_at BIGINT NOT NULL,
    album    TEXT,
    PRIMARY KEY (issue_id, sha256)
);
CREATE INDEX issue_evidence_album ON issue_evidence (album) WHERE album IS NOT NULL;

-- 自查报告: a unit's own statement on updates, the last one of an account in a round.
CREATE TABLE self_report (
    round_id    BIGINT  NOT NULL REFERENCES round (id),
    account_id  TEXT    NOT NULL REFERENCES account (account_id),
    newest_at   TEXT    NOT NULL,
    day_only    BOOLEAN NOT NULL,
    content_url TEXT    NOT NULL,
    sha256      TEXT REFERENCES evidence_file (sha256),
    said_by     TEXT    NOT NULL,
    said_at     BIGINT  NOT NULL,
    PRIMARY KEY (round_id, account_id)
);

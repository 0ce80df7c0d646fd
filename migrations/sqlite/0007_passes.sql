-- Why: a group robot takes a long notice in parts, and a crash between two of them must not repeat
-- those it has; and a unit that reads its notices through a robot alone answers by a link, whose
-- token is kept by its hash, and which does each act once.

ALTER TABLE delivery ADD COLUMN parts_sent BIGINT NOT NULL DEFAULT 0;
-- SHA-256 of all parts as they were cut when the first went out: other parts are sent from the first on.
ALTER TABLE delivery ADD COLUMN parts_sha256 TEXT;

-- 办理链接
CREATE TABLE pass (
    id           INTEGER NOT NULL PRIMARY KEY,
    notice_id    BIGINT  NOT NULL REFERENCES notice (id),
    chat_id      BIGINT  NOT NULL REFERENCES chat (id),
    unit         TEXT    NOT NULL,
    nonce        TEXT    NOT NULL,
    token_sha256 TEXT    NOT NULL UNIQUE,
    made_at      BIGINT  NOT NULL,
    expires_at   BIGINT  NOT NULL,
    UNIQUE (notice_id, chat_id)
);

CREATE TABLE pass_act (
    pass_id  BIGINT NOT NULL REFERENCES pass (id),
    issue_id BIGINT NOT NULL REFERENCES issue (id),
    act      TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (pass_id, issue_id, act)
);

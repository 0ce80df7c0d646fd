-- Why: what a person saw has to outlive the verdict made of it, so that other rules can judge it
-- again and a later look of the machine does not forget it; and whether a source can be read is
-- news about the source, not about the account.

-- 人工核查: what a person wrote into the worksheet, the last answer on each item.
CREATE TABLE hand_look (
    round_id    BIGINT  NOT NULL REFERENCES round (id),
    account_id  TEXT    NOT NULL REFERENCES account (account_id),
    item        TEXT    NOT NULL,
    newest_at   TEXT,
    day_only    BOOLEAN NOT NULL,
    content_url TEXT,
    verdict     TEXT,
    note        TEXT    NOT NULL,
    checked_by  TEXT    NOT NULL,
    checked_at  BIGINT  NOT NULL,
    recorded_at BIGINT  NOT NULL,
    PRIMARY KEY (round_id, account_id, item)
);

-- 采集状态: how the last look at an account's source went, and since when it goes like that.
CREATE TABLE source_health (
    account_id TEXT   NOT NULL PRIMARY KEY REFERENCES account (account_id),
    state      TEXT   NOT NULL,
    reason     TEXT   NOT NULL,
    sentence   TEXT   NOT NULL,
    since      BIGINT NOT NULL,
    looked_at  BIGINT NOT NULL
);
CREATE INDEX source_health_trouble ON source_health (since, account_id) WHERE state <> 'working';

-- Why: the first schema. Everything from the registry to the outbox, so that one transaction
-- can change a state, append its event and write its notices.
-- Instants are milliseconds since 1970 UTC; civil dates are ISO text; *_json is JSON text.

CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- 基本信息库
CREATE TABLE account (
    account_id            TEXT    NOT NULL PRIMARY KEY,
    name                  TEXT    NOT NULL,
    platform              TEXT    NOT NULL,
    unit                  TEXT    NOT NULL,
    unit_tier             TEXT,
    supervising_unit      TEXT,
    represents_government BOOLEAN NOT NULL,
    status                TEXT    NOT NULL,
    filing_no             TEXT,
    opened_on             TEXT,
    followers             BIGINT,
    certified_subject     TEXT,
    admin                 TEXT,
    admin_contact         TEXT,
    source                TEXT,
    source_url            TEXT,
    source_options_json   TEXT    NOT NULL,
    service_links_json    TEXT    NOT NULL,
    extra_json            TEXT    NOT NULL,
    registered_at         BIGINT  NOT NULL,
    updated_at            BIGINT  NOT NULL
);
CREATE INDEX account_unit ON account (unit);

-- 发布审核记录
CREATE TABLE review (
    account_id      TEXT   NOT NULL REFERENCES account (account_id),
    match_key       TEXT   NOT NULL,
    url_key         TEXT,
    title_key       TEXT,
    post_url        TEXT,
    title           TEXT,
    first_reviewer  TEXT,
    first_at        BIGINT,
    second_reviewer TEXT,
    second_at       BIGINT,
    final_reviewer  TEXT,
    final_at        BIGINT,
    imported_at     BIGINT NOT NULL,
    PRIMARY KEY (account_id, match_key)
);

-- 检查批次
CREATE TABLE round (
    id           INTEGER NOT NULL PRIMARY KEY,
    name         TEXT    NOT NULL UNIQUE,
    kind         TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    as_of        BIGINT  NOT NULL,
    ratio        TEXT    NOT NULL,
    rotation     TEXT,
    seed         TEXT,
    strata_json  TEXT    NOT NULL,
    frame_size   BIGINT  NOT NULL,
    frame_sha256 TEXT    NOT NULL,
    rehearsal    BOOLEAN NOT NULL,
    notify       BOOLEAN NOT NULL,
    frozen_at    BIGINT  NOT NULL,
    opened_at    BIGINT,
    judged_at    BIGINT,
    closed_at    BIGINT
);

-- 抽样框; top_up is NULL for the rows frozen at first, else the number of the top-up draw
CREATE TABLE frame (
    round_id        BIGINT  NOT NULL REFERENCES round (id),
    account_id      TEXT    NOT NULL REFERENCES account (account_id),
    stratum         TEXT    NOT NULL,
    drawn_this_year BOOLEAN NOT NULL,
    always          TEXT,
    top_up          BIGINT,
    PRIMARY KEY (round_id, account_id)
);

CREATE TABLE top_up (
    round_id    BIGINT NOT NULL REFERENCES round (id),
    number      BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    strata_json TEXT   NOT NULL,
    PRIMARY KEY (round_id, number)
);

-- A member is also the unit of work: claimed under a lease, finished once.
CREATE TABLE member (
    id          INTEGER NOT NULL PRIMARY KEY,
    round_id    BIGINT  NOT NULL REFERENCES round (id),
    account_id  TEXT    NOT NULL REFERENCES account (account_id),
    stratum     TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    ticket      TEXT    NOT NULL,
    looked_at   BIGINT,
    newest_at   BIGINT,
    owner       TEXT,
    lease_until BIGINT,
    UNIQUE (round_id, account_id)
);
CREATE INDEX member_to_look_at ON member (round_id, id) WHERE looked_at IS NULL;
CREATE INDEX member_account ON member (account_id);

-- What was seen, apart from what was made of it.
CREATE TABLE observation (
    id         INTEGER NOT NULL PRIMARY KEY,
    round_id   BIGINT  NOT NULL REFERENCES round (id),
    account_id TEXT    NOT NULL REFERENCES account (account_id),
    at         BIGINT  NOT NULL,
    data_json  TEXT    NOT NULL
);
CREATE INDEX observation_account ON observation (round_id, account_id);

-- 发现
CREATE TABLE finding (
    id            INTEGER NOT NULL PRIMARY KEY,
    round_id      BIGINT  NOT NULL REFERENCES round (id),
    account_id    TEXT    NOT NULL REFERENCES account (account_id),
    indicator     TEXT    NOT NULL,
    subject       TEXT    NOT NULL,
    class         TEXT    NOT NULL,
    outcome       TEXT    NOT NULL,
    reason        TEXT    NOT NULL,
    summary       TEXT    NOT NULL,
    as_of         BIGINT  NOT NULL,
    observed_at   BIGINT  NOT NULL,
    newest_at     BIGINT,
    rule_json     TEXT    NOT NULL,
    evidence_json TEXT    NOT NULL,
    looks         BIGINT  NOT NULL,
    next_look_at  BIGINT,
    decided_at    BIGINT,
    decided_by    TEXT,
    UNIQUE (round_id, account_id, indicator, subject)
);
CREATE INDEX finding_doubtful ON finding (next_look_at) WHERE next_look_at IS NOT NULL;
CREATE INDEX finding_outcome ON finding (round_id, outcome);
CREATE INDEX finding_round ON finding (round_id, id);
CREATE INDEX finding_account ON finding (account_id, indicator);
CREATE INDEX finding_suspected ON finding (account_id, indicator, subject) WHERE outcome = 'suspected';

-- 问题; family joins indicators that are one defect (stale and zombie)
CREATE TABLE issue (
    id              INTEGER NOT NULL PRIMARY KEY,
    round_id        BIGINT  NOT NULL REFERENCES round (id),
    account_id      TEXT    NOT NULL REFERENCES account (account_id),
    unit            TEXT    NOT NULL,
    family          TEXT    NOT NULL,
    indicator       TEXT    NOT NULL,
    subject         TEXT    NOT NULL,
    class           TEXT    NOT NULL,
    status          TEXT    NOT NULL,
    summary         TEXT    NOT NULL,
    as_of           BIGINT  NOT NULL,
    rule_json       TEXT    NOT NULL,
    evidence_json   TEXT    NOT NULL,
    opened_at       BIGINT  NOT NULL,
    notified_at     BIGINT,
    due_at          BIGINT,
    due_provisional BOOLEAN NOT NULL,
    before_appeal   TEXT,
    stopped_at      BIGINT,
    requested_until BIGINT,
    acknowledged_at BIGINT,
    rectified_at    BIGINT,
    closed_at       BIGINT,
    recheck_at      BIGINT,
    remind_at       BIGINT,
    UNIQUE (account_id, family, subject)
);
CREATE INDEX issue_unit ON issue (unit, status);
CREATE INDEX issue_due ON issue (due_at) WHERE closed_at IS NULL;
CREATE INDEX issue_recheck ON issue (recheck_at) WHERE recheck_at IS NOT NULL;

CREATE TABLE issue_round (
    issue_id   BIGINT NOT NULL REFERENCES issue (id),
    round_id   BIGINT NOT NULL REFERENCES round (id),
    finding_id BIGINT NOT NULL REFERENCES finding (id),
    PRIMARY KEY (issue_id, round_id)
);
CREATE INDEX issue_round_round ON issue_round (round_id);
CREATE INDEX issue_round_finding ON issue_round (finding_id);

-- Everything that happened, each row chained to the one before it by its hash.
CREATE TABLE event (
    id           INTEGER NOT NULL PRIMARY KEY,
    at           BIGINT  NOT NULL,
    actor        TEXT    NOT NULL,
    subject_kind TEXT    NOT NULL,
    subject_id   TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    note         TEXT    NOT NULL,
    data_json    TEXT    NOT NULL,
    prev_hash    TEXT    NOT NULL,
    hash         TEXT    NOT NULL UNIQUE
);
CREATE INDEX event_subject ON event (subject_kind, subject_id, id);
CREATE TRIGGER event_is_never_updated BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'events are never removed'); END;

-- Where messages go. retired_at: the channel refused for good.
CREATE TABLE chat (
    id           INTEGER NOT NULL PRIMARY KEY,
    channel      TEXT    NOT NULL,
    address      TEXT    NOT NULL,
    is_group     BOOLEAN NOT NULL,
    lang         TEXT    NOT NULL,
    next_send_at BIGINT  NOT NULL,
    retired_at   BIGINT,
    retired_why  TEXT,
    UNIQUE (channel, address)
);

CREATE TABLE person (
    id         INTEGER NOT NULL PRIMARY KEY,
    role       TEXT    NOT NULL,
    unit       TEXT,
    name       TEXT    NOT NULL,
    user_key   TEXT    NOT NULL,
    chat_id    BIGINT  NOT NULL REFERENCES chat (id),
    bound_at   BIGINT  NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX person_user ON person (user_key);

CREATE TABLE invite (
    code_sha256 TEXT   NOT NULL PRIMARY KEY,
    role        TEXT   NOT NULL,
    unit        TEXT,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    used_at     BIGINT,
    used_by     BIGINT REFERENCES person (id)
);

-- 通知: what is said to whom; its deliveries are the outbox, one row a chat.
CREATE TABLE notice (
    id           INTEGER NOT NULL PRIMARY KEY,
    number       TEXT    NOT NULL UNIQUE,
    kind         TEXT    NOT NULL,
    unit         TEXT,
    round_id     BIGINT  REFERENCES round (id),
    body_json    TEXT    NOT NULL,
    urgent       BOOLEAN NOT NULL,
    dedup_key    TEXT    NOT NULL UNIQUE,
    created_at   BIGINT  NOT NULL,
    delivered_at BIGINT
);
CREATE INDEX notice_undelivered ON notice (unit) WHERE delivered_at IS NULL;

CREATE TABLE notice_issue (
    notice_id BIGINT NOT NULL REFERENCES notice (id),
    issue_id  BIGINT NOT NULL REFERENCES issue (id),
    PRIMARY KEY (notice_id, issue_id)
);
CREATE INDEX notice_issue_issue ON notice_issue (issue_id);

CREATE TABLE delivery (
    id          INTEGER NOT NULL PRIMARY KEY,
    notice_id   BIGINT  NOT NULL REFERENCES notice (id),
    chat_id     BIGINT  NOT NULL REFERENCES chat (id),
    status      TEXT    NOT NULL,
    due_at      BIGINT  NOT NULL,
    lease_until BIGINT,
    attempts    BIGINT  NOT NULL,
    message_id  TEXT,
    sent_at     BIGINT,
    last_error  TEXT,
    UNIQUE (notice_id, chat_id)
);
CREATE INDEX delivery_chat ON delivery (chat_id, id);
CREATE INDEX delivery_sent ON delivery (sent_at) WHERE sent_at IS NOT NULL;
CREATE INDEX delivery_due ON delivery (due_at) WHERE status IN ('queued', 'sending');

CREATE TABLE attempt (
    id          INTEGER NOT NULL PRIMARY KEY,
    delivery_id BIGINT  NOT NULL REFERENCES delivery (id),
    started_at  BIGINT  NOT NULL,
    ended_at    BIGINT,
    outcome     TEXT,
    error       TEXT
);
CREATE INDEX attempt_delivery ON attempt (delivery_id);

-- A scheduled run is a row with a unique slot.
CREATE TABLE slot (
    job        TEXT   NOT NULL,
    slot_at    BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    lease_until BIGINT,
    done_at    BIGINT,
    note       TEXT   NOT NULL,
    PRIMARY KEY (job, slot_at)
);

CREATE TABLE seen_update (
    update_id BIGINT NOT NULL PRIMARY KEY,
    at        BIGINT NOT NULL
);

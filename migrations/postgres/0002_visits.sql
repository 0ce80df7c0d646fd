-- Why: whether a website can be reached (站点无法访问) is measured by visits over a week, twenty a day or
-- more; no single look can say it. One row a visit; what our own outage explains is kept, but not counted.
CREATE TABLE visit (
    account_id TEXT   NOT NULL REFERENCES account (account_id),
    at         BIGINT NOT NULL,
    url        TEXT   NOT NULL,
    outcome    TEXT   NOT NULL,
    reason     TEXT   NOT NULL,
    status     BIGINT,
    elapsed_ms BIGINT NOT NULL,
    PRIMARY KEY (account_id, at)
);
CREATE INDEX visit_at ON visit (at);

-- Why: eight verdicts an account cite a handful of rules, and their wording was a third of what a round stored.

-- 依据: a rule as findings cite it (version, document, clause), each once.
CREATE TABLE cited_rule (
    id        INTEGER NOT NULL PRIMARY KEY,
    rule_json TEXT    NOT NULL UNIQUE
);
INSERT INTO cited_rule (rule_json) SELECT DISTINCT rule_json FROM finding;
ALTER TABLE finding ADD COLUMN rule_id BIGINT REFERENCES cited_rule (id);
UPDATE finding SET rule_id = (SELECT c.id FROM cited_rule c WHERE c.rule_json = finding.rule_json);
ALTER TABLE finding DROP COLUMN rule_json;

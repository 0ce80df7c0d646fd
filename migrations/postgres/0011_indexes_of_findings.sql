-- Why: a round stores eight verdicts an account, nearly all of them "pass", and wrote each into four indexes.
-- What is asked for are the few that did not pass, and those that name a newest post; what an account had over
-- all rounds is found by (round_id, account_id, …), a round at a time.

DROP INDEX finding_account;
DROP INDEX finding_outcome;
CREATE INDEX finding_not_passed ON finding (round_id, outcome) WHERE outcome <> 'pass';
CREATE INDEX finding_dated ON finding (round_id, indicator) WHERE newest_at IS NOT NULL;

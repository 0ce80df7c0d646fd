-- Why: a round stores eight verdicts an account, nearly all of them "pass", and wrote each into five indexes.
-- What an account had over all rounds is found by (round_id, account_id, …), a round at a time.

DROP INDEX finding_account;
DROP INDEX finding_outcome;
CREATE INDEX finding_not_passed ON finding (round_id, outcome, indicator) WHERE outcome <> 'pass';

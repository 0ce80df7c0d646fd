-- Why: every run reads what people have decided, so that nobody is asked the same question twice;
-- of millions of findings these are few.
CREATE INDEX finding_decided ON finding (account_id) WHERE decided_at IS NOT NULL;

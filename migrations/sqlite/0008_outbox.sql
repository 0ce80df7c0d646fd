-- Why: a claim looks for what is open in a chat, and counts the tries of the last second; both looks
-- would grow with every message ever sent.
CREATE INDEX delivery_open ON delivery (chat_id, id) WHERE status IN ('queued', 'sending');
CREATE INDEX attempt_started ON attempt (started_at);

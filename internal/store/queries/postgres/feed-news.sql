-- For: Reads whether there are events without a position, and the last position there is.
-- Runs: events, while a caller waits; publishing to a topic, while it waits
SELECT EXISTS (SELECT 1 FROM outbox WHERE position IS NULL), (SELECT max(position) FROM outbox)

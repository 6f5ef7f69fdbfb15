-- For: Finds out whether any event has no position yet, and the last position given.
-- Runs: events, while a caller waits; publishing to a topic, while it waits
SELECT EXISTS (SELECT 1 FROM outbox WHERE position IS NULL), (SELECT max(position) FROM outbox)

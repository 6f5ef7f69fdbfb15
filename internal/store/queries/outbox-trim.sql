-- For: Drops events that are past their retention.
-- Runs: every minute, until nothing is left to drop
-- Sample: 10
DELETE FROM outbox WHERE position <= $1

-- For: Deletes events up to a position.
-- Runs: every minute, until nothing is left to drop
-- Sample: 10
DELETE FROM outbox WHERE position <= $1

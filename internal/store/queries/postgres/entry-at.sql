-- For: Reads the hash of one entry of the access log.
-- Runs: access-log entry, after a lost connection
-- Sample: 3, 1000
-- Note: It shows whether a transaction whose outcome is unknown was committed.
SELECT hash FROM audit WHERE lane = $1 AND seq = $2

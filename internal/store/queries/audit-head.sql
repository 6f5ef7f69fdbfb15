-- For: Reads the last entry of a lane of the access log.
-- Runs: start, before the first entry; access-log entry, after another process took its position; backup; restore
-- Sample: 3
SELECT seq, hash FROM audit WHERE lane = $1 ORDER BY seq DESC LIMIT 1

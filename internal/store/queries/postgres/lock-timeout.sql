-- For: Sets how long statements wait for a lock, for one transaction or for the session.
-- Runs: change, or another write, after a lock was in the way; import; every minute, before events are dropped
-- Sample: '50ms', true
SELECT set_config('lock_timeout', $1, $2)

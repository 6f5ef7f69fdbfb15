-- For: Makes the statements of a session wait for a lock as long as they did at first.
-- Runs: change, or another write, after a lock was in the way
RESET lock_timeout

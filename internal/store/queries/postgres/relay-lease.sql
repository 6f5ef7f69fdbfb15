-- For: Leases the publishing of events for as long as the connection lives, unless another process has it.
-- Runs: publishing to a topic
-- Sample: 1703
SELECT pg_try_advisory_lock($1, 0)

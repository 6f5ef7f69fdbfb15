-- For: Leases the publishing of events, unless another process has it, for as long as the connection lives.
-- Runs: publishing to a topic
-- Sample: 1703
SELECT pg_try_advisory_lock($1, 0)

-- For: Lets one transaction at a time number or drop events.
-- Runs: events; publishing to a topic; every minute, before events are dropped
-- Sample: 1701
SELECT pg_advisory_xact_lock($1, 0)

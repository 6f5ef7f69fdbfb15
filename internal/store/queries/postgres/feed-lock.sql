-- Lets one transaction at a time number or drop events.
SELECT pg_advisory_xact_lock($1, 0)

-- For: Reads the database's clock, in microseconds since 1970.
-- Runs: every minute, before anything that has expired is deleted
SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint

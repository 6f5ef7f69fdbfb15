-- For: Counts the sessions of servers and of other commands.
-- Runs: finish-restore
-- Sample: '{equality-api}'
-- Note: The sessions of finish-restore have a different name.
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = ANY ($1)

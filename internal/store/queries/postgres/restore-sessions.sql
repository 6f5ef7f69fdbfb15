-- How many sessions of servers, or of other commands, the database has; those of finish-restore have another name.
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = ANY ($1)

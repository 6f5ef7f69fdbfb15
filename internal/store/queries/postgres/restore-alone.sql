-- For: Keeps a server that starts from reading what belongs to the database as a whole until a restore is finished.
-- Runs: finish-restore
LOCK TABLE meta IN ACCESS EXCLUSIVE MODE

-- For: Stops a starting server from reading the values of the whole database until a restore is finished.
-- Runs: finish-restore
LOCK TABLE meta IN ACCESS EXCLUSIVE MODE

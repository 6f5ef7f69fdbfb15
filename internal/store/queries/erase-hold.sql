-- For: Keeps others from changing a record while it is erased, if it is still at the expected version.
-- Runs: erasure
-- Sample: 7, 3
UPDATE record SET version = version WHERE number = $1 AND version = $2

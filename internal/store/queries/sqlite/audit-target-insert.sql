-- For: Adds one of the records that an entry about several of them touched.
-- Runs: access-log entry, for each record where it is about several
-- Sample: 3, 1001, 0, '80000000-0000-4000-8000-000000000000'
INSERT INTO audit_target (lane, seq, place, record) VALUES ($1, $2, $3, $4)

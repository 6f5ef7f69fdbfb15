-- For: Reads the records of entries about several records, after one entry and up to another.
-- Runs: audit verify
-- Sample: 3, 1000, 3, 2000
SELECT lane, seq, record FROM audit_target WHERE (lane, seq) > ($1, $2) AND (lane, seq) <= ($3, $4)
ORDER BY lane, seq, place

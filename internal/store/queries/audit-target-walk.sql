-- For: Reads the records of entries about several records, after one entry and up to another.
-- Runs: audit verify
-- Sample: 3, 1000, 3, 2000
SELECT lane, seq, record FROM audit_target WHERE (lane, seq) > (CAST($1 AS BIGINT), $2) AND (lane, seq) <= (CAST($3 AS BIGINT), $4)
ORDER BY lane, seq, place

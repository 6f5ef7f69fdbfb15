-- For: Reads a part of the National Insurance number index, from one place on, with the people of the numbers that
--   several records have.
-- Runs: duplicates
-- Sample: '\x0a0b', 7, 1000
SELECT page.keyed_hash, page.record, (
    SELECT r.target FROM record r WHERE r.number = page.record AND r.merged = 0
    AND EXISTS (SELECT 1 FROM nino_index o WHERE o.keyed_hash = page.keyed_hash AND o.record <> page.record))
FROM (SELECT keyed_hash, record FROM nino_index WHERE (keyed_hash, record) >= ($1, $2) ORDER BY keyed_hash, record LIMIT $3) AS page
ORDER BY page.keyed_hash, page.record

-- For: Counts the ids that lead to a record that does not have them.
-- Runs: audit verify, with --records
SELECT count(*) FROM identifier i LEFT JOIN record r ON r.number = i.record
WHERE r.number IS NULL OR i.uuid <> r.id AND i.uuid <> r.target

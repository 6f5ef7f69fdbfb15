-- For: Counts the ids that lead to a record that does not have them.
-- Runs: audit verify, with --records
-- Note: An id with record 0 is that of a person who was merged into another, and has no record (verify-hidden).
SELECT count(*) FROM identifier i LEFT JOIN record r ON r.number = i.record
WHERE i.record <> 0 AND r.number IS NULL OR i.uuid <> r.id AND i.uuid <> r.target

-- For: Hides a record whose person has been merged into another, or refuses if it has changed.
-- Runs: merge
-- Sample: 7, 3
-- Note: If the record has moved, the column refuses the NULL.
UPDATE record SET merged = CASE WHEN version = $2 AND merged = 0 THEN 1 END WHERE number = $1

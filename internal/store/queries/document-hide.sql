-- For: Hides the entry of a person who has been merged into another, or refuses if it has changed.
-- Runs: merge
-- Sample: 2, '80000000-0000-4000-8000-000000000001', 3, '', 4
-- Note: If the entry has moved, the column refuses the NULL.
UPDATE document SET merged = CASE WHEN version = $5 AND merged = 0 THEN 1 END
WHERE owner_kind = $1 AND owner = $2 AND kind = $3 AND name = $4

-- For: Takes ids back from records that are about to be judged again.
-- Runs: import, if others take ids meanwhile
-- Sample: '{80000000-0000-4000-8000-000000000000,80000000-0000-4000-8000-000000000001}'
DELETE FROM identifier WHERE uuid = ANY ($1)

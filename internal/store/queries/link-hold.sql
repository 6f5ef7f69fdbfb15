-- For: Refuses, if a person has been merged into another, to write the first version of the entry.
-- Runs: create, of a document that is not a record
-- Sample: '80000000-0000-4000-8000-000000000001'
-- Note: It also keeps a merge of the person waiting. If the link is in force, the column refuses the NULL.
UPDATE document SET merged = CASE WHEN merged = 0 THEN 0 END WHERE owner_kind = 2 AND owner = $1 AND kind = 4 AND name = ''

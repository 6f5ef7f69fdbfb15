-- For: Adds a document whose owner was found to have none.
-- Runs: import, of people
-- Sample: 2, '80000000-0000-4000-8000-000000000000', 3, '', 0, 1790000000000000, '\x0102'
INSERT INTO document (owner_kind, owner, kind, name, version, modified, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7)

-- For: Reads the current entries in the directory of many people, with their keys.
-- Runs: list, with people
-- Sample: '{80000000-0000-4000-8000-000000000000,80000000-0000-4000-8000-000000000001}'
-- Note: The ids come from a subquery so that the planner does not see how many there are: it would plan again each time.
SELECT d.owner, d.version, d.modified, d.sealed, k.wrapped
FROM unnest((SELECT $1::uuid[])) AS asked (owner)
JOIN document d ON d.owner_kind = 2 AND d.owner = asked.owner AND d.kind = 3 AND d.name = ''
LEFT JOIN owner_key k ON k.kind = d.owner_kind AND k.owner = d.owner

-- For: Reads the current entries in the directory of many people, with their keys, and whether they were erased (their
--   entry, or their record, and they have no other), or are hidden by a merge, and whether their id is that of another person's record.
-- Runs: search; import, of people
-- Sample: '{80000000-0000-4000-8000-000000000000,80000000-0000-4000-8000-000000000001}'
-- Note: There is a row for each id. They come from a subquery so that the planner does not see how many there are: it
--   would plan again each time.
SELECT asked.person, coalesce(d.version, 0), coalesce(d.modified, 0), d.sealed, k.wrapped,
    d.owner IS NULL AND (EXISTS (SELECT 1 FROM tombstone WHERE kind = 2 AND id = asked.person)
        OR EXISTS (SELECT 1 FROM tombstone WHERE kind = 1 AND target = asked.person)
            AND NOT EXISTS (SELECT 1 FROM identifier WHERE uuid = asked.person)),
    coalesce(d.merged, (SELECT merged FROM document WHERE owner_kind = 2 AND owner = asked.person AND kind = 4 AND name = ''), 0),
    EXISTS (SELECT 1 FROM identifier i JOIN record r ON r.number = i.record WHERE i.uuid = asked.person AND r.target <> asked.person)
FROM unnest((SELECT $1::uuid[])) AS asked (person)
LEFT JOIN document d ON d.owner_kind = 2 AND d.owner = asked.person AND d.kind = 3 AND d.name = ''
LEFT JOIN owner_key k ON k.kind = 2 AND k.owner = asked.person

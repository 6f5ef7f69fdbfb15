-- For: Reads the current entries in the directory of many people, with their keys, and whether they were erased (their
--   entry, or their record, and they have no other), or are hidden by a merge, and whether their id is that of another person's record.
-- Runs: search; import, of people
-- Sample: '["80000000000040008000000000000000","80000000000040008000000000000001"]'
-- Note: The ids are a JSON list of hexadecimal digits, so that any number of them is one parameter. There is a row for
--   each.
SELECT unhex(asked.value), coalesce(d.version, 0), coalesce(d.modified, 0), d.sealed, k.wrapped,
    d.owner IS NULL AND (EXISTS (SELECT 1 FROM tombstone WHERE kind = 2 AND id = unhex(asked.value))
        OR EXISTS (SELECT 1 FROM tombstone WHERE kind = 1 AND target = unhex(asked.value))
            AND NOT EXISTS (SELECT 1 FROM identifier WHERE uuid = unhex(asked.value))),
    coalesce(d.merged, (SELECT merged FROM document WHERE owner_kind = 2 AND owner = unhex(asked.value) AND kind = 4 AND name = ''), 0),
    EXISTS (SELECT 1 FROM identifier i JOIN record r ON r.number = i.record WHERE i.uuid = unhex(asked.value) AND r.target <> unhex(asked.value))
FROM json_each($1) AS asked
LEFT JOIN document d ON d.owner_kind = 2 AND d.owner = unhex(asked.value) AND d.kind = 3 AND d.name = ''
LEFT JOIN owner_key k ON k.kind = 2 AND k.owner = unhex(asked.value)

-- For: Reads the current versions of the records that ids lead to, their own ids or their targets'.
-- Runs: read; history; create, if it conflicts; change; import, for existing records;
--   publishing to a topic, for each event
-- Sample: '{80000000-0000-4000-8000-000000000000,80000000-0000-4000-8000-000000000001}'
-- Note: Several reads share one statement. The ids come from a subquery so that the planner does not see how many
--   there are: it would plan again each time.
SELECT i.uuid, r.number, r.id, r.target, r.version, r.modified, r.sealed, k.wrapped,
    coalesce(r.merged, CASE i.record WHEN 0 THEN 1 ELSE 0 END)
FROM unnest((SELECT $1::uuid[])) AS asked (uuid)
JOIN identifier i ON i.uuid = asked.uuid
LEFT JOIN record r ON r.number = i.record
LEFT JOIN data_key k ON k.record = r.number

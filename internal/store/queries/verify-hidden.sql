-- For: Reads which people are hidden behind a merge, and who is not although the link is in force.
-- Runs: audit verify, with --records
SELECT target, 0 FROM record WHERE merged <> 0
UNION ALL SELECT uuid, 0 FROM identifier WHERE record = 0
UNION ALL SELECT owner, CASE WHEN owner_kind <> 2 THEN 3 WHEN kind = 3 THEN 0 WHEN kind = 4 THEN 1 ELSE 3 END FROM document WHERE merged <> 0
UNION ALL SELECT l.owner, 2 FROM document l
    LEFT JOIN identifier i ON i.uuid = l.owner LEFT JOIN record r ON r.number = i.record
    WHERE l.owner_kind = 2 AND l.kind = 4 AND l.merged <> 0 AND coalesce(r.merged, CASE i.record WHEN 0 THEN 1 ELSE 0 END) = 0
UNION ALL SELECT l.owner, 2 FROM document l
    JOIN document d ON d.owner_kind = 2 AND d.owner = l.owner AND d.kind = 3 AND d.name = '' AND d.merged = 0
    WHERE l.owner_kind = 2 AND l.kind = 4 AND l.merged <> 0

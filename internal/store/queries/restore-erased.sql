-- For: Lists the tombstones of what was erased after the backup: the record, or the entry in the directory, was restored,
--   or the restored access log has no entry for its erasure.
-- Runs: restore; finish-restore
-- Note: With each comes the number of the record, or how many documents the person has, and the time of the last entry of
--   the restored log, which an erasure after the backup is later than. An entry that came after an erasure has a later
--   version, and stays.
SELECT CASE t.kind WHEN 1 THEN coalesce(r.number, 0)
        ELSE (SELECT count(*) FROM document d WHERE d.owner_kind = t.kind AND d.owner = t.id AND d.version <= t.version) END AS restored,
    (SELECT max(ended.at) FROM audit AS ended WHERE (ended.lane, ended.seq) IN (SELECT lane, max(seq) FROM audit AS lanes GROUP BY lane)),
    t.kind, t.id, coalesce(t.target, t.id), t.version, t.at, t.reason, t.by, t.mac
FROM tombstone t LEFT JOIN record r ON t.kind = 1 AND r.id = t.id
WHERE r.number IS NOT NULL
    OR t.kind = 1 AND t.id NOT IN (SELECT record FROM audit WHERE action = 'erase' AND outcome = 'done' AND object <> 'person')
    OR t.kind <> 1 AND (EXISTS (SELECT 1 FROM document d WHERE d.owner_kind = t.kind AND d.owner = t.id AND d.version <= t.version)
        OR (t.id, t.version) NOT IN (SELECT record, version FROM audit WHERE action = 'erase' AND outcome = 'done' AND object = 'person'))
ORDER BY t.at

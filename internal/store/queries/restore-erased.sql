-- For: Lists the tombstones of records that were erased after the backup: the record was restored, or the restored
--   access log has no entry for its erasure.
-- Runs: restore; finish-restore
SELECT coalesce(r.number, 0), t.id, coalesce(t.target, t.id), t.version, t.at, t.reason, t.by, t.mac
FROM tombstone t LEFT JOIN record r ON r.id = t.id
WHERE r.number IS NOT NULL
    OR t.id NOT IN (SELECT record FROM audit WHERE action = 'erase' AND outcome = 'done')
ORDER BY t.at

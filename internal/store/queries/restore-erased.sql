-- For: Lists the tombstones of records that were erased after the backup: the record was restored, or the restored
--   access log has no entry for its erasure.
-- Runs: restore; finish-restore
-- Note: With each comes the time of the last entry of the restored log, which an erasure after the backup is later than.
SELECT coalesce(r.number, 0), (SELECT max(ended.at) FROM audit AS ended WHERE (ended.lane, ended.seq) IN (SELECT lane, max(seq) FROM audit AS lanes GROUP BY lane)), t.kind, t.id, coalesce(t.target, t.id), t.version, t.at, t.reason, t.by, t.mac
FROM tombstone t LEFT JOIN record r ON r.id = t.id
WHERE t.kind = 1 AND (r.number IS NOT NULL
    OR t.id NOT IN (SELECT record FROM audit WHERE action = 'erase' AND outcome = 'done'))
ORDER BY t.at

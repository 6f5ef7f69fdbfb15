-- The records of all entries that are about several, in the order of the log.
SELECT lane, seq, record FROM audit_target ORDER BY lane, seq, place

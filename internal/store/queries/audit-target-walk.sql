-- The records of entries about several, of before format 3, from behind one entry to another, in the order of the log.
SELECT lane, seq, record FROM audit_target WHERE (lane, seq) > ($1, $2) AND (lane, seq) <= ($3, $4)
ORDER BY lane, seq, place

-- The records that entries about several of them touched; parameters are columns, with a value for each record.
INSERT INTO audit_target (lane, seq, place, record)
SELECT ($1::integer[])[n], ($2::bigint[])[n], ($3::integer[])[n], ($4::uuid[])[n]
FROM generate_subscripts($1::integer[], 1) AS n

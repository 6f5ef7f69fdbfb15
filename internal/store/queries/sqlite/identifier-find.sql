-- Which of 16 ids lead to a record, and which were an erased record's or its person's.
SELECT uuid, record FROM identifier
WHERE uuid IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
UNION ALL
SELECT id, 0 FROM tombstone
WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
UNION ALL
SELECT target, 0 FROM tombstone
WHERE target IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)

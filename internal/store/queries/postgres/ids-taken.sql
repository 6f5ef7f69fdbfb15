-- Which of many ids lead to a record, or to the tombstone of an erased one.
SELECT uuid FROM identifier WHERE uuid = ANY ($1) UNION ALL SELECT id FROM tombstone WHERE id = ANY ($1)

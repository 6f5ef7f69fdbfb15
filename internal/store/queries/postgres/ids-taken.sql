-- Which of many ids lead to a record, or to the tombstone of an erased one or of its person.
SELECT uuid FROM identifier WHERE uuid = ANY ($1)
UNION ALL SELECT id FROM tombstone WHERE id = ANY ($1)
UNION ALL SELECT target FROM tombstone WHERE target = ANY ($1)

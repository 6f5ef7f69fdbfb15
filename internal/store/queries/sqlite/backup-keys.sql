-- All data keys, with the ids of their records: a record's number may be given again.
SELECT r.id AS id, k.* FROM data_key k JOIN record r ON r.number = k.record

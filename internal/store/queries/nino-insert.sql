-- For: Adds a record to the National Insurance number index, under the keyed hash of its number.
-- Runs: create, on SQLite if there is a number; change, if the number changed; import, on SQLite for records with a
--   number
-- Sample: '\x0a0b', 7
INSERT INTO nino_index (keyed_hash, record) VALUES ($1, $2)

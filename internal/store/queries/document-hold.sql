-- For: Keeps others from erasing a record while a document of it is written.
-- Runs: change, of a document that a record owns
-- Sample: 7
-- Note: An erasure destroys the key first, so it waits for the write, or the write for it.
UPDATE data_key SET wrapped = wrapped WHERE record = $1

-- For: Removes an erased record from the National Insurance number index, whatever its number was.
-- Runs: restore; finish-restore
-- Sample: 7
-- Note: It reads the whole index.
DELETE FROM nino_index WHERE record = $1

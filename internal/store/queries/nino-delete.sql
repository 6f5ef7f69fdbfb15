-- Takes a record out of the National Insurance number index.
DELETE FROM nino_index WHERE record = $1

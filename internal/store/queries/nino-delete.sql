-- Takes a record out of the National Insurance number index.
DELETE FROM nino_index WHERE keyed_hash = $1 AND record = $2

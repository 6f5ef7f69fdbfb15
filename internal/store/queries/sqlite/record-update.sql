-- Writes the next version in place of the one expected.
UPDATE record SET version = $3, modified = $4, sealed = $5 WHERE number = $1 AND version = $2

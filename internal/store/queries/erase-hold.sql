-- Keeps others from changing a record while it is erased, if it is still at the version expected.
UPDATE record SET version = version WHERE number = $1 AND version = $2

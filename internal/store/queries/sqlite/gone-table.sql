-- For: Makes a list of records to remove, for the time of a restore.
-- Runs: restore
CREATE TEMP TABLE gone (
    number  INTEGER PRIMARY KEY,
    id      BLOB NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    counted INTEGER NOT NULL
)

-- A list of the records to be removed, for the time of a restore.
CREATE TEMP TABLE gone (
    number  INTEGER PRIMARY KEY,
    id      BLOB NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    counted INTEGER NOT NULL
)

-- +goose Up

-- What an import or an export covered, and how many records: one entry tells of all of them.
ALTER TABLE audit ADD COLUMN scope TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN count BIGINT NOT NULL DEFAULT 0;

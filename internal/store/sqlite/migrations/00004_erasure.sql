-- +goose Up

-- An erasure finds the events of a record by their times, which are those of its versions.
CREATE INDEX outbox_at ON outbox (at);

-- For: Reads a record's past versions, newest first, from one version down.
-- Runs: history; change, after a 412 for changedMembers; publishing to a topic
-- Sample: 7, 9223372036854775807, 100
SELECT version, modified, sealed FROM history WHERE record = $1 AND version <= $2 ORDER BY version DESC LIMIT $3

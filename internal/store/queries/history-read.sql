-- A record's past versions, newest first, from one version down.
SELECT version, modified, sealed FROM history WHERE record = $1 AND version <= $2 ORDER BY version DESC LIMIT $3

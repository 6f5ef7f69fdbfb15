-- For: Reads the current entries in the directory of many people, with their keys.
-- Runs: list, with people
-- Sample: '["80000000000040008000000000000000","80000000000040008000000000000001"]'
-- Note: The ids are a JSON list of hexadecimal digits, so that any number of them is one parameter.
SELECT d.owner, d.version, d.modified, d.sealed, k.wrapped
FROM json_each($1) AS asked
CROSS JOIN document d ON d.owner_kind = 2 AND d.owner = unhex(asked.value) AND d.kind = 3 AND d.name = ''
LEFT JOIN owner_key k ON k.kind = d.owner_kind AND k.owner = d.owner

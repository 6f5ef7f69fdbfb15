-- Whether the access log has an entry.
SELECT EXISTS (SELECT 1 FROM audit)

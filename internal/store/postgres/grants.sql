-- What the application's role may do, and no more: it adds to the access log and can neither change nor remove what
-- stands there. The statements are run one by one in a transaction, with the role's name for the word app_role: nobody
-- sees the role without its rights, and of two who give them one waits. A statement ends at a semicolon at the end of a line.
LOCK TABLE goose_db_version IN EXCLUSIVE MODE;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM app_role;
GRANT USAGE ON SCHEMA public TO app_role;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO app_role;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO app_role;
GRANT INSERT ON meta, record, identifier, history, data_key, nino_index, audit, audit_target, outbox, idempotency, tombstone, document, document_history, owner_key TO app_role;
GRANT UPDATE ON record, outbox, idempotency, document TO app_role;
GRANT UPDATE (value) ON meta TO app_role;
GRANT DELETE ON record, identifier, history, data_key, nino_index, outbox, idempotency, document, document_history, owner_key TO app_role;
-- The value that ties the database to its keyset is made once. Only the owner of the table may change it.
CREATE OR REPLACE FUNCTION keep_keyset_check() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN IF NOT pg_has_role((SELECT relowner FROM pg_class WHERE oid = TG_RELID), ''USAGE'') THEN RAISE insufficient_privilege; END IF; RETURN NEW; END';
CREATE OR REPLACE TRIGGER keep_keyset_check BEFORE UPDATE ON meta FOR EACH ROW WHEN (old.name = 'keyset-check')
EXECUTE FUNCTION keep_keyset_check();

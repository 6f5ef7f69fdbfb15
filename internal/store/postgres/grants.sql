-- What the application's role may do, and no more: it adds to the access log and can neither change nor remove what
-- stands there. The statements are run one by one in a transaction, with the role's name for the word app_role: nobody
-- sees the role without its rights, and of two who give them one waits.
LOCK TABLE goose_db_version IN EXCLUSIVE MODE;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM app_role;
GRANT USAGE ON SCHEMA public TO app_role;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO app_role;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO app_role;
GRANT INSERT ON meta, record, identifier, history, data_key, nino_index, audit, audit_target, outbox, idempotency, tombstone, document, document_history, owner_key TO app_role;
GRANT UPDATE ON meta, record, data_key, outbox, idempotency, document, owner_key TO app_role;
GRANT DELETE ON record, identifier, history, data_key, nino_index, outbox, idempotency, document, document_history, owner_key TO app_role;

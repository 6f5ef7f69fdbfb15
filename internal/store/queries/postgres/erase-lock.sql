-- For: Keeps others from writing records and documents, and from numbering the feed, while a record is erased.
-- Runs: erasure
-- Note: Reads go on. A write that waits here then sees the tombstone; without the lock it would go by what it saw before
--   it waited for a row. The history comes before the documents, as in a change. It is in a block because a batch is not a
--   transaction block.
DO 'BEGIN LOCK TABLE record, document_history, document, outbox IN SHARE ROW EXCLUSIVE MODE; END'

DELETE FROM data_exports WHERE chat_id IS NOT NULL;
DROP INDEX data_exports_unfinished_idx;
CREATE UNIQUE INDEX data_exports_unfinished_idx ON data_exports (user_id) WHERE state IN ('waiting', 'running');
ALTER TABLE data_exports DROP COLUMN chat_id;
ALTER TABLE chats DROP COLUMN export_allowed;

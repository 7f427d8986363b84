DROP TABLE message_versions;
ALTER TABLE messages DROP COLUMN edit_id, DROP COLUMN edited_at;
ALTER TABLE chats DROP COLUMN edit_window;

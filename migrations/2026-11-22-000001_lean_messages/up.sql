-- A check of a foreign key locks the row that it refers to, once for each message. Chats are locked by whoever posts
-- into them anyway, and rows of users are never removed.
ALTER TABLE messages DROP CONSTRAINT messages_chat_id_fkey, DROP CONSTRAINT messages_user_id_fkey;

-- A message that never changed is found by its place.
CREATE INDEX messages_changed_idx ON messages (chat_id, revision) WHERE revision <> seq;
DROP INDEX messages_revision_idx;

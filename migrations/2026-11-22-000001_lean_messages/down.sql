CREATE INDEX messages_revision_idx ON messages (chat_id, revision);
DROP INDEX messages_changed_idx;
ALTER TABLE messages
    ADD CONSTRAINT messages_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES chats,
    ADD CONSTRAINT messages_user_id_fkey FOREIGN KEY (user_id) REFERENCES users;

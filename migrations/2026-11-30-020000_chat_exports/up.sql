-- Whether all members may export the chat, and not only the owner.
ALTER TABLE chats ADD COLUMN export_allowed boolean NOT NULL DEFAULT false;

-- The exported chat; null for an export of all data of the user.
ALTER TABLE data_exports ADD COLUMN chat_id bigint REFERENCES chats;

-- At most one unfinished export of an account, and per user and chat.
DROP INDEX data_exports_unfinished_idx;
CREATE UNIQUE INDEX data_exports_unfinished_idx ON data_exports (user_id, coalesce(chat_id, 0))
    WHERE state IN ('waiting', 'running');

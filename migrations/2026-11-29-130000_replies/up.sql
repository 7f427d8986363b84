ALTER TABLE chats VALIDATE CONSTRAINT chats_edit_window_check;

-- The `seq` of the message that this one replies to. No foreign key: retention deletes the rows of old messages.
ALTER TABLE messages ADD COLUMN reply_to bigint;

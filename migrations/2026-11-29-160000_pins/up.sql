-- The `seq` of pinned messages, in the order in which they were pinned. Messages that are gone are taken out with the message.
ALTER TABLE chats ADD COLUMN pins bigint[] NOT NULL DEFAULT '{}';

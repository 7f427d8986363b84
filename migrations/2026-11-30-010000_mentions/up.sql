-- Whom a message mentions: the ids of users, and 0 for everyone. Null without mentions.
ALTER TABLE messages ADD COLUMN mentions bigint[];
ALTER TABLE message_versions ADD COLUMN mentions bigint[];

-- For whom a message counts as an unread mention: the users, or 0 alone for everyone, so that it counts once. A row changes
-- with its message, which has the revision. `user_id` has no foreign key because of the 0.
CREATE TABLE message_mentions (
    chat_id bigint NOT NULL,
    seq bigint NOT NULL,
    user_id bigint NOT NULL,
    -- The author of the message, whose own mentions do not count.
    author_id bigint NOT NULL,
    PRIMARY KEY (chat_id, seq, user_id),
    FOREIGN KEY (chat_id, seq) REFERENCES messages (chat_id, seq) ON DELETE CASCADE
);
CREATE INDEX message_mentions_user_id_index ON message_mentions (chat_id, user_id, seq) INCLUDE (author_id);

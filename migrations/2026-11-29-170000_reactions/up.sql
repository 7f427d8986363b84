-- Who reacted to which message with which emoji. The number of the change gives their order.
CREATE TABLE message_reactions (
    chat_id bigint NOT NULL,
    seq bigint NOT NULL,
    emoji text NOT NULL,
    user_id bigint NOT NULL REFERENCES users,
    revision bigint NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (chat_id, seq, emoji, user_id),
    FOREIGN KEY (chat_id, seq) REFERENCES messages (chat_id, seq) ON DELETE CASCADE
);
-- The reactions of one user to one message, and for the export in one chat.
CREATE INDEX message_reactions_user_id_index ON message_reactions (user_id, chat_id, seq);

-- What clients show of them, so that pages and changes need no join: `[{"emoji": "👍", "count": 30, "users": [1, 2]}]` with the
-- first users, in the order in which the emoji were first used. Null without reactions.
ALTER TABLE messages ADD COLUMN reactions jsonb;

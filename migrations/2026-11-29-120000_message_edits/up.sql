-- For how long authors may edit their messages.
ALTER TABLE chats ADD COLUMN edit_window text NOT NULL DEFAULT 'always',
    ADD CONSTRAINT chats_edit_window_check CHECK (edit_window IN ('never', '15_minutes', 'always')) NOT VALID;

-- The edit that wrote the present text, chosen by the client so that a retry does not edit twice, and its time. Null if the
-- message was never edited. `text_checksum` is set for edited messages too: it is that of the text as posted.
ALTER TABLE messages ADD COLUMN edit_id uuid, ADD COLUMN edited_at timestamptz;

-- The former texts of edited messages.
CREATE TABLE message_versions (
    chat_id bigint NOT NULL,
    seq bigint NOT NULL,
    -- The sequence number of the edit that replaced this text.
    revision bigint NOT NULL,
    -- The edit that wrote it; null for the text as posted.
    edit_id uuid,
    message text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (chat_id, seq, revision),
    FOREIGN KEY (chat_id, seq) REFERENCES messages (chat_id, seq) ON DELETE CASCADE
);

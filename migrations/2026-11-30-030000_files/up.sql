-- The files of a message as members see them, in their order. Null without files.
ALTER TABLE messages ADD COLUMN files jsonb;

-- Uploaded files. What a message shows is copied to `messages.files`.
CREATE TABLE files (
    -- Chosen by the client.
    id uuid PRIMARY KEY,
    chat_id bigint NOT NULL REFERENCES chats,
    -- The uploader.
    user_id bigint NOT NULL REFERENCES users,
    -- Where the content is stored. Random: no client knows or chooses it.
    object_key uuid NOT NULL,
    name text NOT NULL,
    media_type text NOT NULL,
    -- In bytes, of all that is stored for the file.
    stored_size bigint NOT NULL,
    -- In bytes, of the full rendition.
    size bigint NOT NULL,
    -- In pixels; null unless it is an image.
    width integer,
    height integer,
    -- SHA-256 of the body of the upload, which is not stored if it is an image.
    checksum bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- Whether a message has or had it.
    posted boolean NOT NULL DEFAULT false,
    -- Null before it is posted, and once the message is deleted.
    message_id bigint REFERENCES messages ON DELETE SET NULL
);
CREATE INDEX files_message_id_index ON files (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX files_unused_index ON files (created_at) WHERE message_id IS NULL;
CREATE INDEX files_chat_id_index ON files (chat_id, message_id) INCLUDE (stored_size);
CREATE INDEX files_user_id_index ON files (user_id, message_id) INCLUDE (stored_size);

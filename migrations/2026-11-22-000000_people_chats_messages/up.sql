-- One row: names the state of this database in which the numbers of all chats count.
CREATE TABLE instance (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    epoch uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO instance DEFAULT VALUES;

CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username text NOT NULL,
    -- The username as it is compared: normalised and without case. Null once the account is deleted.
    username_key text CONSTRAINT users_username_key UNIQUE,
    email text NOT NULL DEFAULT '',
    -- A PHC string. Null for whoever cannot sign in with a password.
    password_hash text,
    first_name text NOT NULL DEFAULT '',
    last_name text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);

CREATE TABLE chats (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uri text COLLATE "C" NOT NULL CONSTRAINT chats_uri_key UNIQUE,
    -- Rises by one with every change that members can see, in the transaction that makes the change.
    head bigint NOT NULL,
    revision bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE members (
    chat_id bigint NOT NULL REFERENCES chats,
    user_id bigint NOT NULL REFERENCES users,
    role text NOT NULL CHECK (role IN ('reader', 'writer', 'moderator', 'owner')),
    seq bigint NOT NULL,
    revision bigint NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (chat_id, user_id)
);
CREATE INDEX members_revision_idx ON members (chat_id, revision);
CREATE INDEX members_user_idx ON members (user_id);

CREATE TABLE messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chat_id bigint NOT NULL REFERENCES chats,
    seq bigint NOT NULL,
    revision bigint NOT NULL,
    user_id bigint NOT NULL REFERENCES users,
    client_id uuid NOT NULL,
    message text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT messages_seq_key UNIQUE (chat_id, seq),
    CONSTRAINT messages_client_id_key UNIQUE (chat_id, user_id, client_id)
);
CREATE INDEX messages_revision_idx ON messages (chat_id, revision);

-- The complete schema: accounts, sessions, chats, members, messages, invite links, audit log and data exports.

-- A single row that identifies this database. Sequence numbers are only comparable within one epoch.
CREATE TABLE instance (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    epoch uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO instance DEFAULT VALUES;

CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username text NOT NULL,
    -- The username in the form used for comparisons (NFKC, lower case). Null once the account is deleted.
    username_key text CONSTRAINT users_username_key UNIQUE,
    email text NOT NULL DEFAULT '',
    -- Where password resets are sent if not to `email`: kept when `email` was changed without re-authentication.
    recovery_email text,
    -- PHC string. Null for users without a password.
    password_hash text,
    first_name text NOT NULL DEFAULT '',
    last_name text NOT NULL DEFAULT '',
    -- Shown instead of the username if not empty. Not unique.
    display_name text NOT NULL DEFAULT '',
    -- The id of the user's avatar; empty if there is none.
    avatar text NOT NULL DEFAULT '',
    -- A guest has neither password nor e-mail and is identified by a session alone.
    guest boolean NOT NULL DEFAULT false,
    -- When a guest became an account.
    claimed_at timestamptz,
    -- The WebAuthn user handle.
    passkey_handle uuid CONSTRAINT users_passkey_handle_key UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
-- Finds inactive guests by age.
CREATE INDEX users_guests_idx ON users (created_at) WHERE guest AND deleted_at IS NULL;
CREATE INDEX users_recovery_idx ON users (lower(coalesce(recovery_email, email))) WHERE password_hash IS NOT NULL;

-- Avatars: small JPEG files encoded by the server from the uploaded image.
CREATE TABLE avatars (
    -- Random, so that it cannot be guessed.
    id text COLLATE "C" PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users CONSTRAINT avatars_user_id_key UNIQUE,
    jpeg bytea NOT NULL
);

-- Sign-ins. The claim `sid` of an access token is `sessions.id`.
CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users,
    -- SHA-256 of the current refresh token.
    refresh_hash bytea NOT NULL CONSTRAINT sessions_refresh_key UNIQUE,
    -- When the refresh token was last rotated, and whether the client is known to have received the new one.
    refreshed_at timestamptz,
    refresh_delivered boolean NOT NULL DEFAULT true,
    -- Identifies the browser by a cookie; null if there was none.
    browser_id uuid,
    -- The client as named by its User-Agent header, and its operating system; empty if unknown.
    user_agent text NOT NULL DEFAULT '',
    os text NOT NULL DEFAULT '',
    -- When the user last proved their identity with a password, code or passkey.
    reauthenticated_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
);
CREATE INDEX sessions_user_idx ON sessions (user_id);
CREATE INDEX sessions_browser_idx ON sessions (browser_id);
-- Finds ended sessions by age.
CREATE INDEX sessions_ended_idx ON sessions (ended_at) WHERE ended_at IS NOT NULL;

-- Rotated refresh tokens. One that is presented again has been stolen.
CREATE TABLE spent_refresh_tokens (
    refresh_hash bytea PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
    -- The next token is derived from the spent token and this salt.
    salt bytea NOT NULL,
    spent_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX spent_refresh_tokens_session_idx ON spent_refresh_tokens (session_id);

-- Single-use tokens that set a new password.
CREATE TABLE password_resets (
    secret_hash bytea PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX password_resets_user_idx ON password_resets (user_id);

-- When password-reset e-mails were sent: bounds how many a mailbox gets, whatever accounts name it. Kept for an hour.
CREATE TABLE password_reset_emails (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- SHA-256 of the address in lower case.
    mailbox_hash bytea NOT NULL,
    sent_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX password_reset_emails_mailbox_idx ON password_reset_emails (mailbox_hash, sent_at);

-- TOTP secrets.
CREATE TABLE second_factors (
    user_id bigint PRIMARY KEY REFERENCES users,
    -- Encrypted with a key that is not stored in the database.
    encrypted_secret bytea NOT NULL,
    -- Null while set-up is incomplete: no code has been verified yet.
    confirmed_at timestamptz,
    -- The TOTP time step of the last accepted code. No step is accepted twice.
    last_step bigint NOT NULL DEFAULT 0
);

-- Single-use substitutes for a TOTP code.
CREATE TABLE recovery_codes (
    user_id bigint NOT NULL REFERENCES users,
    code_hash bytea NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);

CREATE TABLE passkeys (
    id uuid PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users,
    -- The WebAuthn credential id.
    credential_id bytea NOT NULL CONSTRAINT passkeys_credential_id_key UNIQUE,
    -- Public key and signature counter.
    credential jsonb NOT NULL,
    label text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz
);
CREATE INDEX passkeys_user_idx ON passkeys (user_id);

CREATE TABLE chats (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uri text COLLATE "C" NOT NULL CONSTRAINT chats_uri_key UNIQUE,
    -- The sequence number of the last change. Every change visible to members increments it in its own transaction.
    head bigint NOT NULL,
    -- The sequence number of the last change of the settings.
    revision bigint NOT NULL,
    name text NOT NULL DEFAULT '',
    topic text NOT NULL DEFAULT '',
    -- Read-only.
    closed boolean NOT NULL DEFAULT false,
    -- Whether the page URL admits new members.
    link_open boolean NOT NULL DEFAULT true,
    guests_allowed boolean NOT NULL DEFAULT true,
    approval_required boolean NOT NULL DEFAULT false,
    -- Minimum number of seconds between two messages of one writer.
    slow_mode_seconds int NOT NULL DEFAULT 0 CHECK (slow_mode_seconds >= 0),
    -- Messages older than this are deleted; null keeps them.
    retention_days int CHECK (retention_days > 0),
    -- Messages with a lower `seq` have expired.
    first_retained_seq bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    -- Set when the chat is deleted; its rows are removed in the background,
    deleted_at timestamptz,
    -- and this is set once only the audit log is left.
    purged boolean NOT NULL DEFAULT false
);
CREATE INDEX chats_retention_idx ON chats (id) WHERE retention_days IS NOT NULL;
CREATE INDEX chats_first_retained_seq_idx ON chats (id) WHERE first_retained_seq > 0;
CREATE INDEX chats_unpurged_idx ON chats (id) WHERE deleted_at IS NOT NULL AND NOT purged;
CREATE INDEX chats_expires_idx ON chats (expires_at) WHERE expires_at IS NOT NULL;

-- URIs that were rotated. They still lead members to the chat and admit no new ones.
CREATE TABLE former_uris (
    uri text COLLATE "C" PRIMARY KEY,
    chat_id bigint NOT NULL REFERENCES chats,
    ended_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX former_uris_chat_idx ON former_uris (chat_id, ended_at);

CREATE TABLE invite_links (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chat_id bigint NOT NULL REFERENCES chats,
    -- SHA-256 of the secret in the invitation URL.
    secret_hash bytea NOT NULL CONSTRAINT invite_links_secret_key UNIQUE,
    label text NOT NULL,
    -- The role of members who join by this link.
    role text NOT NULL CHECK (role IN ('reader', 'writer', 'moderator')),
    created_by bigint NOT NULL REFERENCES users,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    max_uses int CHECK (max_uses > 0),
    uses int NOT NULL DEFAULT 0 CONSTRAINT invite_links_uses_check CHECK (uses <= max_uses),
    revoked_at timestamptz
);
CREATE INDEX invite_links_chat_idx ON invite_links (chat_id);

-- Who has used a link. A user counts once, also after leaving and joining again.
CREATE TABLE invite_link_uses (
    link_id bigint NOT NULL REFERENCES invite_links ON DELETE CASCADE,
    user_id bigint NOT NULL REFERENCES users,
    PRIMARY KEY (link_id, user_id)
);

CREATE TABLE members (
    chat_id bigint NOT NULL REFERENCES chats,
    user_id bigint NOT NULL REFERENCES users,
    role text NOT NULL CHECK (role IN ('reader', 'writer', 'moderator', 'owner')),
    -- Only `member` reads and writes. Rows of former members stay, so that clients learn of the change.
    status text NOT NULL DEFAULT 'member'
        CHECK (status IN ('member', 'pending', 'rejected', 'left', 'removed', 'banned')),
    status_changed_at timestamptz NOT NULL DEFAULT now(),
    -- The highest role that any link gives this user: the role they were last given by hand, or kept when they lost a
    -- higher one. Null is no bound.
    link_role_max text CHECK (link_role_max IN ('reader', 'writer', 'moderator')),
    -- The sequence numbers of the join and of the last change of this row.
    seq bigint NOT NULL,
    revision bigint NOT NULL,
    -- The last sequence number this member has read.
    read_seq bigint NOT NULL DEFAULT 0,
    muted boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (chat_id, user_id)
-- `read_seq` changes often: free space on the page allows heap-only updates.
) WITH (fillfactor = 80);
CREATE INDEX members_revision_idx ON members (chat_id, revision);
CREATE INDEX members_user_idx ON members (user_id);
-- Counts and lists current members in the order in which they joined.
CREATE INDEX members_current_idx ON members (chat_id, seq) INCLUDE (user_id) WHERE status = 'member';
-- Lists the users who wait for approval.
CREATE INDEX members_pending_idx ON members (chat_id, seq) WHERE status = 'pending';
-- Finds chats whose owner deleted their account. An owner who leaves passes the role on first.
CREATE INDEX members_departed_owner_idx ON members (chat_id) WHERE role = 'owner' AND status = 'left';

-- `chat_id` and `user_id` have no foreign keys: checking one locks the referenced row, once for each message. A writer
-- locks the chat anyway, and rows of users are never removed.
CREATE TABLE messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chat_id bigint NOT NULL,
    seq bigint NOT NULL,
    -- The sequence number of the last change of this row; equal to `seq` if it never changed.
    revision bigint NOT NULL,
    user_id bigint NOT NULL,
    -- Chosen by the client, so that a retry is not stored twice.
    client_id uuid NOT NULL,
    message text NOT NULL,
    -- Set for event messages, which have no text.
    event jsonb,
    created_at timestamptz NOT NULL,
    -- Set for deleted messages: the row stays, its text is removed.
    deleted_at timestamptz,
    -- The first 16 bits of a hash of the deleted text: they tell whether a retry has the same text, and do not reveal it.
    text_checksum int,
    CONSTRAINT messages_seq_key UNIQUE (chat_id, seq),
    CONSTRAINT messages_client_id_key UNIQUE (chat_id, user_id, client_id)
);
-- Finds changed messages. Messages that never changed are found by `seq`.
CREATE INDEX messages_changed_idx ON messages (chat_id, revision) WHERE revision <> seq;

-- Moderation actions. Append-only. Users are stored as ids; names are added when an entry is read.
CREATE TABLE audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chat_id bigint NOT NULL REFERENCES chats,
    -- Null if the server acted on the chat's settings.
    user_id bigint REFERENCES users,
    action jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX audit_log_chat_idx ON audit_log (chat_id, id);
CREATE FUNCTION reject_audit_log_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END $$;
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION reject_audit_log_change();

-- Exports of account data and their progress. The ZIP files are in the data folder.
CREATE TABLE data_exports (
    id uuid PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users,
    created_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'ready', 'failed')),
    -- Number of messages written so far, and in total.
    done bigint NOT NULL DEFAULT 0,
    total bigint NOT NULL DEFAULT 0,
    -- Size of the finished file.
    bytes bigint,
    ended_at timestamptz
);
-- At most one unfinished export per user.
CREATE UNIQUE INDEX data_exports_unfinished_idx ON data_exports (user_id) WHERE state IN ('waiting', 'running');
CREATE INDEX data_exports_user_idx ON data_exports (user_id, created_at);

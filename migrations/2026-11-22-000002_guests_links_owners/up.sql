ALTER TABLE users
    -- Empty: the username is shown. Unlike that it need not be unique.
    ADD COLUMN display_name text NOT NULL DEFAULT '',
    -- Has neither password nor e-mail, and is known by a session alone.
    ADD COLUMN guest boolean NOT NULL DEFAULT false,
    -- When a guest became an account.
    ADD COLUMN claimed_at timestamptz;

-- Those who may be gone for good are looked for by their age.
CREATE INDEX users_guests_idx ON users (created_at) WHERE guest AND deleted_at IS NULL;

-- What a sign-in began. A token names it as `sid`.
CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users,
    -- SHA-256 of what its holder shows to get further tokens.
    refresh_hash bytea NOT NULL CONSTRAINT sessions_refresh_key UNIQUE,
    -- The browser it began in, as far as that can be told.
    browser uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
);
CREATE INDEX sessions_user_idx ON sessions (user_id);
CREATE INDEX sessions_browser_idx ON sessions (browser);

ALTER TABLE chats
    ADD COLUMN name text NOT NULL DEFAULT '',
    ADD COLUMN topic text NOT NULL DEFAULT '',
    -- Nobody writes any more.
    ADD COLUMN closed boolean NOT NULL DEFAULT false,
    -- Whom the page URL lets in.
    ADD COLUMN link_open boolean NOT NULL DEFAULT true,
    ADD COLUMN guests boolean NOT NULL DEFAULT true,
    ADD COLUMN approval boolean NOT NULL DEFAULT false,
    -- Seconds between two messages of one writer.
    ADD COLUMN slow_seconds int NOT NULL DEFAULT 0 CHECK (slow_seconds >= 0),
    -- Messages older than this vanish; null keeps them.
    ADD COLUMN retention_days int CHECK (retention_days > 0),
    ADD COLUMN expires_at timestamptz,
    -- Messages below this place have vanished.
    ADD COLUMN kept_from bigint NOT NULL DEFAULT 0,
    -- Only the audit is left of it,
    ADD COLUMN deleted_at timestamptz,
    -- and that is really so: everything else goes in the background.
    ADD COLUMN emptied boolean NOT NULL DEFAULT false;
CREATE INDEX chats_retention_idx ON chats (id) WHERE retention_days IS NOT NULL;
CREATE INDEX chats_kept_from_idx ON chats (id) WHERE kept_from > 0;
CREATE INDEX chats_deleted_idx ON chats (id) WHERE deleted_at IS NOT NULL AND NOT emptied;
CREATE INDEX chats_expires_idx ON chats (expires_at) WHERE expires_at IS NOT NULL;

-- Addresses that a chat had before.
CREATE TABLE former_uris (
    uri text COLLATE "C" PRIMARY KEY,
    chat_id bigint NOT NULL REFERENCES chats,
    ended_at timestamptz NOT NULL DEFAULT now()
);

-- Invitations beside the page URL.
CREATE TABLE links (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chat_id bigint NOT NULL REFERENCES chats,
    -- SHA-256 of what stands in the invitation.
    secret_hash bytea NOT NULL CONSTRAINT links_secret_key UNIQUE,
    label text NOT NULL,
    role text NOT NULL CHECK (role IN ('reader', 'writer', 'moderator')),
    created_by bigint NOT NULL REFERENCES users,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    uses_max int CHECK (uses_max > 0),
    uses int NOT NULL DEFAULT 0 CONSTRAINT links_uses_check CHECK (uses <= uses_max),
    revoked_at timestamptz
);
CREATE INDEX links_chat_idx ON links (chat_id);

ALTER TABLE members
    -- Only who is in reads and writes. Rows stay, so that whoever was away hears of it.
    ADD COLUMN standing text NOT NULL DEFAULT 'in'
        CHECK (standing IN ('in', 'knocking', 'refused', 'left', 'removed', 'banned')),
    -- When they got it.
    ADD COLUMN placed_at timestamptz NOT NULL DEFAULT now(),
    -- By which link they came; null is the page URL.
    ADD COLUMN link_id bigint REFERENCES links,
    -- Up to which place they have read.
    ADD COLUMN read_seq bigint NOT NULL DEFAULT 0,
    ADD COLUMN muted boolean NOT NULL DEFAULT false;
-- Where members have read changes often; room beside a row lets it change without a word to the indexes.
ALTER TABLE members SET (fillfactor = 80);
-- How many are in a chat, and who was first.
CREATE INDEX members_in_idx ON members (chat_id, seq) INCLUDE (user_id) WHERE standing = 'in';
CREATE INDEX members_link_idx ON members (link_id) WHERE link_id IS NOT NULL;

ALTER TABLE messages
    -- What was done, where nothing was said.
    ADD COLUMN event jsonb,
    -- What was said is gone; that something was said is not.
    ADD COLUMN deleted_at timestamptz;

-- Who did what to whom. Nothing here is ever altered.
CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chat_id bigint NOT NULL REFERENCES chats,
    -- Null: the server itself, which keeps the chat's rules.
    user_id bigint REFERENCES users,
    act jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX audit_chat_idx ON audit (chat_id, id);
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is only ever added to';
END $$;
CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

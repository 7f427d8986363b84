-- What makes the codes that somebody needs beside their password.
CREATE TABLE second_factors (
    user_id bigint PRIMARY KEY REFERENCES users,
    -- Sealed by a key that is not in the database.
    sealed_secret bytea NOT NULL,
    -- Null: it was begun, and nobody has shown a code of it yet.
    confirmed_at timestamptz,
    -- The step of time of the last code that was used; none is used twice.
    last_step bigint NOT NULL DEFAULT 0
);

-- What stands in for such a code, once.
CREATE TABLE recovery_codes (
    user_id bigint NOT NULL REFERENCES users,
    code_hash bytea NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);

ALTER TABLE users
    -- By what passkeys know the account, which is nothing else.
    ADD COLUMN passkey_handle uuid CONSTRAINT users_passkey_handle_key UNIQUE;

CREATE TABLE passkeys (
    id uuid PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users,
    -- How the passkey calls itself.
    credential_id bytea NOT NULL CONSTRAINT passkeys_credential_id_key UNIQUE,
    -- Its public key, and how often it was used.
    credential jsonb NOT NULL,
    label text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz
);
CREATE INDEX passkeys_user_idx ON passkeys (user_id);

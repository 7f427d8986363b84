ALTER TABLE users
    -- The name of their picture; empty: they have none.
    ADD COLUMN avatar text NOT NULL DEFAULT '';

-- Pictures of people, as they are sent: small, and made by ourselves from what was uploaded.
CREATE TABLE avatars (
    -- Random: whoever sees somebody knows it, and nobody guesses it.
    id text COLLATE "C" PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users CONSTRAINT avatars_user_id_key UNIQUE,
    jpeg bytea NOT NULL
);

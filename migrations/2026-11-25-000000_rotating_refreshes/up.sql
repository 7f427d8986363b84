ALTER TABLE sessions
    -- What the sign-in came from, as far as that can be told: a browser or a program, and its system.
    ADD COLUMN program text NOT NULL DEFAULT '',
    ADD COLUMN system text NOT NULL DEFAULT '',
    -- When its holder last showed that the account is theirs, beyond having a token.
    ADD COLUMN proven_at timestamptz NOT NULL DEFAULT now(),
    -- When what gets further tokens was replaced last, and whether anything shows that this was heard of.
    ADD COLUMN refreshed_at timestamptz,
    ADD COLUMN refresh_heard boolean NOT NULL DEFAULT true;

-- Sessions that have ended are swept by their age.
CREATE INDEX sessions_ended_idx ON sessions (ended_at) WHERE ended_at IS NOT NULL;

-- What got further tokens once, and is stolen if it comes again.
CREATE TABLE spent_refreshes (
    refresh_hash bytea PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
    -- With the secret itself it makes the one that took its place.
    salt bytea NOT NULL,
    spent_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX spent_refreshes_session_idx ON spent_refreshes (session_id);

ALTER TABLE users
    -- Where letters go that open the account, if that is not the e-mail address: that one was changed by somebody who did
    -- not show that the account is theirs.
    ADD COLUMN recovery_email text;
CREATE INDEX users_recovery_idx ON users (lower(coalesce(recovery_email, email))) WHERE password_hash IS NOT NULL;

-- What sets another password, once.
CREATE TABLE password_resets (
    secret_hash bytea PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX password_resets_user_idx ON password_resets (user_id);

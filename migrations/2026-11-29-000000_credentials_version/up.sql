-- Rises when sign-ins that have begun must fail: the password was changed, the sessions were ended, a second factor was
-- turned on or a passkey was removed.
ALTER TABLE users ADD COLUMN credentials_version bigint NOT NULL DEFAULT 0;

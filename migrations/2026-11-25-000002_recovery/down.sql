DROP TABLE password_resets;
DROP INDEX users_recovery_idx;
ALTER TABLE users DROP COLUMN recovery_email;

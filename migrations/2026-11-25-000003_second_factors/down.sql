DROP TABLE passkeys;
ALTER TABLE users DROP COLUMN passkey_handle;
DROP TABLE recovery_codes;
DROP TABLE second_factors;

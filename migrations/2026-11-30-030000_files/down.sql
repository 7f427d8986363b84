DROP TABLE files;
ALTER TABLE messages DROP COLUMN files;

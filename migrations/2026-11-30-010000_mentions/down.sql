DROP TABLE message_mentions;
ALTER TABLE message_versions DROP COLUMN mentions;
ALTER TABLE messages DROP COLUMN mentions;

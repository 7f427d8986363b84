ALTER TABLE messages DROP COLUMN reactions;
DROP TABLE message_reactions;

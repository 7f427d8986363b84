DROP TABLE audit;
DROP FUNCTION refuse_change;
ALTER TABLE messages DROP COLUMN event, DROP COLUMN deleted_at;
ALTER TABLE members RESET (fillfactor);
ALTER TABLE members
    DROP COLUMN standing, DROP COLUMN placed_at, DROP COLUMN link_id, DROP COLUMN read_seq, DROP COLUMN muted;
DROP TABLE links;
DROP TABLE former_uris;
ALTER TABLE chats
    DROP COLUMN name, DROP COLUMN topic, DROP COLUMN closed, DROP COLUMN link_open, DROP COLUMN guests,
    DROP COLUMN approval, DROP COLUMN slow_seconds, DROP COLUMN retention_days, DROP COLUMN expires_at,
    DROP COLUMN kept_from, DROP COLUMN deleted_at, DROP COLUMN emptied;
DROP TABLE sessions;
ALTER TABLE users DROP COLUMN display_name, DROP COLUMN guest, DROP COLUMN claimed_at;

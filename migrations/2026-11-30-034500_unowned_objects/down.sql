ALTER TABLE files DROP COLUMN preview_media_type;
DROP TABLE unowned_objects;

-- Objects in the file storage that belong to no row of `files`: those that are being written, and those to be deleted. An
-- object has a row here before it is written, so that a crash leaves none behind.
CREATE TABLE unowned_objects (
    object_key uuid PRIMARY KEY,
    -- When it may be deleted.
    delete_at timestamptz NOT NULL
);
CREATE INDEX unowned_objects_delete_at_index ON unowned_objects (delete_at);

-- The whole image of a PNG may have a JPEG as its preview. Null without a preview.
ALTER TABLE files ADD COLUMN preview_media_type text;

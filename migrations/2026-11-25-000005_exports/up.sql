-- What people have of themselves written into a file, and how far that is. The files are in the data folder.
CREATE TABLE exports (
    id uuid PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users,
    created_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'ready', 'failed')),
    -- How many of their messages are written, and how many there are.
    done bigint NOT NULL DEFAULT 0,
    total bigint NOT NULL DEFAULT 0,
    -- The size of the file once it is whole.
    bytes bigint,
    ended_at timestamptz
);
-- One at a time.
CREATE UNIQUE INDEX exports_unfinished_idx ON exports (user_id) WHERE state IN ('waiting', 'running');
CREATE INDEX exports_user_idx ON exports (user_id, created_at);

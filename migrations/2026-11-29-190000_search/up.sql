-- The search index. The server fills it in the background from the numbered changes of each chat, so that posts do not wait
-- for it; a search reads the messages that are not in it yet from `messages`.
CREATE TABLE message_search (
    chat_id bigint NOT NULL,
    seq bigint NOT NULL,
    -- The revision of the message when its keys last changed.
    revision bigint NOT NULL,
    -- `messages.id`.
    id bigint NOT NULL,
    -- Hashes of what the message can be found by: chat, author, date, and parts of its words.
    keys int[] NOT NULL,
    PRIMARY KEY (chat_id, seq)
);
-- A row has about a hundred keys, and inserting them together costs much less. A search reads all pending ones, so that these
-- must be few.
CREATE INDEX message_search_keys_idx ON message_search USING gin (keys) WITH (gin_pending_list_limit = 512);

-- How far each chat is indexed.
CREATE TABLE search_progress (
    chat_id bigint PRIMARY KEY,
    -- All changes of messages up to this head are in `message_search`.
    head bigint NOT NULL
);

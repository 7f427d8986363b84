DROP TABLE spent_refreshes;
DROP INDEX sessions_ended_idx;
ALTER TABLE sessions
    DROP COLUMN program, DROP COLUMN system, DROP COLUMN proven_at,
    DROP COLUMN refreshed_at, DROP COLUMN refresh_heard;

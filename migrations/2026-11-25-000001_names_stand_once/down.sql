DROP INDEX members_orphaned_idx;

-- The release before reads a name in each: the one that people have now.
UPDATE messages SET event = jsonb_set(event, '{who,name}',
        to_jsonb(coalesce(nullif(users.display_name, ''), users.username)))
    FROM users WHERE users.id = (event #>> '{who,id}')::bigint;

ALTER TABLE audit DISABLE TRIGGER audit_is_kept;
UPDATE audit SET act = jsonb_set(act, '{who,name}',
        to_jsonb(coalesce(nullif(users.display_name, ''), users.username)))
    FROM users WHERE users.id = (act #>> '{who,id}')::bigint;
ALTER TABLE audit ENABLE TRIGGER audit_is_kept;

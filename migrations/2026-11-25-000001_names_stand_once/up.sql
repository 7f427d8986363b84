-- What was done says who by their number alone; their name stands with them, and goes with them.
UPDATE messages SET event = event #- '{who,name}' WHERE event #> '{who,name}' IS NOT NULL;

ALTER TABLE audit DISABLE TRIGGER audit_is_kept;
UPDATE audit SET act = act #- '{who,name}' WHERE act #> '{who,name}' IS NOT NULL;
ALTER TABLE audit ENABLE TRIGGER audit_is_kept;

-- An owner leaves only by being gone for good; then the chat is somebody else's.
CREATE INDEX members_orphaned_idx ON members (chat_id) WHERE role = 'owner' AND standing = 'left';

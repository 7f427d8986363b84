//! A chat with everybody whom an act may need, for one act.

use backend::auth::access::Actor;
use reqwest::Method;
use serde::Serialize;
use shared::member::{Role, Standing};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::app::{Call, Person, TestApp};

/// A chat with its owner, somebody else in it who said something, a link, and whoever acts, who said the last word.
pub struct Stage<'a> {
    /// Who acts. With a token that is missing or no good it is the owner, so that all else is right.
    pub actor: Person,
    /// What the actor says to be signed in with.
    pub token: Option<String>,
    pub owner: Person,
    /// A writer whom nobody has done anything to.
    pub other: Person,
    pub chat: String,
    /// The number of a link into the chat.
    pub link: i64,
    /// The session of the actor.
    pub session: Uuid,
    /// A passkey of the actor; an export of theirs has the same number.
    pub passkey: Uuid,
    /// Makes names that nobody has.
    pub number: i32,
    sql: &'a Client,
}

/// Newcomers knock only where somebody does so already.
const CHAT: &str = "
    WITH chat AS (
        INSERT INTO chats (uri, head, revision, approval) VALUES ($1, 5, 1, 'knocking' = ANY($4)) RETURNING id
    ), people AS (
        INSERT INTO members (chat_id, user_id, role, standing, seq, revision, created_at)
        SELECT id, user_id, role, standing, seq, seq, now() FROM chat,
            unnest($2::bigint[], $3::text[], $4::text[]) WITH ORDINALITY AS new (user_id, role, standing, seq)
    ), messages AS (
        INSERT INTO messages (chat_id, seq, revision, user_id, client_id, message, created_at)
        SELECT id, seq, seq, author, gen_random_uuid(), 'tea?', now()
        FROM chat, (VALUES (4, $2[2]), (5, $5)) AS said (seq, author)
    )
    INSERT INTO links (chat_id, secret_hash, label, role, created_by)
    SELECT id, sha256($1::bytea), 'friends', 'writer', $2[1] FROM chat RETURNING id";

const GUEST: &str = "UPDATE users SET guest = true, password_hash = NULL, email = '' WHERE id = $1";
const RESET: &str = "INSERT INTO password_resets (secret_hash, user_id) VALUES (sha256($1::text::bytea), $2)";
const UNPROVEN: &str = "UPDATE sessions SET proven_at = now() - interval '1 hour' WHERE user_id = $1";
const PASSKEY: &str = "INSERT INTO passkeys (id, user_id, credential_id, credential, label) \
    VALUES ($1::text::uuid, $2, decode(replace($1, '-', ''), 'hex'), '{}', '')";
const AVATAR: &str = "INSERT INTO avatars (id, user_id, jpeg) VALUES ($1, $2, '')";
const EXPORT: &str =
    "INSERT INTO exports (id, user_id, state, ended_at) VALUES ($1::text::uuid, $2, 'ready', now())";
const ENDED: &str = "UPDATE users SET deleted_at = now() WHERE id = $1";

/// All that an act may change.
const PICTURE: &str = "
    SELECT jsonb_build_array(
        to_jsonb(chats),
        (SELECT jsonb_agg(to_jsonb(members) ORDER BY user_id) FROM members WHERE chat_id = chats.id),
        (SELECT jsonb_agg(to_jsonb(messages) ORDER BY seq) FROM messages WHERE chat_id = chats.id),
        (SELECT jsonb_agg(to_jsonb(links) ORDER BY id) FROM links WHERE chat_id = chats.id),
        (SELECT count(*) FROM audit WHERE chat_id = chats.id),
        (SELECT jsonb_agg(to_jsonb(users) ORDER BY id) FROM users WHERE id = ANY($2)),
        (SELECT jsonb_agg(to_jsonb(sessions) ORDER BY id) FROM sessions WHERE user_id = ANY($2)),
        (SELECT count(*) FROM exports WHERE user_id = ANY($2)),
        (SELECT jsonb_agg(id) FROM avatars WHERE user_id = ANY($2)),
        (SELECT count(*) FROM passkeys WHERE user_id = ANY($2)),
        (SELECT count(*) FROM second_factors WHERE user_id = ANY($2))
    )::text FROM chats WHERE uri = $1";

impl<'a> Stage<'a> {
    pub async fn set(app: &TestApp, sql: &'a Client, number: i32, actor: Actor) -> Self {
        let owner = app.person(&format!("owner{number}")).await;
        let other = app.person(&format!("other{number}")).await;
        let chat = Uuid::new_v4().simple().to_string();
        let (mut ids, mut roles, mut standings) =
            (vec![owner.id, other.id], vec!["owner", "writer"], vec!["in", "in"]);
        let who = match actor {
            Actor::Anonymous | Actor::Expired | Actor::Tampered | Actor::Member(Role::Owner) => owner.clone(),
            _ => app.person(&format!("actor{number}")).await,
        };
        let place = place(actor);
        if let Some((role, standing)) = &place {
            ids.push(who.id);
            roles.push(role);
            standings.push(standing);
        }
        let made = sql.query_one(CHAT, &[&chat, &ids, &roles, &standings, &who.id]).await.unwrap();
        match actor {
            Actor::Guest => sql.execute(GUEST, &[&who.id]).await.unwrap(),
            Actor::Unproven => sql.execute(UNPROVEN, &[&who.id]).await.unwrap(),
            Actor::Ended => sql.execute(ENDED, &[&who.id]).await.unwrap(),
            _ => 0,
        };
        sql.execute(RESET, &[&format!("reset{number}"), &owner.id]).await.unwrap();
        let token = token_of(app, actor, &who, &other);
        let (link, session) = (made.get(0), app.app.keys.check(&who.token).unwrap().sid);
        let passkey = Uuid::new_v4();
        sql.execute(AVATAR, &[&format!("avatar{number}"), &owner.id]).await.unwrap();
        sql.execute(EXPORT, &[&passkey.to_string(), &who.id]).await.unwrap();
        std::fs::create_dir_all(app.data.path().join("exports")).unwrap();
        std::fs::write(app.data.path().join(format!("exports/{passkey}.zip")), "").unwrap();
        sql.execute(PASSKEY, &[&passkey.to_string(), &who.id]).await.unwrap();
        Self { actor: who, token, owner, other, chat, link, session, passkey, number, sql }
    }

    pub fn call(&self, method: &str, path: &str) -> Call {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let call = self.owner.web.call(&method, &self.path(path));
        match &self.token {
            Some(token) => call.header("authorization", &format!("JWT {token}")),
            None => call,
        }
    }

    /// The path of a route with what is on this stage in it.
    pub fn path(&self, path: &str) -> String {
        path.replace("{uri}", &self.chat)
            .replace("{user_id}", &self.other.id.to_string())
            .replace("{link_id}", &self.link.to_string())
            .replace("{session_id}", &self.session.to_string())
            .replace("{avatar_id}", &format!("avatar{}", self.number))
            .replace("{file}", "index.css")
            .replace("{export_id}", &self.passkey.to_string())
            .replace("{passkey_id}", &self.passkey.to_string())
            .replace("{seq}", "5")
    }

    /// All that the act may change, as it stands.
    pub async fn picture(&self) -> String {
        let people = vec![self.owner.id, self.other.id, self.actor.id];
        self.sql.query_one(PICTURE, &[&self.chat, &people]).await.unwrap().get(0)
    }
}

/// The role and the standing of the actor, as the table of members says them; the owner has theirs.
fn place(actor: Actor) -> Option<(String, String)> {
    let (role, standing) = match actor {
        Actor::Ended => (Role::Writer, Standing::In),
        Actor::Out(standing) => (Role::Writer, standing),
        Actor::Member(role) if role != Role::Owner => (role, Standing::In),
        _ => return None,
    };
    Some((word(role), word(standing)))
}

fn word(value: impl Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

fn token_of(app: &TestApp, actor: Actor, who: &Person, other: &Person) -> Option<String> {
    match actor {
        Actor::Anonymous => None,
        Actor::Expired => Some(app.token_of(who, -10, |_| ())),
        Actor::Tampered => {
            // The claims of one under the signature of another.
            let (claims, _) = who.token.rsplit_once('.').unwrap();
            let (_, signature) = other.token.rsplit_once('.').unwrap();
            Some(format!("{claims}.{signature}"))
        }
        _ => Some(who.token.clone()),
    }
}

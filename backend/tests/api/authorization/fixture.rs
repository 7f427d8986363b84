//! A chat with all users that an action may need, for one attempt.

use std::fs;

use backend::auth::policy::access::Principal;
use reqwest::Method;
use serde::Serialize;
use shared::{
    id::{ChatId, LinkId},
    member::{MembershipStatus, Role},
};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::support::{ApiRequest, TestApp, TestChat, TestUser};

/// A chat with an owner, another member who posted, an invite link, and the actor, who posted last.
pub struct Fixture<'a> {
    /// The acting user; the owner if the token is missing or invalid, so that nothing else is wrong.
    pub actor: TestUser,
    /// The token that the actor sends.
    pub token: Option<String>,
    pub owner: TestUser,
    /// A writer.
    pub other: TestUser,
    pub chat: TestChat,
    /// Id of an invite link of the chat.
    pub link: LinkId,
    /// Session of the actor.
    pub session: Uuid,
    /// Id of a passkey of the actor, and of an export of theirs.
    pub passkey: Uuid,
    /// Id of an export of the chat by the actor.
    pub chat_export: Uuid,
    /// Id of a file of the actor's message.
    pub file: Uuid,
    /// Makes names unique.
    pub number: i32,
    sql: &'a Client,
}

/// Approval is required only if a member is pending.
const CHAT: &str = "
    WITH chat AS (
        INSERT INTO chats (uri, head, revision, approval_required)
        VALUES ($1, 5, 1, 'pending' = ANY($4)) RETURNING id
    ), people AS (
        INSERT INTO members (chat_id, user_id, role, status, seq, revision, created_at)
        SELECT id, user_id, role, status, seq, seq, now() FROM chat,
            unnest($2::bigint[], $3::text[], $4::text[]) WITH ORDINALITY AS new (user_id, role, status, seq)
    ), messages AS (
        INSERT INTO messages (chat_id, seq, revision, user_id, client_id, message, created_at)
        SELECT id, seq, seq, author, gen_random_uuid(), 'tea?', now()
        FROM chat, (VALUES (4, $2[2]), (5, $5)) AS posted (seq, author)
    )
    INSERT INTO invite_links (chat_id, secret_hash, label, role, created_by)
    SELECT id, sha256($1::bytea), 'friends', 'writer', $2[1] FROM chat RETURNING chat_id, id";

const GUEST: &str = "UPDATE users SET guest = true, password_hash = NULL, email = '' WHERE id = $1";
const RESET: &str = "INSERT INTO password_resets (secret_hash, user_id) VALUES (sha256($1::text::bytea), $2)";
const NOT_REAUTHENTICATED: &str =
    "UPDATE sessions SET reauthenticated_at = now() - interval '1 hour' WHERE user_id = $1";
const PASSKEY: &str = "INSERT INTO passkeys (id, user_id, credential_id, credential, label) \
    VALUES ($1::text::uuid, $2, decode(replace($1, '-', ''), 'hex'), '{}', '')";
const AVATAR: &str = "INSERT INTO avatars (id, user_id, jpeg) VALUES ($1, $2, '')";
const EXPORT: &str = "INSERT INTO data_exports (id, user_id, chat_id, state, ended_at) \
    VALUES ($1::text::uuid, $2, $3, 'ready', now())";
const FILE: &str = "INSERT INTO files (id, chat_id, user_id, object_key, name, media_type, stored_size, size, checksum, \
      posted, message_id) \
    SELECT $1::text::uuid, chat_id, user_id, $1::text::uuid, 'tea.txt', 'text/plain', 3, 3, '', true, id \
    FROM messages WHERE chat_id = $2 AND seq = 5";
const DELETED: &str = "UPDATE users SET deleted_at = now() WHERE id = $1";

/// Everything that an action may change.
const SNAPSHOT: &str = "
    SELECT jsonb_build_array(
        to_jsonb(chats),
        (SELECT jsonb_agg(to_jsonb(members) ORDER BY user_id) FROM members WHERE chat_id = chats.id),
        (SELECT jsonb_agg(to_jsonb(messages) ORDER BY seq) FROM messages WHERE chat_id = chats.id),
        (SELECT jsonb_agg(to_jsonb(invite_links) ORDER BY id) FROM invite_links WHERE chat_id = chats.id),
        (SELECT count(*) FROM audit_log WHERE chat_id = chats.id),
        (SELECT jsonb_agg(to_jsonb(users) ORDER BY id) FROM users WHERE id = ANY($2)),
        (SELECT jsonb_agg(to_jsonb(sessions) ORDER BY id) FROM sessions WHERE user_id = ANY($2)),
        (SELECT count(*) FROM data_exports WHERE user_id = ANY($2)),
        (SELECT jsonb_agg(to_jsonb(files) ORDER BY id) FROM files WHERE user_id = ANY($2)),
        (SELECT jsonb_agg(id) FROM avatars WHERE user_id = ANY($2)),
        (SELECT count(*) FROM passkeys WHERE user_id = ANY($2)),
        (SELECT count(*) FROM second_factors WHERE user_id = ANY($2))
    )::text FROM chats WHERE uri = $1";

impl<'a> Fixture<'a> {
    pub async fn create(app: &TestApp, sql: &'a Client, number: i32, principal: Principal) -> Self {
        let owner = app.create_user(&format!("owner{number}")).await;
        let other = app.create_user(&format!("other{number}")).await;
        let actor = match principal {
            Principal::Anonymous
            | Principal::Expired
            | Principal::Tampered
            | Principal::Member(Role::Owner) => owner.clone(),
            _ => app.create_user(&format!("actor{number}")).await,
        };
        let (chat, link) = create_chat(sql, [&owner, &other, &actor], principal).await;
        match principal {
            Principal::Guest => sql.execute(GUEST, &[&actor.id.get()]).await.unwrap(),
            Principal::NotRecentlyAuthenticated => {
                sql.execute(NOT_REAUTHENTICATED, &[&actor.id.get()]).await.unwrap()
            }
            Principal::SessionEnded => sql.execute(DELETED, &[&actor.id.get()]).await.unwrap(),
            _ => 0,
        };
        sql.execute(RESET, &[&format!("reset{number}"), &owner.id.get()]).await.unwrap();
        sql.execute(AVATAR, &[&format!("avatar{number}"), &owner.id.get()]).await.unwrap();
        let token = token(app, principal, &actor, &other);
        let session = app.state.auth.jwt_keys.verify(&actor.token).unwrap().sid;
        let passkey = create_export(app, sql, &actor, None).await;
        sql.execute(PASSKEY, &[&passkey.to_string(), &actor.id.get()]).await.unwrap();
        let chat_export = create_export(app, sql, &actor, Some(chat.id)).await;
        let file = create_file(app, sql, chat.id).await;
        Self { actor, token, owner, other, chat, link, session, passkey, chat_export, file, number, sql }
    }

    pub fn request(&self, method: &str, path: &str) -> ApiRequest {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.owner.http.request(&method, &self.path(path));
        match &self.token {
            Some(token) => request.header("authorization", &format!("JWT {token}")),
            None => request,
        }
    }

    /// The path of a route with the parameters filled in.
    pub fn path(&self, path: &str) -> String {
        path.replace("{uri}/exports/{export_id}", &format!("{}/exports/{}", self.chat, self.chat_export))
            .replace("{file_id}", &self.file.to_string())
            .replace("{uri}", &self.chat)
            .replace("{user_id}", &self.other.id.to_string())
            .replace("{link_id}", &self.link.to_string())
            .replace("{session_id}", &self.session.to_string())
            .replace("{avatar_id}", &format!("avatar{}", self.number))
            .replace("{file}", "index.css")
            .replace("{export_id}", &self.passkey.to_string())
            .replace("{passkey_id}", &self.passkey.to_string())
            .replace("{seq}", "5")
            .replace("{emoji}", "%F0%9F%91%8D")
    }

    /// The current state of everything that an action may change.
    pub async fn snapshot(&self) -> String {
        let users = [&self.owner, &self.other, &self.actor].map(|user| user.id.get());
        self.sql.query_one(SNAPSHOT, &[&self.chat.uri, &users.as_slice()]).await.unwrap().get(0)
    }
}

/// Creates the chat; returns it with the id of its link.
async fn create_chat(
    sql: &Client,
    [owner, other, actor]: [&TestUser; 3],
    principal: Principal,
) -> (TestChat, LinkId) {
    let uri = Uuid::new_v4().simple().to_string();
    let (mut ids, mut roles, mut statuses) =
        (vec![owner.id.get(), other.id.get()], vec!["owner", "writer"], vec!["member", "member"]);
    let membership = membership(principal);
    if let Some((role, status)) = &membership {
        ids.push(actor.id.get());
        roles.push(role);
        statuses.push(status);
    }
    let row = sql.query_one(CHAT, &[&uri, &ids, &roles, &statuses, &actor.id.get()]).await.unwrap();
    (TestChat { id: ChatId::new(row.get(0)), uri }, LinkId::new(row.get(1)))
}

/// Creates an export of the actor's account, or of a chat.
async fn create_export(app: &TestApp, sql: &Client, actor: &TestUser, chat_id: Option<ChatId>) -> Uuid {
    let id = Uuid::new_v4();
    let chat_id = chat_id.map(ChatId::get);
    sql.execute(EXPORT, &[&id.to_string(), &actor.id.get(), &chat_id]).await.unwrap();
    let folder = app.data_dir.path().join("exports");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("{id}.zip")), "").unwrap();
    id
}

/// Creates a file of the last message.
async fn create_file(app: &TestApp, sql: &Client, chat_id: ChatId) -> Uuid {
    let id = Uuid::new_v4();
    sql.execute(FILE, &[&id.to_string(), &chat_id.get()]).await.unwrap();
    fs::write(app.data_dir.path().join("files").join(id.simple().to_string()), "tea").unwrap();
    id
}

/// Role and status in the members table; the owner is inserted anyway.
fn membership(principal: Principal) -> Option<(String, String)> {
    let (role, status) = match principal {
        Principal::SessionEnded => (Role::Writer, MembershipStatus::Member),
        Principal::NonMemberWithStatus(status) => (Role::Writer, status),
        Principal::Member(role) if role != Role::Owner => (role, MembershipStatus::Member),
        _ => return None,
    };
    Some((to_text(role), to_text(status)))
}

fn to_text(value: impl Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

fn token(app: &TestApp, principal: Principal, actor: &TestUser, other: &TestUser) -> Option<String> {
    match principal {
        Principal::Anonymous => None,
        Principal::Expired => Some(app.sign_token(actor, -10, |_| ())),
        Principal::Tampered => {
            // The claims of one token with the signature of another.
            let (claims, _) = actor.token.rsplit_once('.').unwrap();
            let (_, signature) = other.token.rsplit_once('.').unwrap();
            Some(format!("{claims}.{signature}"))
        }
        _ => Some(actor.token.clone()),
    }
}

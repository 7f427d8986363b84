//! Members: what is done to one, and leaving.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json, Path},
};
use futures_util::FutureExt;
use shared::{
    chat::is_uri,
    event::{Event, Person},
    member::{ChangeMember, Member, Role, Standing},
    problem::{FieldCode, ProblemCode},
};

use super::number_in_path;
use crate::{
    address::address,
    app::App,
    auth::{
        Moderator, SignedIn,
        acting::{Act, Actor},
        membership::guessing_is_limited,
    },
    body::{Body, Fields, FromFields},
    db::{self, turn::Turn},
    problem::{Error, Refusal},
};

/// Gives a member another role, or somebody another standing.
#[utoipa::path(
    put, path = "/api/chats/{uri}/members/{user_id}/",
    request_body = ChangeMember,
    responses((status = 200, body = Member), (status = 409)),
)]
pub async fn change(
    app: Data<App>,
    Moderator { user, chat }: Moderator,
    request: HttpRequest,
    Body(wanted): Body<ChangeMember>,
) -> Result<Json<Member>, Error> {
    let (act, other_id) = (act(wanted)?, number_in_path(&request, "user_id")?);
    let changed =
        app.act(chat.id, move |turn| async move { carry_out(turn, act, other_id, user.id).await }.boxed());
    Ok(Json(changed.await?))
}

async fn carry_out(turn: &mut Turn<'_>, act: Act, other_id: i64, actor_id: i64) -> Result<Member, Error> {
    // Somebody may have taken the role away meanwhile.
    let role = turn.check_role(actor_id, Role::Moderator).await?;
    let other = turn.member(other_id).await?.ok_or(ProblemCode::NotFound)?;
    let (standing, given) = act.on(&other, Actor { id: actor_id, role })?;
    turn.place(other_id, standing, given).await?;
    turn.say(actor_id, &event(act, (&other).into())).await?;
    turn.member(other_id).await?.ok_or(ProblemCode::NotFound.into())
}

fn act(wanted: ChangeMember) -> Result<Act, Refusal> {
    let wrong = |field, code| Err(Refusal::field(field, code));
    match (wanted.role, wanted.standing) {
        (None, None) => wrong("standing", FieldCode::Required),
        // One thing at a time; and a chat has one owner, who hands it over.
        (Some(_), Some(_)) | (Some(Role::Owner), None) => wrong("role", FieldCode::NotOneOf),
        (Some(role), None) => Ok(Act::Give(role)),
        (None, Some(standing)) => match standing {
            Standing::In => Ok(Act::Admit),
            Standing::Refused => Ok(Act::Refuse),
            Standing::Removed => Ok(Act::Remove),
            Standing::Banned => Ok(Act::Ban),
            Standing::Left => Ok(Act::Unban),
            Standing::Knocking => wrong("standing", FieldCode::NotOneOf),
        },
    }
}

fn event(act: Act, who: Person) -> Event {
    match act {
        Act::Admit => Event::Admitted { who },
        Act::Refuse => Event::Refused { who },
        Act::Remove => Event::Removed { who },
        Act::Ban => Event::Banned { who },
        Act::Unban => Event::Unbanned { who },
        Act::Give(role) => Event::Role { who, role },
    }
}

/// Leaves the chat, or takes a knock back. No extractor knows those who knock.
#[utoipa::path(delete, path = "/api/chats/{uri}/members/me/", responses((status = 204), (status = 409)))]
pub async fn leave(
    app: Data<App>,
    SignedIn { user, .. }: SignedIn,
    uri: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let found =
        if is_uri(&uri) { db::addresses::chat_of(&mut *app.db.get().await?, &uri).await? } else { None };
    let left = match found {
        Some(chat_id) => app.act(chat_id, move |turn| go(turn, user.id).boxed()).await,
        None => Err(ProblemCode::ChatNotFound.into()),
    };
    guessing_is_limited(&app, address(&request, &app.config), left)?;
    Ok(HttpResponse::NoContent().finish())
}

async fn go(turn: &mut Turn<'_>, user_id: i64) -> Result<(), Error> {
    let member = turn.member(user_id).await?.ok_or(ProblemCode::ChatNotFound)?;
    match (member.standing, member.role) {
        (Standing::In, Role::Owner) => Err(ProblemCode::OwnerStays.into()),
        (Standing::In, role) => {
            turn.place(user_id, Standing::Left, role.min(Role::Writer)).await?;
            turn.say(user_id, &Event::Left).await
        }
        (Standing::Knocking, role) => turn.place(user_id, Standing::Left, role.min(Role::Writer)).await,
        _ => Err(ProblemCode::ChatNotFound.into()),
    }
}

impl FromFields for ChangeMember {
    fn from_fields(fields: &mut Fields) -> Self {
        Self { role: fields.optional_word("role"), standing: fields.optional_word("standing") }
    }
}

//! Coming into a chat: by which way, as what, and whether at all. Everything here happens in a turn, so that of many who
//! come at once by one link exactly as many get in as it lets in.

use chrono::{DateTime, Duration, SubsecRound, Utc};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Bool},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::{
    event::Event,
    member::{Role, Standing},
    problem::ProblemCode,
    user::User,
};

use super::{
    addresses::{self, Way},
    links,
    members::{self, NewPlace, Place},
    turn::Turn,
};
use crate::problem::{Error, Refusal};

/// After so long, whoever was not let in may knock again.
const KNOCK_AGAIN_AFTER: Duration = Duration::minutes(10);

/// What became of somebody who came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    In,
    /// They wait to be let in.
    Knocks,
}

/// Somebody comes by an address of the chat.
pub async fn come(turn: &mut Turn<'_>, user: &User, address: &str) -> Result<Came, Error> {
    let (chat_id, approval) = (turn.chat.id, turn.chat.approval);
    let place = members::place(turn.connection, chat_id, user.id).await?;
    let way = addresses::way(turn.connection, &turn.chat, address).await?;
    if let Some(place) = place.filter(|place| place.standing.is_in()) {
        rise(turn, user, place, way).await?;
        return Ok(Came::In);
    }
    check_ban(turn.connection, chat_id, user.id, place.as_ref()).await?;
    if user.guest && !turn.chat.guests {
        return Err(ProblemCode::GuestsNotWelcome.into());
    }
    if approval && place.is_some_and(|place| place.standing == Standing::Knocking) {
        return Ok(Came::Knocks);
    }
    check_refusal(place.as_ref(), Utc::now())?;
    way.lets_in(place.as_ref())?;
    let (standing, came) =
        if approval { (Standing::Knocking, Came::Knocks) } else { (Standing::In, Came::In) };
    let role = role_by(way, place.as_ref());
    settle(turn, NewPlace { user_id: user.id, role, standing, link_id: way.link_id }).await?;
    // Who knocks counts, or more might be let in than the link says.
    if let Some(link_id) = way.link_id.filter(|_| !way.is_known_to(place.as_ref())) {
        links::count_use(turn.connection, link_id).await?;
    }
    Ok(came)
}

/// Somebody who keeps the chat adds somebody else, as a writer.
pub async fn add(turn: &mut Turn<'_>, actor_id: i64, who: &User) -> Result<(), Error> {
    turn.check_role(actor_id, Role::Moderator).await?;
    let place = members::place(turn.connection, turn.chat.id, who.id).await?;
    match place.map(|place| place.standing) {
        Some(Standing::In) => return Ok(()),
        Some(Standing::Banned) => {
            let detail = "This person is banned. Lift the ban first.";
            return Err(Refusal::new(ProblemCode::Conflict).detail(detail).into());
        }
        _ if who.guest && !turn.chat.guests => return Err(ProblemCode::GuestsNotWelcome.into()),
        _ => {}
    }
    let link_id = place.and_then(|place| place.link_id);
    settle(turn, NewPlace { user_id: who.id, role: Role::Writer, standing: Standing::In, link_id }).await?;
    turn.say(actor_id, &Event::Admitted { who: who.into() }).await
}

async fn settle(turn: &mut Turn<'_>, place: NewPlace) -> Result<(), Error> {
    let (seq, now) = (turn.number(), Utc::now().trunc_subsecs(3));
    Ok(members::put(turn.connection, turn.chat.id, place, seq, now).await?)
}

/// A link may let somebody do more who is in the chat already, and never less. It does so once: who was given less since
/// does not get it back by coming again.
async fn rise(turn: &mut Turn<'_>, user: &User, place: Place, way: Way) -> Result<(), Error> {
    let Some(link_id) = way.link_id else { return Ok(()) };
    if way.shut.is_some() || way.role <= place.role || way.is_known_to(Some(&place)) {
        return Ok(());
    }
    turn.place(user.id, Standing::In, way.role).await?;
    members::came_by(turn.connection, turn.chat.id, user.id, link_id).await?;
    turn.note(user.id, &Event::Role { who: user.into(), role: way.role }).await?;
    Ok(links::count_use(turn.connection, link_id).await?)
}

/// By the way that they came, somebody comes back as what they were and as no more: who was given less keeps that. Who was
/// a reader becomes no writer by the page URL, which every reader knows.
fn role_by(way: Way, place: Option<&Place>) -> Role {
    match place {
        Some(place) if way.is_known_to(Some(place)) => way.role.min(place.role),
        Some(place) if place.role == Role::Reader && way.link_id.is_none() => Role::Reader,
        _ => way.role,
    }
}

fn check_refusal(place: Option<&Place>, now: DateTime<Utc>) -> Result<(), Error> {
    let Some(refused) = place.filter(|place| place.standing == Standing::Refused) else { return Ok(()) };
    match (refused.placed_at + KNOCK_AGAIN_AFTER - now).to_std() {
        Ok(wait) if !wait.is_zero() => Err(Refusal::new(ProblemCode::NotLetIn).retry_after(wait).into()),
        _ => Ok(()),
    }
}

/// Refuses whoever is banned: themself, or in the browser of somebody who was a guest when they were banned.
pub async fn check_ban(
    connection: &mut AsyncPgConnection,
    chat_id: i64,
    user_id: i64,
    place: Option<&Place>,
) -> Result<(), Error> {
    let is_banned = place.is_some_and(|place| place.standing == Standing::Banned);
    if is_banned || shares_browser_with_banned(connection, chat_id, user_id).await? {
        return Err(ProblemCode::Banned.into());
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Shares {
    #[diesel(sql_type = Bool)]
    shares: bool,
}

async fn shares_browser_with_banned(
    connection: &mut AsyncPgConnection,
    chat_id: i64,
    user_id: i64,
) -> QueryResult<bool> {
    let found: Shares = sql_query(
        "SELECT EXISTS (SELECT FROM sessions own JOIN sessions theirs USING (browser) \
           JOIN members ON members.user_id = theirs.user_id \
             AND members.chat_id = $1 AND standing = 'banned' \
           JOIN users ON users.id = theirs.user_id AND (guest OR claimed_at > placed_at) \
         WHERE own.user_id = $2) AS shares",
    )
    .bind::<BigInt, _>(chat_id)
    .bind::<BigInt, _>(user_id)
    .get_result(connection)
    .await?;
    Ok(found.shares)
}

//! The one value that every request shares.

use std::{array::from_fn, net::IpAddr, sync::Arc, time::Duration};

use anyhow::Context;
use chrono::Utc;
use futures_util::{FutureExt, future::BoxFuture};
use shared::{
    member::{Member, Role},
    problem::ProblemCode,
};
use tokio::{sync::Mutex, time::timeout};
use uuid::Uuid;

use crate::{
    auth::{
        self, keys::Keys, known::KnownPeople, passkeys::Passkeys, passwords::Passwords, sealing::Sealing,
        tickets::Tickets,
    },
    config::Config,
    db::{
        self, Db,
        chats::Raised,
        turn::{Told, Turn},
    },
    exports::Files,
    hub::{Hub, delivery::Delivery, seats::Seat},
    images::Images,
    lifetime,
    limits::{Limits, Personal, SlowMode},
    mail::Mail,
    problem::{Error, Refusal},
    reading::Reading,
    writer::Writer,
};

/// How many connections to the database there are at most: enough to keep a small machine's cores and disk busy, few
/// enough to leave room for other programs under PostgreSQL's default of 100.
const CONNECTIONS: usize = 24;

/// After so long somebody with too many sockets tries again.
const SEAT_FREE_AFTER: Duration = Duration::from_secs(30);

/// Everything the server has.
pub struct App {
    pub config: Config,
    pub db: Db,
    /// Names the state of the database in which the heads of all chats count.
    pub epoch: Uuid,
    pub keys: Keys,
    pub passwords: Passwords,
    pub mail: Mail,
    pub images: Images,
    pub exports: Files,
    pub sealing: Sealing,
    pub tickets: Tickets,
    pub passkeys: Passkeys,
    pub people: KnownPeople,
    pub limits: Limits,
    pub slow: SlowMode,
    pub hub: Arc<Hub>,
    pub reading: Reading,
    pub writer: Writer,
    turns: Turns,
}

/// Those who act in one chat wait here for each other: at its lock each would wait with a connection in hand, and leave
/// none to other chats.
type Turns = [Mutex<()>; TURNS];

/// More than there are connections, so that two busy chats seldom share a place.
const TURNS: usize = 64;
/// So long anyone waits for their turn.
const TURN_WITHIN: Duration = Duration::from_secs(15);

impl App {
    /// Brings the database up to date and gets everything ready to serve.
    pub async fn start(config: Config, database_url: &str) -> anyhow::Result<Arc<Self>> {
        for step in db::migrate(database_url).await? {
            tracing::info!(step, "migrated");
        }
        let keys = Keys::open(&config.data_dir).context("the signing key cannot be used")?;
        let sealing = Sealing::open(&config.data_dir).context("the sealing key cannot be used")?;
        let db = Db::new(database_url, CONNECTIONS)?;
        let mut connection = db.get().await.map_err(into_anyhow)?;
        db::instance::check_durable(&mut connection).await?;
        let epoch = db::instance::epoch(&mut connection).await.map_err(into_anyhow)?;
        drop(connection);
        let limits = Limits::new(config.limits.clone());
        let hub = Arc::new(Hub::new(limits.of_sockets()));
        let writer = Writer::start(database_url, &hub, epoch)?;
        let slow = SlowMode::default();
        let passwords = Passwords::new(config.limits.limit_passwords);
        let images = Images::new(config.limits.limit_megapixels);
        let exports = Files::new(&config.data_dir);
        let (mail, tickets, people) = (Mail::new(&config)?, Tickets::default(), KnownPeople::default());
        let (reading, turns) = (Reading::default(), from_fn(|_| Mutex::default()));
        Ok(Arc::new(Self {
            config,
            db,
            epoch,
            keys,
            passwords,
            mail,
            images,
            exports,
            sealing,
            tickets,
            passkeys: Passkeys::default(),
            people,
            limits,
            slow,
            hub,
            reading,
            writer,
            turns,
        }))
    }

    /// The right to one more socket or stream, unless the user or the address has too many.
    pub fn seat(&self, user_id: i64, address: IpAddr) -> Result<Seat, Error> {
        self.hub.seat(user_id, address).ok_or_else(|| {
            let refusal = Refusal::new(ProblemCode::TooManyRequests).retry_after(SEAT_FREE_AFTER);
            refusal.detail("Too many sockets are open.").into()
        })
    }

    /// Has somebody act in a chat: `act` alters it under its lock, in one transaction, and everyone hears of it. It goes to
    /// its end also if whoever asked hangs up.
    pub async fn act<T, F>(self: &Arc<Self>, chat_id: i64, act: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: for<'r> FnOnce(&'r mut Turn<'_>) -> BoxFuture<'r, Result<T, Error>> + Send + 'static,
    {
        self.writer.check_open()?;
        let app = Arc::clone(self);
        let acting = async move {
            let turn = app.turns.get(usize::try_from(chat_id).unwrap_or_default() % TURNS);
            let busy = || Refusal::new(ProblemCode::Busy).retry_after(Duration::from_secs(2));
            let _turn = timeout(TURN_WITHIN, turn.ok_or_else(busy)?.lock()).await.map_err(|_| busy())?;
            let mut connection = app.db.get().await?;
            let (done, told) = db::turn::take(&mut connection, app.epoch, chat_id, act).await?;
            drop(connection);
            if let Some(told) = told {
                app.tell(chat_id, told).await;
            }
            Ok(done)
        };
        to_the_end(acting).await
    }

    /// Forgets sessions that were ended in the database, and closes their sockets.
    pub fn end_sessions(&self, ended: &[Uuid]) {
        for id in ended {
            self.people.forget_session(*id);
            self.hub.end_session(*id);
        }
    }

    /// Counts a message against what its writer may post, or says how long they wait.
    pub fn count_post(&self, writer: &auth::Writer, client_id: Uuid) -> Result<(), Error> {
        let auth::Writer { ref user, ref chat, role, slow_seconds } = *writer;
        self.limits.of_person(Personal::Post, user.id)?;
        if role > Role::Writer { Ok(()) } else { self.slow.count(chat.id, user.id, slow_seconds, client_id) }
    }

    /// Ends a chat, on behalf of its owner or by its own rules. Whoever listens hears that it is gone, and nothing more.
    pub async fn end_chat(self: &Arc<Self>, chat_id: i64, actor_id: Option<i64>) -> Result<(), Error> {
        let app = Arc::clone(self);
        let ending = async move {
            app.act(chat_id, move |turn| end(turn, actor_id).boxed()).await?;
            app.people.forget_chat(chat_id);
            app.hub.end(chat_id).await;
            // What is left of it goes later if this fails.
            tokio::spawn(async move { lifetime::empty(&app, chat_id).await });
            Ok(())
        };
        to_the_end(ending).await
    }

    /// Has everyone hear what was changed in a chat, and those who are out of it nothing more.
    pub async fn tell(&self, chat_id: i64, Told { changes, strangers }: Told) {
        if changes.chat.is_some() {
            self.people.forget_chat(chat_id);
        }
        self.hub.learn_name(chat_id, &changes.uri, changes.head);
        for Member { user, standing, .. } in &changes.members {
            self.people.forget_role(chat_id, user.id);
            let uri = (!strangers.contains(&user.id)).then_some(changes.uri.as_str());
            self.hub.place(chat_id, uri, user.id, *standing);
        }
        let is_part = changes.more;
        let mut delivery = Delivery::default();
        self.hub.publish(chat_id, changes, &mut delivery);
        delivery.flush().await;
        if is_part {
            // The rest is read by everyone for themselves.
            self.hub.doubt(chat_id);
        }
    }

    /// Tells everyone who listens about a user who changed.
    pub async fn publish_members(&self, changed: Vec<(Raised, Member)>) {
        let mut delivery = Delivery::default();
        for (chat, member) in changed {
            let chat_id = chat.chat_id;
            let news = chat.changes(self.epoch, vec![member], Vec::new());
            self.hub.publish(chat_id, news, &mut delivery);
        }
        delivery.flush().await;
    }
}

async fn end(turn: &mut Turn<'_>, actor_id: Option<i64>) -> Result<(), Error> {
    match actor_id {
        Some(actor_id) => drop(turn.check_role(actor_id, Role::Owner).await?),
        // Its owner may have given it more time meanwhile.
        None if turn.chat.settings().expires_at.is_none_or(|at| at > Utc::now()) => {
            return Err(ProblemCode::Conflict.into());
        }
        None => {}
    }
    turn.end_chat(actor_id).await
}

/// Does it to its end, also if the client hangs up: whoever listens must hear of what was committed.
pub async fn to_the_end<T: Send + 'static>(
    act: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    tokio::spawn(act).await.map_err(|error| Error::Internal(error.into()))?
}

fn into_anyhow(error: Error) -> anyhow::Error {
    match error {
        Error::Internal(error) => error,
        refused @ Error::Refused(_) => anyhow::anyhow!("{refused}"),
    }
}

//! A client that was away ends with the same state as one that stayed connected.

use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use shared::{
    changes::Changes,
    id::{Head, Seq},
    member::{MembershipStatus, Role},
    mentions::Mentions,
    message::Reaction,
    sync::ApplyResult,
    timeline::Timeline,
};

use crate::support::{TestApp, TestUser, WsClient};

const ACTIONS: usize = 60;

/// A client of the chat that can lose, repeat and delay what it receives.
struct Client {
    user: TestUser,
    uri: String,
    timeline: Timeline,
    listener: WsClient,
    /// Changes that are applied late.
    late: Vec<Changes>,
}

/// What a user sees of a chat.
#[derive(Debug, PartialEq)]
struct View {
    uri: String,
    head: Head,
    messages: Vec<MessageView>,
    /// Members and pending users, with the revision of their last change.
    users: Vec<(String, MembershipStatus, Role, Seq)>,
}

/// A message under the current name of its author.
#[derive(Debug, PartialEq)]
struct MessageView {
    seq: Seq,
    author: String,
    text: String,
    reply_to: Option<Seq>,
    mentions: Mentions,
    is_edited: bool,
    is_deleted: bool,
    reactions: Vec<Reaction>,
}

impl Client {
    /// Subscribes first and reads second.
    async fn open(user: &TestUser, uri: &str) -> Self {
        user.join(uri).await;
        let listener = user.open_socket_in(uri).await;
        let (user, uri) = (user.clone(), uri.to_owned());
        Self { timeline: user.open_timeline(&uri).await, user, uri, listener, late: Vec::new() }
    }

    /// Applies changes by the sync rule.
    async fn apply(&mut self, changes: Changes) {
        match self.timeline.apply(changes) {
            ApplyResult::Applied | ApplyResult::Ignored => {}
            ApplyResult::Gap => self.fetch().await,
            ApplyResult::Mismatch => panic!("the database is the same"),
        }
    }

    async fn fetch(&mut self) {
        loop {
            let changes = self.user.changes(&self.uri, self.timeline.head()).await;
            let more = changes.more;
            assert_ne!(self.timeline.apply(changes), ApplyResult::Gap);
            if !more {
                return;
            }
        }
    }

    /// Hears everything up to `head`; each frame is lost, doubled or held back by rng.
    async fn recv_unreliably(&mut self, head: Head, rng: &mut StdRng) {
        loop {
            let changes = self.listener.recv_changes().await;
            let received_head = changes.head;
            match rng.random_range(0..6) {
                0 | 1 => {}
                2 => {
                    self.apply(changes.clone()).await;
                    self.apply(changes).await;
                }
                3 => self.late.push(changes),
                _ => self.apply(changes).await,
            }
            if received_head >= head {
                return;
            }
        }
    }

    async fn recv_reliably(&mut self, head: Head) {
        while self.timeline.head() < head {
            let changes = self.listener.recv_changes().await;
            let verdict = self.timeline.apply(changes);
            assert!(
                matches!(verdict, ApplyResult::Applied | ApplyResult::Ignored),
                "a connected client misses nothing: {verdict:?}"
            );
        }
    }

    /// Opens a new socket and subscribes from the client's head.
    async fn reconnect(&mut self) {
        self.listener = self.user.open_socket().await;
        let since = self.timeline.changes_query();
        self.listener.subscribe(&self.uri, Some(since.after), since.epoch).await;
        let missed = self.listener.recv_changes().await;
        self.apply(missed).await;
    }

    fn view(&self) -> View {
        view(&self.timeline)
    }
}

fn view(timeline: &Timeline) -> View {
    let messages = timeline.messages().map(|message| MessageView {
        seq: message.seq,
        author: timeline.author(message).username.clone(),
        text: message.message.clone(),
        reply_to: message.reply_to,
        mentions: timeline.mentions(message),
        is_edited: message.edited_at.is_some(),
        is_deleted: message.deleted,
        reactions: message.reactions.clone(),
    });
    let seen = [MembershipStatus::Member, MembershipStatus::Pending]
        .into_iter()
        .flat_map(|status| timeline.members_with_status(status));
    let users = seen.map(|one| (one.user.username.clone(), one.status, one.role, one.revision));
    let (uri, head) = (timeline.uri().to_owned(), timeline.head());
    View { uri, head, messages: messages.collect(), users: users.collect() }
}

/// One of the newest messages that are neither events nor deleted; only of this user, or of all.
async fn random_message(user: &TestUser, uri: &str, is_own: bool, rng: &mut StdRng) -> Option<Seq> {
    let mut messages = user.history(uri, "").await.messages;
    messages.retain(|it| (!is_own || it.user.id == user.id) && it.event.is_none() && !it.deleted);
    messages.choose(rng).map(|message| message.seq)
}

/// Reacts to a message, or takes a reaction back, of which there may be none.
async fn react_to_random_message(user: &TestUser, uri: &str, rng: &mut StdRng) {
    let Some(seq) = random_message(user, uri, false, rng).await else { return };
    let emoji = ["👍", "🫖", "❤️"][rng.random_range(0..3)];
    let request =
        if rng.random_bool(0.7) { user.react(uri, seq, emoji) } else { user.take_back(uri, seq, emoji) };
    request.await.assert_status(200);
}

/// Edits, deletes or replies to a message of the author.
async fn change_random_message(author: &TestUser, uri: &str, rng: &mut StdRng, number: usize) {
    let Some(seq) = random_message(author, uri, true, rng).await else { return };
    let request = match rng.random_range(0..5) {
        0 => author.delete_message(uri, seq),
        1 => author.reply(uri, seq, &format!("reply {number}")),
        2 => author.edit_message(uri, seq, &format!("edit {number} <@{}>", author.id)),
        _ => author.edit_message(uri, seq, &format!("edit {number}")),
    };
    let status = request.await.status;
    assert!(status == 200 || status == 204, "{status}");
}

/// Mentions a user and everyone.
async fn mention_random_user(users: &[TestUser], author: usize, uri: &str, rng: &mut StdRng) {
    let mentioned = users[rng.random_range(0..users.len())].id;
    users[author].send_message(uri, &format!("<@{mentioned}> <@here>")).await;
}

/// One of the things that users do.
async fn perform_random_action(
    app: &TestApp,
    owner: &TestUser,
    uri: &mut String,
    users: &mut Vec<TestUser>,
    rng: &mut StdRng,
    number: usize,
) {
    let index = rng.random_range(0..users.len());
    match rng.random_range(0..24) {
        0 => {
            let newcomer = app.create_user(&format!("newcomer{number}")).await;
            newcomer.join(uri).await;
            users.push(newcomer);
        }
        1 => users[index].rename(&format!("person{number}")).await,
        2 if users.len() > 2 => users.remove(index).delete_account().await,
        3 => {
            let posts = (0..5).map(|n| users[(index + n) % users.len()].send_message(uri, "all at once"));
            futures_util::future::join_all(posts).await;
        }
        4 => {
            let newcomer = app.create_user(&format!("newcomer{number}")).await;
            let role = ["reader", "writer", "moderator"][rng.random_range(0..3)];
            let link = owner.create_link(uri, serde_json::json!({ "role": role })).await;
            newcomer.join(&link.secret).await;
            users[index].join(&link.secret).await;
        }
        5 => {
            app.execute_sql("UPDATE chats SET approval_required = true").await;
            app.create_user(&format!("newcomer{number}")).await.try_join(uri).await;
            app.execute_sql("UPDATE chats SET approval_required = false").await;
        }
        6 => *uri = owner.rotate_uri(uri).await,
        7..=11 => change_random_message(&users[index], uri, rng, number).await,
        12..=17 => react_to_random_message(&users[index], uri, rng).await,
        18 | 19 => mention_random_user(users, index, uri, rng).await,
        _ => drop(users[index].send_message(uri, &format!("message {number}")).await),
    }
}

async fn assert_convergence(seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let app = TestApp::spawn().await;
    let (ada, mut tea) = app.ada_and_chat().await;
    let mut users = Vec::new();
    for name in ["brian", "eve", "lena"] {
        let person = app.create_user(name).await;
        person.join(&tea).await;
        users.push(person);
    }
    let watcher = app.create_user("watcher").await;
    let mut away = Client::open(&watcher, &tea).await;
    let mut stayed = Client::open(&ada, &tea).await;
    for number in 0..ACTIONS {
        perform_random_action(&app, &ada, &mut tea.uri, &mut users, &mut rng, number).await;
        let head = ada.join(&tea).await.head;
        if head == stayed.timeline.head() {
            continue;
        }
        stayed.recv_reliably(head).await;
        if rng.random_bool(0.15) {
            away.reconnect().await;
        } else {
            away.recv_unreliably(head, &mut rng).await;
        }
    }
    for changes in std::mem::take(&mut away.late).into_iter().rev() {
        away.apply(changes).await;
    }
    away.reconnect().await;
    assert_eq!(away.view(), stayed.view(), "seed {seed}");
    let mut fresh = watcher.open_timeline(&tea).await;
    while fresh.has_earlier() {
        let oldest = fresh.oldest_seq().unwrap();
        let page = watcher.history(&tea, &format!("?before={oldest}")).await;
        assert!(!fresh.prepend_page(oldest, page), "nothing changes meanwhile");
    }
    assert_eq!(view(&fresh), stayed.view(), "seed {seed}");
    assert!(fresh.messages().len() > ACTIONS / 4, "there are messages");
}

#[tokio::test(flavor = "multi_thread")]
async fn returning_client_converges_with_others() {
    let seeds = std::env::var("CHATIRE_TEST_SEEDS").map_or(4, |seeds| seeds.parse().unwrap());
    for seed in 0..seeds {
        assert_convergence(seed).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn joining_during_posts_misses_nothing() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (ada, tea) = (&ada, &*tea);
    let eve = app.create_user("eve").await;
    eve.join(tea).await;
    let posting = async {
        for number in 0..100 {
            ada.send_message(tea, &format!("message {number}")).await;
        }
    };
    let opening = async {
        let mut clients = Vec::new();
        for _ in 0..5 {
            clients.push(Client::open(&eve, tea).await);
        }
        clients
    };
    let ((), clients) = futures_util::future::join(posting, opening).await;
    let expected = eve.open_timeline(tea).await;
    for mut client in clients {
        while client.timeline.head() < expected.head() {
            let changes = client.listener.recv_changes().await;
            client.apply(changes).await;
        }
        // A page that was read in between may start later than the full history.
        let (seen, all) = (client.view().messages, view(&expected).messages);
        assert!(all.ends_with(&seen) || seen.ends_with(&all), "{seen:?}");
    }
}

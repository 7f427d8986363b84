//! Whoever was away ends equal to whoever stayed.

use rand::{RngExt, SeedableRng, rngs::StdRng};
use shared::{
    changes::Changes,
    member::{Role, Standing},
    socket::ServerFrame,
    timeline::{Heard, Timeline},
};

use crate::{
    app::{Person, TestApp},
    listener::Listener,
};

const ACTS: usize = 60;

/// A client of the chat: its socket, what it knows, and how bad its way to the server is.
struct Client {
    person: Person,
    uri: String,
    timeline: Timeline,
    listener: Listener,
    /// Heard late, after what came later.
    late: Vec<Changes>,
}

/// What a person sees of a chat.
#[derive(Debug, PartialEq)]
struct View {
    uri: String,
    head: i64,
    /// Place, author and text.
    messages: Vec<(i64, String, String)>,
    /// Everyone, whatever their standing, and when it last changed.
    people: Vec<(String, Standing, Role, i64)>,
}

impl Client {
    /// Listens first and reads second.
    async fn open(person: &Person, uri: &str) -> Self {
        person.joins(uri).await;
        let listener = person.listens_to(uri).await;
        let (person, uri) = (person.clone(), uri.to_owned());
        Self { timeline: person.opens(&uri).await, person, uri, listener, late: Vec::new() }
    }

    /// Follows the rule. What comes late may still bear an address that the chat had.
    async fn hear(&mut self, mut changes: Changes) {
        self.timeline.uri().clone_into(&mut changes.uri);
        match self.timeline.hear(changes) {
            Heard::Applied | Heard::Known => {}
            Heard::Missed => self.fetch().await,
            Heard::Foreign => panic!("the database is the same"),
        }
    }

    async fn fetch(&mut self) {
        loop {
            let changes = self.person.changes(&self.uri, self.timeline.head()).await;
            let more = changes.more;
            self.timeline.move_to(changes.uri.clone());
            assert_ne!(self.timeline.hear(changes), Heard::Missed);
            if !more {
                return;
            }
        }
    }

    /// Hears everything up to `head`; each frame is lost, doubled or held back by chance.
    async fn hear_badly(&mut self, head: i64, chance: &mut StdRng) {
        loop {
            let changes = self.hears_changes().await;
            let heard_up_to = changes.head;
            match chance.random_range(0..6) {
                0 | 1 => {}
                2 => {
                    self.hear(changes.clone()).await;
                    self.hear(changes).await;
                }
                3 => self.late.push(changes),
                _ => self.hear(changes).await,
            }
            if heard_up_to >= head {
                return;
            }
        }
    }

    /// The next changes; a new address that comes before them is taken in.
    async fn hears_changes(&mut self) -> Changes {
        loop {
            match self.listener.hears().await {
                ServerFrame::Changes(changes) => return changes,
                ServerFrame::Moved { to, .. } => self.timeline.move_to(to),
                other => panic!("changes were awaited: {other:?}"),
            }
        }
    }

    async fn hear_well(&mut self, head: i64) {
        while self.timeline.head() < head {
            let changes = self.hears_changes().await;
            let verdict = self.timeline.hear(changes);
            assert!(
                matches!(verdict, Heard::Applied | Heard::Known),
                "whoever stays misses nothing: {verdict:?}"
            );
        }
    }

    /// A new socket, from where the client knows the chat.
    async fn reconnect(&mut self) {
        self.listener = self.person.listens().await;
        let since = self.timeline.since();
        self.listener.subscribes(&self.uri, Some(since.after), since.epoch).await;
        let missed = self.hears_changes().await;
        self.hear(missed).await;
    }

    fn view(&self) -> View {
        view(&self.timeline)
    }
}

fn view(timeline: &Timeline) -> View {
    let messages = timeline
        .messages()
        .map(|message| (message.seq, timeline.author(message).username.clone(), message.message.clone()));
    let seen =
        [Standing::In, Standing::Knocking].into_iter().flat_map(|standing| timeline.standing(standing));
    let people = seen.map(|one| (one.user.username.clone(), one.standing, one.role, one.revision));
    let (uri, head) = (timeline.uri().to_owned(), timeline.head());
    View { uri, head, messages: messages.collect(), people: people.collect() }
}

/// Whatever people do.
async fn act(
    app: &TestApp,
    owner: &Person,
    uri: &mut String,
    people: &mut Vec<Person>,
    chance: &mut StdRng,
    number: usize,
) {
    let who = chance.random_range(0..people.len());
    match chance.random_range(0..14) {
        0 => {
            let newcomer = app.person(&format!("newcomer{number}")).await;
            newcomer.joins(uri).await;
            people.push(newcomer);
        }
        1 => people[who].renames_to(&format!("person{number}")).await,
        2 if people.len() > 2 => people.remove(who).leaves_for_good().await,
        3 => {
            let says = (0..5).map(|n| people[(who + n) % people.len()].says(uri, "all at once"));
            futures_util::future::join_all(says).await;
        }
        4 => {
            let newcomer = app.person(&format!("newcomer{number}")).await;
            let role = ["reader", "writer", "moderator"][chance.random_range(0..3)];
            let link = owner.makes_link(uri, serde_json::json!({ "role": role })).await;
            newcomer.joins(&link.secret).await;
            people[who].joins(&link.secret).await;
        }
        5 => {
            app.run("UPDATE chats SET approval = true").await;
            app.person(&format!("newcomer{number}")).await.join(uri).await;
            app.run("UPDATE chats SET approval = false").await;
        }
        6 => *uri = owner.rotates(uri).await,
        _ => drop(people[who].says(uri, &format!("message {number}")).await),
    }
}

async fn away_equals_present(seed: u64) {
    let mut chance = StdRng::seed_from_u64(seed);
    let app = TestApp::start().await;
    let (ada, mut tea) = app.tea().await;
    let mut people = Vec::new();
    for name in ["brian", "eve", "lena"] {
        let person = app.person(name).await;
        person.joins(&tea).await;
        people.push(person);
    }
    let watcher = app.person("watcher").await;
    let mut away = Client::open(&watcher, &tea).await;
    let mut stayed = Client::open(&ada, &tea).await;
    for number in 0..ACTS {
        act(&app, &ada, &mut tea, &mut people, &mut chance, number).await;
        let head = ada.joins(&tea).await.head;
        stayed.hear_well(head).await;
        if chance.random_bool(0.15) {
            away.reconnect().await;
        } else {
            away.hear_badly(head, &mut chance).await;
        }
    }
    for changes in std::mem::take(&mut away.late).into_iter().rev() {
        away.hear(changes).await;
    }
    away.reconnect().await;
    assert_eq!(away.view(), stayed.view(), "seed {seed}");
    let mut fresh = watcher.opens(&tea).await;
    while fresh.has_earlier() {
        let page = watcher.history(&tea, &format!("?before={}", fresh.oldest().unwrap())).await;
        assert!(!fresh.extend_back(page), "nothing happens any more");
    }
    assert_eq!(view(&fresh), stayed.view(), "seed {seed}");
    assert!(fresh.messages().len() > ACTS / 2, "something happened");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_away_ends_equal_to_whoever_stayed() {
    let seeds = std::env::var("CHATIRE_TEST_SEEDS").map_or(4, |seeds| seeds.parse().unwrap());
    for seed in 0..seeds {
        away_equals_present(seed).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_joins_while_everyone_speaks_misses_nothing() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let (ada, tea) = (&ada, tea.as_str());
    let eve = app.person("eve").await;
    eve.joins(tea).await;
    let speaking = async {
        for number in 0..100 {
            ada.says(tea, &format!("message {number}")).await;
        }
    };
    let opening = async {
        let mut clients = Vec::new();
        for _ in 0..5 {
            clients.push(Client::open(&eve, tea).await);
        }
        clients
    };
    let ((), clients) = futures_util::future::join(speaking, opening).await;
    let expected = eve.opens(tea).await;
    for mut client in clients {
        while client.timeline.head() < expected.head() {
            let changes = client.listener.hears_changes().await;
            client.hear(changes).await;
        }
        // A page that was read in between may begin later than the whole.
        let (seen, all) = (client.view().messages, view(&expected).messages);
        assert!(all.ends_with(&seen) || seen.ends_with(&all), "{seen:?}");
    }
}

//! Everybody comes back at once after a restart.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use shared::changes::Since;
use tokio::time::timeout;
use uuid::Uuid;

use crate::{line::Line, people::Person, place::Place};

const SOCKETS: usize = 2_000;
const BACK_WITHIN: Duration = Duration::from_secs(30);

/// Every socket is a file, here and in the server, which inherits the limit.
fn allow_many_files() {
    let most = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most }).unwrap();
}

async fn come(person: Person, uri: String, since: Since) -> anyhow::Result<(Line, Since)> {
    let mut line = Line::open(&person).await?;
    line.subscribes(&uri, Some(since)).await?;
    let changes = line.hears_changes().await?;
    Ok((line, Since { after: changes.head, epoch: since.epoch }))
}

/// Everybody at once; nobody may be turned away.
async fn all_come(people: &[Person], uri: &str, since: Since) -> Vec<(Line, Since)> {
    let coming = (0..SOCKETS).map(|number| {
        let person = people[number % people.len()].clone();
        tokio::spawn(come(person, uri.to_owned(), since))
    });
    let come = timeout(BACK_WITHIN, join_all(coming)).await.expect("all come in time");
    let (back, turned_away): (Vec<_>, Vec<_>) = come.into_iter().map(Result::unwrap).partition(Result::is_ok);
    let why = turned_away.first().map(|refused| format!("{:?}", refused.as_ref().err()));
    assert!(turned_away.is_empty(), "{} of {SOCKETS} were turned away: {why:?}", turned_away.len());
    back.into_iter().map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: cargo xtask test --faults"]
async fn two_thousand_come_back_at_once_after_a_restart() {
    allow_many_files();
    let mut place = Place::open().await;
    let ada = place.person("ada").await;
    let tea = ada.starts().await;
    let people = place.people(40, "person").await;
    for person in &people {
        person.joins(&tea).await;
    }
    let joined = ada.joins(&tea).await;
    let since = Since { after: joined.head, epoch: Some(joined.epoch) };
    let before = Instant::now();
    let lines = all_come(&people, &tea, since).await;
    let first = before.elapsed();
    place.server.kill().await;
    drop(lines);
    place.server.start_again().await;
    // Missed by all of them.
    let missed = ada.posts(&tea, Uuid::new_v4(), "while you were away").await.unwrap().stored.seq;
    let again = Instant::now();
    let lines = all_come(&people, &tea, since).await;
    let back = again.elapsed();
    assert!(lines.iter().all(|(_, since)| since.after == missed), "everybody knows what was missed");
    let said = Instant::now();
    let seq = ada.posts(&tea, Uuid::new_v4(), "all here?").await.unwrap().stored.seq;
    let hear = |(mut line, _): (Line, Since)| async move {
        let changes = line.hears_changes().await.unwrap();
        assert_eq!((changes.after, changes.head), (missed, seq));
    };
    timeout(BACK_WITHIN, join_all(lines.into_iter().map(hear))).await.expect("all hear it in time");
    println!(
        "{SOCKETS} sockets: all came in {first:.1?}, were back {back:.1?} after the restart, none turned away, and \
         heard the next post within {:.0?}; the server holds {} KiB",
        said.elapsed(),
        place.server.memory(),
    );
}

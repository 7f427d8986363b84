//! Searches among a million messages, and what the search index costs posts.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::bench::{Bench, per_cpu_second, quantile_millis};
use crate::http_load::HttpLoad;
use crate::layout::Layout;
use crate::load_generator::PostingPace;
use crate::marker::{Marker, Random};
use crate::scenarios::messaging::{P95, P99, PER_CPU_SECOND, open_generator, run_load};
use crate::target::{Running, Target};

pub const SEARCHES: &str = "search among 1,000,000 messages, 1 connection";
pub const INDEXING: &str = "search index: 1,000,000 messages from nothing";
pub const SOCKET_POSTS: &str = "S2 with 1,000,000 messages, by whether they are indexed";
pub const REST_POSTS: &str = "REST: durable posts with 1,000,000 messages, by whether they are indexed";

pub const INDEXED: &str = "indexed";
pub const PAUSED: &str = "indexing paused";
pub const POSTS: &str = "posts/s";

/// What is searched for: in the chat with most of the messages, and in all chats.
const IN_CHAT: [(&str, &str); 14] = [
    ("very common word", "the"),
    ("rare word", "xylophone"),
    ("word of the older half", "ancient"),
    ("no hit", "qwertzuiop"),
    ("no hit of common parts", "theancien"),
    ("beginning of a word", "mira"),
    ("two letters", "mi"),
    ("part of a word", "ylophon"),
    ("two words", "ancient the"),
    ("Chinese word", "会议"),
    ("Chinese character", "议"),
    ("author", "the from:user3"),
    ("old month", "the after:2023-02-01 before:2023-03-01"),
    ("links", "has:link"),
];
const IN_ALL_CHATS: [(&str, &str); 5] = [
    ("all chats: very common word", "the"),
    ("all chats: rare word", "xylophone"),
    ("all chats: word of the older half", "ancient"),
    ("all chats: no hit", "qwertzuiop"),
    ("all chats: Chinese word", "会议"),
];
const NO_HIT: [&str; 2] = ["qwertzuiop", "theancien"];

const POSTING_CONNECTIONS: usize = 32;

/// Three of five messages are in one chat. Words are made of syllables, some much more frequent than others; the first user
/// becomes a member of all chats.
const MESSAGES: &str = "
    INSERT INTO members (chat_id, user_id, role, seq, revision, created_at)
      SELECT id, 1, 'writer', 5, 5, now() FROM chats ON CONFLICT DO NOTHING;
    INSERT INTO messages (chat_id, seq, revision, user_id, client_id, message, created_at)
      SELECT chat, seq, seq, 1 + (chat - 1) * 5 + i % 5, gen_random_uuid(), text,
        '2023-01-01'::timestamptz + i * interval '90 seconds'
      FROM (SELECT i, chat, text, 5 + row_number() OVER (PARTITION BY chat ORDER BY i) AS seq FROM (
        SELECT i, CASE WHEN i % 5 < 3 THEN 1 ELSE 2 + i % 199 END AS chat,
          CASE WHEN i % 3 = 0 THEN 'the ' ELSE '' END || (
            SELECT string_agg(syllables[1 + n % 40] || syllables[1 + n / 40 % 40]
              || CASE WHEN n < 1600 THEN '' ELSE syllables[1 + n / 1600] END, ' ')
            FROM (SELECT floor(64000 * random() ^ 4)::int AS n FROM generate_series(1, 4 + i % 9)) AS words)
          || CASE WHEN i % 200000 = 77777 THEN ' xylophone' ELSE '' END
          || CASE WHEN i < 500000 AND i % 3 < 2 THEN ' ancient' ELSE '' END
          || CASE WHEN i % 20 = 0 THEN ' 明天上午开会议' ELSE '' END
          || CASE WHEN i % 10 = 1 THEN ' https://example.org/' || i ELSE '' END AS text
        FROM generate_series(1, 1000000) AS i, (SELECT string_to_array('ka mi ra to se no lu ve an or el ti ba so
          ne ri ma du pe chi la wo gi fa tu ren sal mon ter vin dar kel bor ston hal ny qua zi jo hu', ' ')
          AS syllables) AS vocabulary) AS texts) AS numbered;
    UPDATE chats SET head = (SELECT max(seq) FROM messages WHERE chat_id = chats.id);
    ANALYZE";

/// Only for our server.
pub fn run(bench: &mut Bench) {
    if !bench.targets.contains(&Target::Chatire) {
        return;
    }
    let layout = Layout::new(1_000, 200, 5);
    bench.run_target(Target::Chatire, SEARCHES, &layout, |bench, running| {
        bench.database.run_sql(&running.database, MESSAGES)?;
        let start = Instant::now();
        bench.database.index_messages(&running.database)?;
        let seconds = start.elapsed().as_secs_f64();
        println!("  indexed in {seconds:.0} s");
        bench.results.add(INDEXING, running.target.name(), [("seconds", seconds)]);
        bench.database.vacuum_and_checkpoint(&running.database)?;
        measure_searches(bench, running)?;
        measure_posts(bench, running, &layout)
    });
}

fn measure_searches(bench: &mut Bench, running: &Running) -> Result<()> {
    let chat = format!("/api/chats/{}/search/", chat_uri(0));
    let in_chat = IN_CHAT.iter().map(|class| (chat.as_str(), class));
    for (path, (name, text)) in in_chat.chain(IN_ALL_CHATS.iter().map(|class| ("/api/search/", class))) {
        let request = get_request(running, path, text);
        let has_hits = !NO_HIT.contains(text);
        let load = HttpLoad {
            connections: 1,
            warm_up: Duration::from_secs(1),
            duration: Duration::from_secs(bench.seconds.div_ceil(2)),
            next_request: |_| request.clone(),
            is_valid: |body: &[u8]| body.starts_with(br#"{"results":[]"#) != has_hits,
        };
        let outcome = load.run(running.address, || Ok(()))?;
        let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|at| quantile_millis(&outcome.latency, at));
        println!("  {name:<36} p50 {p50:>7.1} ms  p95 {p95:>7.1} ms  ({} searches)", outcome.responses);
        bench.results.add(SEARCHES, name, [(P95, p95), ("p50 ms", p50), (P99, p99)]);
    }
    Ok(())
}

/// In turn with and without indexing, on the same server. Each comes first in every second round: the first posts after a
/// checkpoint write more.
fn measure_posts(bench: &mut Bench, running: &Running, layout: &Layout) -> Result<()> {
    let mut generator = open_generator(running, layout)?;
    let writers = layout.writer_groups(layout.chats);
    let mut random = Random(1);
    for round in 0..bench.rounds {
        let modes = if round % 2 == 0 { [PAUSED, INDEXED] } else { [INDEXED, PAUSED] };
        for mode in modes {
            bench.database.vacuum_and_checkpoint(&running.database)?;
            // The job waits for the lock of its table.
            let lock = (mode == PAUSED)
                .then(|| bench.database.lock_table(&running.database, "search_progress"))
                .transpose()?;
            let outcome = run_load(bench, running, &mut generator, &writers, PostingPace::Closed)?;
            let posts = outcome.posts as f64 / outcome.seconds;
            bench.results.add(
                SOCKET_POSTS,
                mode,
                [(POSTS, posts), (PER_CPU_SECOND, per_cpu_second(&outcome))],
            );
            let posts = measure_rest_posts(bench, running, &mut random)?;
            println!("  {mode:<16} {posts:>9.0} REST posts/s");
            bench.results.add(REST_POSTS, mode, [(POSTS, posts)]);
            if let Some(lock) = lock {
                bench.database.unlock(&lock)?;
            }
        }
    }
    Ok(())
}

fn measure_rest_posts(bench: &Bench, running: &Running, random: &mut Random) -> Result<f64> {
    let (adapter, mut counter) = (running.target.adapter(), 0);
    let duration = Duration::from_secs(bench.seconds);
    let load = HttpLoad {
        connections: POSTING_CONNECTIONS,
        warm_up: duration / 3,
        duration,
        next_request: |connection: usize| {
            counter += 1;
            let marker = Marker { group: connection, counter };
            let text = marker.message_text(0);
            // Each chat has five users of its own.
            adapter.post_request(
                &running.users[connection * 5],
                connection,
                &marker.client_id(random.next()),
                &text,
            )
        },
        is_valid: |_: &[u8]| true,
    };
    let outcome = load.run(running.address, || Ok(()))?;
    ensure!(outcome.responses > 0, "nothing was posted");
    Ok(outcome.responses as f64 / outcome.seconds)
}

fn chat_uri(chat: usize) -> String {
    format!("bench{:017}", chat + 1)
}

fn get_request(running: &Running, path: &str, text: &str) -> String {
    let query: Vec<_> = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let query = query.concat();
    let token = &running.users[0].token;
    format!("GET {path}?q={query} HTTP/1.1\r\nHost: localhost\r\nAuthorization: JWT {token}\r\n\r\n")
}

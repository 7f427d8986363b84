//! The performance goals of our server, and whether it reaches them.

use crate::results::Results;
use crate::scenarios::{
    after_load, cold_start, first_view, growth, idle, inserts, long_chat, messaging, newcomers, opening,
    rest, search,
};
use crate::table::{format_figure, render_table};
use crate::target::{OURS, Target};

/// Identifies a figure.
#[derive(Clone, Copy)]
struct FigureKey {
    scenario: &'static str,
    target: &'static str,
    name: &'static str,
}

enum Bound {
    AtLeast,
    AtMost,
}

use Bound::{AtLeast, AtMost};

struct Goal {
    name: String,
    measured: Option<f64>,
    bound: Bound,
    /// None if the figure it is compared with was not measured.
    required: Option<f64>,
}

/// All goals for which something was measured.
pub fn render_goals(results: &Results) -> String {
    let measured = all_goals(results).into_iter().filter_map(|goal| goal.row());
    let rows: Vec<_> = measured.collect();
    if rows.is_empty() {
        return String::new();
    }
    let head = ["goal", "ours", "required", "", ""].map(str::to_owned);
    format!("\n## Goals\n\n{}", render_table(&head, &rows))
}

impl Goal {
    fn row(&self) -> Option<Vec<String>> {
        let (ours, required) = (self.measured?, self.required?);
        let (sign, missed) = match self.bound {
            AtLeast => ("≥", ours < required),
            AtMost => ("≤", ours > required),
        };
        let verdict = if missed { "missed" } else { "reached" };
        let distance = if required == 0.0 {
            String::new()
        } else {
            format!("{:+.0} %", 100.0 * (ours / required - 1.0))
        };
        Some(vec![
            self.name.clone(),
            format_figure(Some(ours)),
            format!("{sign} {}", format_figure(Some(required))),
            verdict.into(),
            distance,
        ])
    }
}

fn all_goals(results: &Results) -> Vec<Goal> {
    let mut goals = throughput_goals(results);
    goals.extend(http_goals(results));
    goals.extend(resource_goals(results));
    goals.extend(first_view_goals(results));
    goals.extend(long_chat_goals(results));
    goals
}

fn throughput_goals(results: &Results) -> Vec<Goal> {
    let (bun, raw, limit) = (Target::Bun.name(), Target::Raw.name(), Target::Limit.name());
    let compare = |what: &str, scenario, name, bound, factor, target| {
        let ours = FigureKey { scenario, target: OURS, name };
        compare_with(results, what, ours, bound, factor, FigureKey { target, ..ours })
    };
    let (rate, p95, p99) = (messaging::PER_CPU_SECOND, messaging::P95, messaging::P99);
    vec![
        compare("G1 S1 per CPU-s, 2.5 × Bun", messaging::FAN_OUT, rate, AtLeast, 2.5, bun),
        compare("G1 S1 per CPU-s, as raw", messaging::FAN_OUT, rate, AtLeast, 1.0, raw),
        compare("G2 S2 per CPU-s, 2.5 × Bun", messaging::MANY_CHATS, rate, AtLeast, 2.5, bun),
        compare("G2 S2 per CPU-s, 80 % of the limit", messaging::MANY_CHATS, rate, AtLeast, 0.8, limit),
        compare(
            "G3 p95 ms at 100 posts/s, 1.3 × the limit",
            messaging::FAN_OUT_STEADY,
            p95,
            AtMost,
            1.3,
            limit,
        ),
        compare(
            "G3 p99 ms at 100 posts/s, 1.3 × the limit",
            messaging::FAN_OUT_STEADY,
            p99,
            AtMost,
            1.3,
            limit,
        ),
        compare("G3 p99 ms at half of S1, 0.7 × Bun", messaging::FAN_OUT_HALF, p99, AtMost, 0.7, bun),
        compare("G3 p99 ms at half of S2, as Bun", messaging::MANY_CHATS_HALF, p99, AtMost, 1.0, bun),
    ]
}

fn http_goals(results: &Results) -> Vec<Goal> {
    let (bun, raw) = (Target::Bun.name(), Target::Raw.name());
    let key = |scenario, target, name| FigureKey { scenario, target, name };
    let posts = key(rest::POSTS, OURS, rest::RATE);
    let waits = key(rest::POSTS, OURS, messaging::P99);
    let history = key(rest::HISTORY, OURS, rest::RATE);
    let inserts = key(inserts::NAME, inserts::TARGET, inserts::RATE);
    let compare = |what, ours, bound, factor, other| compare_with(results, what, ours, bound, factor, other);
    vec![
        compare("G4 posts/s, 2.8 × Bun", posts, AtLeast, 2.8, FigureKey { target: bun, ..posts }),
        compare("G4 posts/s, 1.6 × pgbench", posts, AtLeast, 1.6, inserts),
        compare("G4 p99 ms, 0.3 × Bun", waits, AtMost, 0.3, FigureKey { target: bun, ..waits }),
        compare("G5 history/s, 12 × Bun", history, AtLeast, 12.0, FigureKey { target: bun, ..history }),
        compare("G5 history/s, 60 % of raw HTTP", history, AtLeast, 0.6, key(rest::CANNED, raw, rest::RATE)),
    ]
}

fn resource_goals(results: &Results) -> Vec<Goal> {
    let ours = |scenario, name| results.median(scenario, OURS, name);
    let fixed = |name: &str, measured, bound, required| Goal {
        name: name.to_owned(),
        measured,
        bound,
        required: Some(required),
    };
    let mut goals = vec![
        fixed("G6 KiB an idle socket", ours(idle::MANY, idle::KIB_PER_SOCKET), AtMost, 3.5),
        fixed("G6 KiB an idle listener", ours(idle::MANY_SUBSCRIBED, idle::KIB_PER_SOCKET), AtMost, 3.5),
        fixed("G6 sockets opened", ours(idle::MANY, idle::OPENED), AtLeast, 10_000.0),
    ];
    goals.extend(
        messaging::FAULTS.map(|fault| fixed(&format!("G7 {fault}"), sum_faults(results, fault), AtMost, 0.0)),
    );
    goals.extend([
        fixed("newcomers/CPU-s", ours(newcomers::NAME, newcomers::RATE), AtLeast, 500.0),
        fixed("members, worst against 100", worst_ratio(results, growth::MEMBERS, "100"), AtLeast, 0.85),
        fixed("chats, worst against 1,000", worst_ratio(results, growth::CHATS, "1,000"), AtLeast, 0.85),
        fixed(
            "quiet chats, worst against 1,000",
            worst_ratio(results, growth::QUIET_CHATS, "1,000"),
            AtLeast,
            0.85,
        ),
        fixed("cold start ms", ours(cold_start::NAME, cold_start::MILLIS), AtMost, 150.0),
        fixed("MiB at rest", ours(cold_start::NAME, cold_start::MEMORY), AtMost, 25.0),
        fixed("MiB a minute after a load", ours(after_load::NAME, after_load::MEMORY), AtMost, 60.0),
        fixed("opening, slowest messages against plain", slowest_opening(results), AtMost, 1.5),
        fixed("slowest search, p95 ms", slowest_search(results), AtMost, 100.0),
        fixed("S2 posts with the search index", indexing_ratio(results, search::SOCKET_POSTS), AtLeast, 0.95),
        fixed("REST posts with the search index", indexing_ratio(results, search::REST_POSTS), AtLeast, 0.95),
    ]);
    goals
}

/// A long chat opens as fast as an empty one, and scrolls without a pause.
fn long_chat_goals(results: &Results) -> Vec<Goal> {
    let opening = |target| FigureKey { scenario: long_chat::NAME, target, name: long_chat::MILLIS };
    let at_most = |name: &str, figure, required| Goal {
        name: format!("long chat, {name}"),
        measured: results.median(long_chat::SCROLLING, long_chat::LONG, figure),
        bound: AtMost,
        required: Some(required),
    };
    let name = "long chat, ms to open, 1.2 × an empty one";
    vec![
        compare_with(results, name, opening(long_chat::LONG), AtMost, 1.2, opening(long_chat::EMPTY)),
        at_most("ms of the longest task", long_chat::LONGEST, 50.0),
        at_most("rows in the page", long_chat::ROWS, 300.0),
        at_most("pixels that the view moved", long_chat::MOVED, 1.0),
        at_most("MiB of JavaScript heap, growth", long_chat::HEAP_GROWTH, 5.0),
    ]
}

/// A page that can be used no later than the plain one.
fn first_view_goals(results: &Results) -> Vec<Goal> {
    let of = |page, figure| results.median(first_view::NAME, page, figure);
    let goal = |figure: &'static str| Goal {
        name: figure.to_owned(),
        measured: of(first_view::OURS, figure),
        bound: AtMost,
        required: of(first_view::PLAIN_PAGE, figure),
    };
    first_view::figures().map(goal).collect()
}

fn compare_with(
    results: &Results,
    name: &str,
    ours: FigureKey,
    bound: Bound,
    factor: f64,
    other: FigureKey,
) -> Goal {
    let figure = |key: FigureKey| results.median(key.scenario, key.target, key.name);
    Goal {
        name: name.to_owned(),
        measured: figure(ours),
        bound,
        required: figure(other).map(|other| factor * other),
    }
}

/// The sum over all scenarios of our server.
fn sum_faults(results: &Results, fault: &str) -> Option<f64> {
    let sizes = growth::SIZES.map(|(size, _)| size);
    let ours = std::iter::once(OURS).chain(sizes);
    ours.filter_map(|target| results.sum(target, fault)).reduce(|sum, more| sum + more)
}

/// The lowest ratio of any larger size to this one.
fn worst_ratio(results: &Results, scenario: &str, smallest: &str) -> Option<f64> {
    let at = |size| results.median(scenario, size, messaging::PER_CPU_SECOND);
    let larger = growth::SIZES.into_iter().skip_while(|(size, _)| *size != smallest).skip(1);
    let ratios = larger.filter_map(|(size, _)| Some(at(size)? / at(smallest)?));
    ratios.reduce(f64::min)
}

/// The highest p95 of any kind of search.
fn slowest_search(results: &Results) -> Option<f64> {
    let kinds = results.rows(search::SEARCHES).into_iter();
    kinds.filter_map(|kind| results.median(search::SEARCHES, kind, messaging::P95)).reduce(f64::max)
}

/// Posts while messages are indexed, as a ratio to posts while they are not.
fn indexing_ratio(results: &Results, scenario: &str) -> Option<f64> {
    let posts = |mode| results.median(scenario, mode, search::POSTS);
    Some(posts(search::INDEXED)? / posts(search::PAUSED)?)
}

/// The highest ratio of any messages to plain ones.
fn slowest_opening(results: &Results) -> Option<f64> {
    let of = |name| results.median(opening::NAME, name, opening::MILLIS);
    let ratios = opening::MESSAGES.into_iter().filter_map(|(name, ..)| Some(of(name)? / of(opening::PLAIN)?));
    ratios.reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goal_row_shows_verdict_and_distance() {
        let mut results = Results::default();
        for (target, rate) in [(OURS, 500.0), ("bun", 100.0), ("raw", 1_000.0)] {
            results.add(messaging::FAN_OUT, target, [(messaging::PER_CPU_SECOND, rate)]);
        }
        let table = render_goals(&results);
        let row = |what: &str| table.lines().find(|line| line.contains(what)).unwrap_or_default().to_owned();
        assert!(row("2.5 × Bun").contains("reached") && row("2.5 × Bun").contains("+100 %"), "{table}");
        assert!(row("as raw").contains("missed") && row("as raw").contains("-50 %"), "{table}");
        assert!(!table.contains("G2"), "{table}");
    }

    #[test]
    fn one_lost_message_misses_the_goal() {
        let mut results = Results::default();
        for lost in [0.0, 1.0, 0.0] {
            results.add(messaging::FAN_OUT, OURS, [("lost", lost)]);
        }
        let table = render_goals(&results);
        assert!(table.lines().any(|line| line.contains("G7 lost") && line.contains("missed")), "{table}");
    }

    #[test]
    fn growth_goal_uses_the_worst_size() {
        let mut results = Results::default();
        for (size, rate) in [("10", 100.0), ("100", 120.0), ("1,000", 80.0)] {
            results.add(growth::CHATS, size, [(messaging::PER_CPU_SECOND, rate)]);
        }
        assert_eq!(worst_ratio(&results, growth::CHATS, "10"), Some(0.8));
        assert_eq!(worst_ratio(&results, growth::CHATS, "1,000"), None);
    }
}

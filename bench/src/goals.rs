//! What ours is meant to reach, and whether it did.

use crate::contestant::{Contestant, OURS};
use crate::results::Results;
use crate::scenarios::{growth, idle, inserts, rest, start, talk};
use crate::table::{markdown, shown};

/// Where a figure stands.
#[derive(Clone, Copy)]
struct Place {
    scenario: &'static str,
    who: &'static str,
    name: &'static str,
}

enum Bound {
    AtLeast,
    AtMost,
}

use Bound::{AtLeast, AtMost};

struct Goal {
    what: String,
    reached: Option<f64>,
    bound: Bound,
    /// None when what it is compared with was not measured.
    wanted: Option<f64>,
}

/// Those goals of which something was measured.
pub fn table(results: &Results) -> String {
    let measured = all(results).into_iter().filter_map(|goal| goal.row());
    let rows: Vec<_> = measured.collect();
    if rows.is_empty() {
        return String::new();
    }
    let head = ["goal", "ours", "wanted", "", ""].map(str::to_owned);
    format!("\n## Goals\n\n{}", markdown(&head, &rows))
}

impl Goal {
    fn row(&self) -> Option<Vec<String>> {
        let (ours, wanted) = (self.reached?, self.wanted?);
        let (sign, missed) = match self.bound {
            AtLeast => ("≥", ours < wanted),
            AtMost => ("≤", ours > wanted),
        };
        let verdict = if missed { "missed" } else { "reached" };
        let distance =
            if wanted == 0.0 { String::new() } else { format!("{:+.0} %", 100.0 * (ours / wanted - 1.0)) };
        Some(vec![
            self.what.clone(),
            shown(Some(ours)),
            format!("{sign} {}", shown(Some(wanted))),
            verdict.into(),
            distance,
        ])
    }
}

fn all(results: &Results) -> Vec<Goal> {
    let mut goals = speed(results);
    goals.extend(http(results));
    goals.extend(size(results));
    goals
}

fn speed(results: &Results) -> Vec<Goal> {
    let (bun, raw) = (Contestant::Bun.name(), Contestant::Raw.name());
    let compare = |what: &str, scenario, name, bound, factor, who| {
        let ours = Place { scenario, who: OURS, name };
        against(results, what, ours, bound, factor, Place { who, ..ours })
    };
    let (rate, p99) = (talk::PER_PROCESSOR_SECOND, talk::P99);
    vec![
        compare("G1 S1 per CPU-s, 1.15 × Bun", talk::FAN_OUT, rate, AtLeast, 1.15, bun),
        compare("G1 S1 per CPU-s, 60 % of raw", talk::FAN_OUT, rate, AtLeast, 0.6, raw),
        compare("G2 S2 per CPU-s, 2.3 × Bun", talk::MANY_CHATS, rate, AtLeast, 2.3, bun),
        compare("G2 S2 per CPU-s, 60 % of raw", talk::MANY_CHATS, rate, AtLeast, 0.6, raw),
        compare("G3 p99 ms at 100 posts/s, 1.5 × raw", talk::FAN_OUT_STEADY, p99, AtMost, 1.5, raw),
        compare("G3 p99 ms at half of S1, as Bun", talk::FAN_OUT_HALF, p99, AtMost, 1.0, bun),
        compare("G3 p99 ms at half of S2, 0.6 × Bun", talk::MANY_CHATS_HALF, p99, AtMost, 0.6, bun),
    ]
}

fn http(results: &Results) -> Vec<Goal> {
    let (bun, raw) = (Contestant::Bun.name(), Contestant::Raw.name());
    let place = |scenario, who, name| Place { scenario, who, name };
    let posts = place(rest::POSTS, OURS, rest::RATE);
    let waits = place(rest::POSTS, OURS, talk::P99);
    let history = place(rest::HISTORY, OURS, rest::RATE);
    let inserts = place(inserts::NAME, inserts::WHO, inserts::RATE);
    let compare = |what, ours, bound, factor, other| against(results, what, ours, bound, factor, other);
    vec![
        compare("G4 posts/s, 3.5 × Bun", posts, AtLeast, 3.5, Place { who: bun, ..posts }),
        compare("G4 posts/s, 2 × pgbench", posts, AtLeast, 2.0, inserts),
        compare("G4 p99 ms, 0.3 × Bun", waits, AtMost, 0.3, Place { who: bun, ..waits }),
        compare("G5 history/s, 10 × Bun", history, AtLeast, 10.0, Place { who: bun, ..history }),
        compare(
            "G5 history/s, 60 % of raw HTTP",
            history,
            AtLeast,
            0.6,
            place(rest::CANNED, raw, rest::RATE),
        ),
    ]
}

fn size(results: &Results) -> Vec<Goal> {
    let ours = |scenario, name| results.median(scenario, OURS, name);
    let fixed = |what: &str, reached, bound, wanted| Goal {
        what: what.to_owned(),
        reached,
        bound,
        wanted: Some(wanted),
    };
    let mut goals = vec![
        fixed("G6 KiB an idle socket", ours(idle::MANY, idle::EACH), AtMost, 6.0),
        fixed("G6 KiB an idle listener", ours(idle::MANY_LISTENING, idle::EACH), AtMost, 6.0),
        fixed("G6 sockets opened", ours(idle::MANY, idle::OPENED), AtLeast, 10_000.0),
    ];
    goals
        .extend(talk::FAULTS.map(|fault| fixed(&format!("G7 {fault}"), faults(results, fault), AtMost, 0.0)));
    goals.extend([
        fixed("members, worst against 10", worst(results, growth::MEMBERS), AtLeast, 0.9),
        fixed("chats, worst against 10", worst(results, growth::CHATS), AtLeast, 0.9),
        fixed("cold start ms", ours(start::NAME, start::MILLIS), AtMost, 150.0),
        fixed("MiB at rest", ours(start::NAME, start::MEMORY), AtMost, 25.0),
    ]);
    goals
}

fn against(results: &Results, what: &str, ours: Place, bound: Bound, factor: f64, other: Place) -> Goal {
    let figure = |place: Place| results.median(place.scenario, place.who, place.name);
    Goal {
        what: what.to_owned(),
        reached: figure(ours),
        bound,
        wanted: figure(other).map(|other| factor * other),
    }
}

/// All of one kind that ours made anywhere.
fn faults(results: &Results, fault: &str) -> Option<f64> {
    let sizes = growth::SIZES.map(|(size, _)| size);
    let ours = std::iter::once(OURS).chain(sizes);
    ours.filter_map(|who| results.sum(who, fault)).reduce(|sum, more| sum + more)
}

/// The least that any size reaches of what the smallest does.
fn worst(results: &Results, scenario: &str) -> Option<f64> {
    let [smallest, larger @ ..] = growth::SIZES;
    let at = |size| results.median(scenario, size, talk::PER_PROCESSOR_SECOND);
    let ratios = larger.into_iter().filter_map(|(size, _)| Some(at(size)? / at(smallest.0)?));
    ratios.reduce(f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_reached_or_missed_by_so_much() {
        let mut results = Results::default();
        for (who, rate) in [(OURS, 230.0), ("bun", 100.0), ("raw", 1_000.0)] {
            results.add(talk::FAN_OUT, who, [(talk::PER_PROCESSOR_SECOND, rate)]);
        }
        let table = table(&results);
        let row = |what: &str| table.lines().find(|line| line.contains(what)).unwrap_or_default().to_owned();
        assert!(row("1.15 × Bun").contains("reached") && row("1.15 × Bun").contains("+100 %"), "{table}");
        assert!(row("60 % of raw").contains("missed") && row("60 % of raw").contains("-62 %"), "{table}");
        assert!(!table.contains("G2"), "{table}");
    }

    #[test]
    fn one_lost_message_in_one_round_misses_the_goal() {
        let mut results = Results::default();
        for lost in [0.0, 1.0, 0.0] {
            results.add(talk::FAN_OUT, OURS, [("lost", lost)]);
        }
        let table = table(&results);
        assert!(table.lines().any(|line| line.contains("G7 lost") && line.contains("missed")), "{table}");
    }

    #[test]
    fn growth_is_judged_by_its_worst_size() {
        let mut results = Results::default();
        for (size, rate) in [("10", 100.0), ("100", 120.0), ("1,000", 80.0)] {
            results.add(growth::CHATS, size, [(talk::PER_PROCESSOR_SECOND, rate)]);
        }
        assert_eq!(worst(&results, growth::CHATS), Some(0.8));
    }
}

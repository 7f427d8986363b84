//! Tries every route and every frame of the tables as every principal against the running server. Each attempt must have
//! the outcome that the policy says, and a rejected one must change nothing.

mod commands;
mod fixture;
mod requests;

use std::fmt;

use backend::{
    api::{
        route_table::{Command, Route},
        routes::{COMMANDS, ROUTES},
    },
    auth::policy::access::{Decision, Principal},
};
use futures_util::{StreamExt, stream};
use shared::problem::{Problem, ProblemCode};

use self::fixture::Fixture;
use crate::support::smtp::SmtpServer;

/// Concurrent attempts: enough to keep the cores busy, few enough to leave time to other tests.
const CONCURRENCY: usize = 4;

#[derive(Clone, Copy)]
enum Action {
    Request(&'static Route),
    Frame(&'static Command),
}

enum Outcome {
    Decided(Decision),
    /// No response and no effect: the rejection of a frame that may be lost.
    Ignored,
    /// A rejection that changed something.
    Changed(Decision),
    Unexpected(String),
}

impl Action {
    fn all() -> impl Iterator<Item = Self> {
        ROUTES.iter().map(Self::Request).chain(COMMANDS.iter().map(Self::Frame))
    }

    fn decide(self, principal: Principal) -> Decision {
        match self {
            Self::Request(Route { policy, .. }) | Self::Frame(Command { policy, .. }) => {
                policy.decide(principal)
            }
        }
    }

    /// Attempts the action on a fixture of its own.
    async fn attempt(self, fixture: &Fixture<'_>) -> Outcome {
        let before = fixture.snapshot().await;
        let outcome = match self {
            Self::Request(route) => requests::attempt(route, fixture).await,
            Self::Frame(command) => commands::attempt(command, fixture).await,
        };
        match outcome {
            Outcome::Decided(decision)
                if decision != Decision::Allowed && fixture.snapshot().await != before =>
            {
                Outcome::Changed(decision)
            }
            outcome => outcome,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(route) => write!(f, "{} {}", route.method, route.path),
            Self::Frame(command) => write!(f, "frame {}", command.name),
        }
    }
}

impl Outcome {
    fn matches(&self, expected: Decision) -> bool {
        match self {
            Self::Decided(decision) => *decision == expected,
            Self::Ignored => expected != Decision::Allowed,
            Self::Changed(_) | Self::Unexpected(_) => false,
        }
    }

    fn from_problem(problem: &Problem) -> Self {
        match (problem.status, problem.code) {
            (401, _) => Self::Decided(Decision::Unauthenticated),
            (403, _) => Self::Decided(Decision::Forbidden),
            (404, ProblemCode::ChatNotFound) => Self::Decided(Decision::NotFound),
            // Authorized, but there is nothing to do.
            (409, ProblemCode::Conflict) | (400, ProblemCode::PasskeyRejected) => {
                Self::Decided(Decision::Allowed)
            }
            _ => Self::Unexpected(format!("{problem:?}")),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decided(decision) => write!(f, "{decision:?}"),
            Self::Ignored => f.write_str("ignored"),
            Self::Changed(decision) => write!(f, "{decision:?}, but something changed"),
            Self::Unexpected(what) => f.write_str(what),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_and_frame_obeys_its_policy() {
    let app = SmtpServer::start().await.spawn_app().await;
    let sql = app.sql().await;
    let cells = Action::all().flat_map(|action| Principal::ALL.map(|principal| (action, principal)));
    let attempts = cells.zip(1..).map(async |((action, principal), number)| {
        let fixture = Fixture::create(&app, &sql, number, principal).await;
        let (expected, outcome) = (action.decide(principal), action.attempt(&fixture).await);
        let is_wrong = !outcome.matches(expected);
        is_wrong.then(|| format!("{action}, {principal:?}: expected {expected:?}, got {outcome}"))
    });
    let results: Vec<_> = stream::iter(attempts).buffered(CONCURRENCY).collect().await;
    let count = results.len();
    eprintln!("{count} combinations were tried");
    let wrong: Vec<_> = results.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} of {count} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

//! Everybody tries everything: each route and each command of the tables, as everyone who can ask, against the running
//! server. Whoever may gets it done; whoever may not is told so as the tables say, and changes nothing.

mod commands;
mod requests;
mod stage;

use std::fmt;

use backend::{
    auth::access::{Actor, Verdict},
    routes::{
        COMMANDS, ROUTES,
        table::{Command, Route},
    },
};
use futures_util::{StreamExt, stream};
use shared::problem::{Problem, ProblemCode};

use self::stage::Stage;
use crate::post_office::PostOffice;

/// How many cells are tried at a time: enough to keep the cores busy, few enough to leave other tests their time.
const AT_ONCE: usize = 4;

/// One thing that can be done.
#[derive(Clone, Copy)]
enum Act {
    Ask(&'static Route),
    Say(&'static Command),
}

/// What came of it.
enum Outcome {
    Is(Verdict),
    /// Nothing was said, and nothing was done: a refusal of what may as well be lost.
    Silence,
    /// A refusal that changed something all the same.
    Changed(Verdict),
    Strange(String),
}

impl Act {
    fn all() -> impl Iterator<Item = Self> {
        ROUTES.iter().map(Self::Ask).chain(COMMANDS.iter().map(Self::Say))
    }

    fn may(self, actor: Actor) -> Verdict {
        match self {
            Self::Ask(Route { access, .. }) | Self::Say(Command { access, .. }) => access.may(actor),
        }
    }

    /// Does it, on a stage on which nothing else happens.
    async fn attempt(self, stage: &Stage<'_>) -> Outcome {
        let before = stage.picture().await;
        let outcome = match self {
            Self::Ask(route) => requests::attempt(route, stage).await,
            Self::Say(command) => commands::attempt(command, stage).await,
        };
        match outcome {
            Outcome::Is(verdict) if verdict != Verdict::Allowed && stage.picture().await != before => {
                Outcome::Changed(verdict)
            }
            outcome => outcome,
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ask(route) => write!(f, "{} {}", route.method, route.path),
            Self::Say(command) => write!(f, "{} at the socket", command.name),
        }
    }
}

impl Outcome {
    fn fits(&self, expected: Verdict) -> bool {
        match self {
            Self::Is(verdict) => *verdict == expected,
            Self::Silence => expected != Verdict::Allowed,
            Self::Changed(_) | Self::Strange(_) => false,
        }
    }

    fn of_problem(problem: &Problem) -> Self {
        match (problem.status, problem.code) {
            (401, _) => Self::Is(Verdict::NotSignedIn),
            (403, _) | (_, ProblemCode::OwnerStays) => Self::Is(Verdict::Forbidden),
            (404, ProblemCode::ChatNotFound) => Self::Is(Verdict::NotFound),
            // Whoever comes so far may; there is just nothing to be done.
            (409, ProblemCode::Conflict) | (400, ProblemCode::PasskeyRefused) => Self::Is(Verdict::Allowed),
            _ => Self::Strange(format!("{problem:?}")),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(verdict) => write!(f, "{verdict:?}"),
            Self::Silence => f.write_str("nothing happened"),
            Self::Changed(verdict) => write!(f, "{verdict:?}, and yet it was done"),
            Self::Strange(what) => f.write_str(what),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_may_exactly_what_the_tables_say() {
    let app = PostOffice::open().await.app().await;
    let sql = app.sql().await;
    let cells = Act::all().flat_map(|act| Actor::ALL.map(|actor| (act, actor)));
    let trying = cells.zip(1..).map(async |((act, actor), number)| {
        let stage = Stage::set(&app, &sql, number, actor).await;
        let (expected, outcome) = (act.may(actor), act.attempt(&stage).await);
        let wrong = !outcome.fits(expected);
        wrong.then(|| format!("{act}, {actor:?}: {expected:?} was expected, but: {outcome}"))
    });
    let tried: Vec<_> = stream::iter(trying).buffered(AT_ONCE).collect().await;
    let count = tried.len();
    eprintln!("{count} cells of the tables were tried");
    let wrong: Vec<_> = tried.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} of {count} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

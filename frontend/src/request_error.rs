//! Why a request to the server failed.

use shared::problem::{Problem, ProblemCode};

pub fn problem_with_code(code: ProblemCode) -> Problem {
    Problem {
        kind: "about:blank".to_owned(),
        title: String::new(),
        status: code.status(),
        detail: String::new(),
        code,
        retry_after: None,
        errors: Vec::new(),
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestError {
    /// The server answered with a problem document.
    Rejected(Problem),
    /// No answer, or none that the client understands.
    Unreachable,
}

impl RequestError {
    /// The error that the server would answer with, for requests that need not be sent.
    pub fn from_code(code: ProblemCode) -> Self {
        Self::Rejected(problem_with_code(code))
    }

    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Rejected(problem) => Some(problem),
            Self::Unreachable => None,
        }
    }

    pub fn code(&self) -> Option<ProblemCode> {
        self.problem().map(|problem| problem.code)
    }

    /// Seconds to wait before trying again.
    pub fn retry_after(&self) -> u64 {
        self.problem().and_then(|problem| problem.retry_after).unwrap_or_default()
    }

    /// Whether the server rejected the token.
    pub fn is_unauthorized(&self) -> bool {
        self.problem().is_some_and(|problem| problem.status == 401)
    }

    /// Whether the same request to open or join a chat can never succeed for this person.
    pub fn is_permanent(&self) -> bool {
        matches!(
            self.code(),
            Some(
                ProblemCode::Banned
                    | ProblemCode::ChatNotFound
                    | ProblemCode::ChatDeleted
                    | ProblemCode::LinkRevoked
                    | ProblemCode::LinkClosed
                    | ProblemCode::LinkExpired
                    | ProblemCode::LinkUseLimitReached
            )
        )
    }
}

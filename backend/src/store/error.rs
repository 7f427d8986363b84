//! Errors of the store.

use std::{error::Error, fmt};

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use shared::problem::{FieldCode, ProblemCode};

/// Why the store did not carry out an operation.
#[derive(Debug)]
pub enum StoreError {
    /// The database is unreachable or overloaded, or cannot write. The caller may retry later.
    Unavailable,
    /// A lock or a constraint rejected the statement.
    Conflict(DieselError),
    /// The stored data does not allow the operation.
    Rejected(ProblemCode),
    /// The stored data does not allow the value of this field.
    InvalidField(&'static str, FieldCode),
    Internal(anyhow::Error),
}

impl StoreError {
    /// Logs why the database is unavailable.
    pub(super) fn unavailable(reason: &dyn fmt::Display) -> Self {
        tracing::warn!(%reason, "the database is unavailable, overloaded or cannot write");
        Self::Unavailable
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable => write!(f, "the database is unavailable"),
            Self::Conflict(error) => write!(f, "{error}"),
            Self::Rejected(code) => write!(f, "{code:?}"),
            Self::InvalidField(field, code) => write!(f, "{field}: {code:?}"),
            Self::Internal(error) => write!(f, "{error:#}"),
        }
    }
}

impl Error for StoreError {}

impl From<ProblemCode> for StoreError {
    fn from(code: ProblemCode) -> Self {
        Self::Rejected(code)
    }
}

impl From<anyhow::Error> for StoreError {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::DatabaseError(
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::ReadOnlyTransaction,
                _,
            )
            | DieselError::BrokenTransactionManager => Self::unavailable(&error),
            DieselError::DatabaseError(_, information) if is_transient(information.message()) => {
                Self::unavailable(&error)
            }
            _ => Self::Internal(error.into()),
        }
    }
}

/// Recognises temporary failures by PostgreSQL's message: Diesel does not keep the SQLSTATE code.
fn is_transient(message: &str) -> bool {
    [
        "due to lock timeout",
        "due to statement timeout",
        "deadlock detected",
        "connection closed",
        "error communicating with the server",
        "shutting down",
        "terminating connection",
        // The database cannot write.
        "No space left on device",
        "Read-only file system",
        "Disk quota exceeded",
        "Input/output error",
    ]
    .iter()
    .any(|part| message.contains(part))
}

/// Maps the violation of a unique constraint to an error the caller can act on.
pub(super) trait OnConstraint<T> {
    fn on_constraint(self, constraint: &str, error: StoreError) -> Result<T, StoreError>;
}

impl<T> OnConstraint<T> for Result<T, DieselError> {
    fn on_constraint(self, constraint: &str, error: StoreError) -> Result<T, StoreError> {
        self.map_err(|diesel_error| match &diesel_error {
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, information)
                if information.constraint_name() == Some(constraint) =>
            {
                error
            }
            _ => diesel_error.into(),
        })
    }
}

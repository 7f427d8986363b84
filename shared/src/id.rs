//! The types of identifiers and of positions in a chat. All are integers in JSON and `bigint` in the database.

use std::{fmt, num::ParseIntError, str::FromStr};

use serde::{Deserialize, Serialize};

macro_rules! integer_type {
    ($(#[$doc:meta])* $name:ident, minimum = $minimum:tt) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "diesel", derive(diesel::expression::AsExpression, diesel::deserialize::FromSqlRow))]
        #[cfg_attr(feature = "diesel", diesel(sql_type = diesel::sql_types::BigInt))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "openapi", schema(minimum = $minimum))]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// The type of an integer, which is not checked.
            pub const fn new(value: i64) -> Self {
                Self(value)
            }

            /// The integer.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;

            fn from_str(text: &str) -> Result<Self, ParseIntError> {
                text.parse().map(Self)
            }
        }

        #[cfg(feature = "diesel")]
        impl<DB: diesel::backend::Backend> diesel::deserialize::FromSql<diesel::sql_types::BigInt, DB> for $name
        where
            i64: diesel::deserialize::FromSql<diesel::sql_types::BigInt, DB>,
        {
            fn from_sql(value: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
                i64::from_sql(value).map(Self)
            }
        }

        #[cfg(feature = "diesel")]
        impl<DB: diesel::backend::Backend> diesel::serialize::ToSql<diesel::sql_types::BigInt, DB> for $name
        where
            i64: diesel::serialize::ToSql<diesel::sql_types::BigInt, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, DB>) -> diesel::serialize::Result {
                self.0.to_sql(out)
            }
        }
    };
}

integer_type! {
    /// Identifies a chat; never changes, unlike its URI.
    ChatId, minimum = 1
}
integer_type! {
    /// Identifies a user.
    UserId, minimum = 1
}
integer_type! {
    /// Identifies a message on this server. Within a chat, its [`Seq`] does.
    MessageId, minimum = 1
}
integer_type! {
    /// Identifies an invite link.
    LinkId, minimum = 1
}
integer_type! {
    /// The number of a change of a chat, from 1: a message's or member's `seq` is that of the change that created it, its
    /// `revision` that of the last change to it. 0 precedes every change.
    Seq, minimum = 0
}
integer_type! {
    /// The number of a chat's last change, or of the last one that a receiver has. 0 precedes every change.
    Head, minimum = 0
}

impl Seq {
    /// After every message.
    pub const MAX: Self = Self(i64::MAX);

    /// The head of a chat whose last change this is.
    pub const fn as_head(self) -> Head {
        Head(self.0)
    }

    /// The head that the chat had before this change.
    pub const fn preceding_head(self) -> Head {
        Head(self.0 - 1)
    }
}

impl Head {
    /// The number of the last change.
    pub const fn as_seq(self) -> Seq {
        Seq(self.0)
    }

    /// The head after this many further changes.
    #[must_use]
    pub const fn advance(self, changes: i64) -> Self {
        Self(self.0 + changes)
    }
}

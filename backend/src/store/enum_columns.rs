//! Enums that are stored in `text` columns. Unknown text is an error, never a default value.

use std::io::Write;

use diesel::{
    deserialize::{self, FromSql, Queryable},
    expression::TypedExpressionType,
    internal::derives::as_expression::Bound,
    pg::{Pg, PgValue},
    query_builder::QueryId,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::SqlType,
};
use shared::{
    chat::EditWindow,
    data_export::ExportState,
    member::{MembershipStatus, Role},
};

/// Binds a value: the orphan rules do not allow to implement Diesel's `AsExpression`.
pub trait TextEnum: Sized {
    type Column: SqlType + TypedExpressionType;

    fn bind(self) -> Bound<Self::Column, Self> {
        Bound::new(self)
    }
}

/// Defines the SQL type of a column and the text of each variant. `diesel-derive-enum` cannot do this: it derives on
/// the enum itself, and these are defined in `shared`, which does not depend on Diesel.
macro_rules! text_enum {
    ($sql_type:ident, $rust_type:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        #[derive(Clone, Copy, Debug, QueryId, SqlType)]
        // The types `text` and `text[]`.
        #[diesel(postgres_type(oid = 25, array_oid = 1009))]
        pub struct $sql_type;

        impl FromSql<$sql_type, Pg> for $rust_type {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                match value.as_bytes() {
                    $(text if text == $text.as_bytes() => Ok(Self::$variant),)+
                    unknown => {
                        let text = String::from_utf8_lossy(unknown);
                        Err(format!("unknown {}: {text:?}", stringify!($rust_type)).into())
                    }
                }
            }
        }

        impl ToSql<$sql_type, Pg> for $rust_type {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                let text = match self {
                    $(Self::$variant => $text,)+
                    #[allow(unreachable_patterns, reason = "some enums have a variant for values of newer servers")]
                    unknown => return Err(format!("{unknown:?} cannot be stored").into()),
                };
                out.write_all(text.as_bytes())?;
                Ok(IsNull::No)
            }
        }

        impl Queryable<$sql_type, Pg> for $rust_type {
            type Row = Self;

            fn build(row: Self) -> deserialize::Result<Self> {
                Ok(row)
            }
        }

        impl TextEnum for $rust_type {
            type Column = $sql_type;
        }
    };
}

text_enum!(RoleColumn, Role { Reader = "reader", Writer = "writer", Moderator = "moderator", Owner = "owner" });

text_enum!(
    MembershipStatusColumn,
    MembershipStatus {
        Member = "member",
        Pending = "pending",
        Rejected = "rejected",
        Left = "left",
        Removed = "removed",
        Banned = "banned",
    }
);

text_enum!(
    EditWindowColumn,
    EditWindow { Never = "never", FifteenMinutes = "15_minutes", Always = "always" }
);

text_enum!(
    ExportStateColumn,
    ExportState { Waiting = "waiting", Running = "running", Ready = "ready", Failed = "failed" }
);

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn read<T: FromSql<C, Pg>, C>(text: &str) -> deserialize::Result<T> {
        T::from_sql(PgValue::new(text.as_bytes(), &NonZeroU32::MIN))
    }

    #[test]
    fn known_text_is_read_as_its_variant() {
        assert_eq!(read::<Role, RoleColumn>("moderator").unwrap(), Role::Moderator);
    }

    #[test]
    fn unknown_text_is_an_error() {
        for text in ["", "Owner", "admin"] {
            let error = read::<Role, RoleColumn>(text).unwrap_err().to_string();
            assert_eq!(error, format!("unknown Role: {text:?}"));
        }
        assert!(read::<MembershipStatus, MembershipStatusColumn>("in").is_err());
        assert!(read::<ExportState, ExportStateColumn>("unknown").is_err());
    }
}

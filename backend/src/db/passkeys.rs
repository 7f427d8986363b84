//! The table of passkeys.

use chrono::{DateTime, Utc};
use diesel::{dsl::now, prelude::*, sql_query, sql_types::BigInt};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use shared::{
    passkey::{PASSKEYS_MAX, Passkey as Listed},
    problem::ProblemCode,
};
use uuid::Uuid;
use webauthn_rs::prelude::{CredentialID, Passkey};

use super::{
    OnConstraint,
    schema::{
        passkeys::{self, dsl},
        users,
    },
};
use crate::problem::{Error, Refusal};

/// A passkey that was registered, with its owner.
pub struct Known {
    pub id: Uuid,
    pub user_id: i64,
    pub passkey: Passkey,
}

type Row = (Uuid, String, DateTime<Utc>, Option<DateTime<Utc>>);

fn listed((id, label, created_at, used_at): Row) -> Listed {
    Listed { id, label, created_at, used_at }
}

/// The user's, the newest first.
pub async fn of_user(connection: &mut AsyncPgConnection, user_id: i64) -> Result<Vec<Listed>, Error> {
    let rows = passkeys::table
        .filter(dsl::user_id.eq(user_id))
        .order(dsl::created_at.desc())
        .select((dsl::id, dsl::label, dsl::created_at, dsl::used_at))
        .load::<Row>(connection)
        .await?;
    Ok(rows.into_iter().map(listed).collect())
}

/// By what passkeys know the user, and those that the user has.
pub async fn known_to(
    connection: &mut AsyncPgConnection,
    user_id: i64,
) -> Result<(Uuid, Vec<CredentialID>), Error> {
    #[derive(QueryableByName)]
    struct Handle {
        #[diesel(sql_type = diesel::sql_types::Uuid)]
        passkey_handle: Uuid,
    }
    let handle = "UPDATE users SET passkey_handle = coalesce(passkey_handle, gen_random_uuid()) WHERE id = $1 \
                  RETURNING passkey_handle";
    let handle: Handle = sql_query(handle).bind::<BigInt, _>(user_id).get_result(connection).await?;
    let ids: Vec<CredentialID> =
        passkeys::table.filter(dsl::user_id.eq(user_id)).select(dsl::credential_id).load(connection).await?;
    Ok((handle.passkey_handle, ids))
}

/// Keeps a passkey, unless the user has too many.
pub async fn add(
    connection: &mut AsyncPgConnection,
    user_id: i64,
    label: &str,
    passkey: &Passkey,
) -> Result<Listed, Error> {
    let credential = column(passkey)?;
    connection
        .transaction(async |connection| {
            // Of two that come at once, the second counts the first.
            users::table.find(user_id).select(users::id).for_update().first::<i64>(connection).await?;
            let count: i64 =
                passkeys::table.filter(dsl::user_id.eq(user_id)).count().get_result(connection).await?;
            if count >= PASSKEYS_MAX {
                let detail = format!("An account has at most {PASSKEYS_MAX} passkeys. Remove one first.");
                return Err(Refusal::new(ProblemCode::Conflict).detail(detail).into());
            }
            let row = diesel::insert_into(passkeys::table)
                .values((
                    dsl::id.eq(Uuid::new_v4()),
                    dsl::user_id.eq(user_id),
                    dsl::credential_id.eq(passkey.cred_id().as_slice()),
                    dsl::credential.eq(credential),
                    dsl::label.eq(label),
                ))
                .returning((dsl::id, dsl::label, dsl::created_at, dsl::used_at))
                .get_result::<Row>(connection)
                .await
                .on_constraint("passkeys_credential_id_key", || Refusal::new(ProblemCode::Conflict))?;
            Ok(listed(row))
        })
        .await
}

/// The passkey of this user handle and credential id, which must belong together.
pub async fn find(
    connection: &mut AsyncPgConnection,
    (handle, credential_id): (Uuid, &[u8]),
) -> Result<Option<Known>, Error> {
    let found = passkeys::table
        .inner_join(users::table.on(users::id.eq(dsl::user_id)))
        .filter(dsl::credential_id.eq(credential_id).and(users::passkey_handle.eq(handle)))
        .filter(users::deleted_at.is_null())
        .select((dsl::id, dsl::user_id, dsl::credential))
        .first::<(Uuid, i64, Value)>(connection)
        .await
        .optional()?;
    found
        .map(|(id, user_id, credential)| {
            let passkey = serde_json::from_value(credential).map_err(anyhow::Error::from)?;
            Ok(Known { id, user_id, passkey })
        })
        .transpose()
}

/// It was shown: keeps how often it counts to have been.
pub async fn used(connection: &mut AsyncPgConnection, id: Uuid, passkey: &Passkey) -> Result<(), Error> {
    diesel::update(passkeys::table.find(id))
        .set((dsl::credential.eq(column(passkey)?), dsl::used_at.eq(now)))
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes one of the user's; false if there is none like it.
pub async fn remove(connection: &mut AsyncPgConnection, user_id: i64, id: Uuid) -> Result<bool, Error> {
    let own = passkeys::table.find(id).filter(dsl::user_id.eq(user_id));
    Ok(diesel::delete(own).execute(connection).await? > 0)
}

pub(super) async fn remove_all(connection: &mut AsyncPgConnection, user_id: i64) -> QueryResult<()> {
    diesel::delete(passkeys::table.filter(dsl::user_id.eq(user_id))).execute(connection).await?;
    diesel::update(users::table.find(user_id))
        .set(users::passkey_handle.eq(None::<Uuid>))
        .execute(connection)
        .await?;
    Ok(())
}

fn column(passkey: &Passkey) -> anyhow::Result<Value> {
    Ok(serde_json::to_value(passkey)?)
}

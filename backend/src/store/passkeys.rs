//! The table `passkeys`.

use chrono::{DateTime, Utc};
use diesel::{dsl::now, prelude::*, sql_query, sql_types::BigInt};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use shared::{
    id::UserId,
    passkey::{PASSKEYS_MAX, Passkey as PasskeyInfo},
    problem::ProblemCode,
};
use uuid::Uuid;
use webauthn_rs::prelude::{CredentialID, Passkey};

use super::{
    error::{OnConstraint, StoreError},
    schema::{
        passkeys::{self, dsl},
        users,
    },
    users::raise_credentials_version,
};

/// A registered passkey with its owner.
pub struct StoredPasskey {
    pub id: Uuid,
    pub user_id: UserId,
    pub passkey: Passkey,
    /// See [`super::sessions::start`].
    pub credentials_version: i64,
}

type Row = (Uuid, String, DateTime<Utc>, Option<DateTime<Utc>>);

fn into_info((id, label, created_at, used_at): Row) -> PasskeyInfo {
    PasskeyInfo { id, label, created_at, used_at }
}

/// The user's passkeys, the newest first.
pub async fn list_for_user(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
) -> Result<Vec<PasskeyInfo>, StoreError> {
    let rows = passkeys::table
        .filter(dsl::user_id.eq(user_id))
        .order(dsl::created_at.desc())
        .select((dsl::id, dsl::label, dsl::created_at, dsl::used_at))
        .load::<Row>(connection)
        .await?;
    Ok(rows.into_iter().map(into_info).collect())
}

/// The user's WebAuthn handle, created if missing, and the ids of their passkeys.
pub async fn find_handle_and_credentials(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
) -> Result<(Uuid, Vec<CredentialID>), StoreError> {
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

/// Stores a passkey; `None` if the user has [`PASSKEYS_MAX`] already.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
    label: &str,
    passkey: &Passkey,
) -> Result<Option<PasskeyInfo>, StoreError> {
    let credential = to_column(passkey)?;
    connection
        .transaction(async |connection| {
            // The lock makes a concurrent request count this passkey.
            users::table.find(user_id).select(users::id).for_update().first::<UserId>(connection).await?;
            let count: i64 =
                passkeys::table.filter(dsl::user_id.eq(user_id)).count().get_result(connection).await?;
            if count >= PASSKEYS_MAX {
                return Ok(None);
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
                .on_constraint("passkeys_credential_id_key", ProblemCode::Conflict.into())?;
            Ok(Some(into_info(row)))
        })
        .await
}

/// The passkey with this user handle and credential id, which must belong together.
pub async fn find(
    connection: &mut AsyncPgConnection,
    (handle, credential_id): (Uuid, &[u8]),
) -> Result<Option<StoredPasskey>, StoreError> {
    let row = passkeys::table
        .inner_join(users::table.on(users::id.eq(dsl::user_id)))
        .filter(dsl::credential_id.eq(credential_id).and(users::passkey_handle.eq(handle)))
        .filter(users::deleted_at.is_null())
        .select((dsl::id, dsl::user_id, dsl::credential, users::credentials_version))
        .first::<(Uuid, UserId, Value, i64)>(connection)
        .await
        .optional()?;
    row.map(|(id, user_id, credential, credentials_version)| {
        let passkey = serde_json::from_value(credential).map_err(anyhow::Error::from)?;
        Ok(StoredPasskey { id, user_id, passkey, credentials_version })
    })
    .transpose()
}

/// Stores the signature counter after an authentication.
pub async fn record_use(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    passkey: &Passkey,
) -> Result<(), StoreError> {
    diesel::update(passkeys::table.find(id))
        .set((dsl::credential.eq(to_column(passkey)?), dsl::used_at.eq(now)))
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes a passkey of the user; false if there is no such passkey. Sign-ins that began with it fail.
pub async fn delete(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
    id: Uuid,
) -> Result<bool, StoreError> {
    connection
        .transaction(async |connection| {
            raise_credentials_version(connection, user_id).await?;
            let passkey = passkeys::table.find(id).filter(dsl::user_id.eq(user_id));
            Ok(diesel::delete(passkey).execute(connection).await? > 0)
        })
        .await
}

pub(super) async fn delete_all(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
) -> Result<(), StoreError> {
    diesel::delete(passkeys::table.filter(dsl::user_id.eq(user_id))).execute(connection).await?;
    diesel::update(users::table.find(user_id))
        .set(users::passkey_handle.eq(None::<Uuid>))
        .execute(connection)
        .await?;
    Ok(())
}

fn to_column(passkey: &Passkey) -> anyhow::Result<Value> {
    Ok(serde_json::to_value(passkey)?)
}

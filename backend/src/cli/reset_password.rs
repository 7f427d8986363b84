//! `chatire reset-password`.

use anyhow::Context;

use crate::{
    auth::opaque_token::OpaqueToken,
    config::Config,
    email::templates,
    store::{self, Db},
};

/// Returns a link with which the owner of an account sets a new password, once and within an hour. Optionally removes the
/// second factor, for owners who lost it.
pub async fn reset_password(
    config: &Config,
    database_url: &str,
    username: &str,
    without_second_factor: bool,
) -> anyhow::Result<String> {
    store::migrate(database_url).await?;
    let mut connection = Db::new(database_url, 1)?.get().await?;
    let account = store::password_resets::find_target_by_username(&mut connection, username).await?;
    let account = account.with_context(|| format!("there is no account with the username {username}"))?;
    if without_second_factor {
        store::second_factors::delete(&mut connection, account.id).await?;
    }
    let token = OpaqueToken::generate();
    store::password_resets::insert(&mut connection, account.id, &token.hash()).await?;
    let host = format!("http://{}", config.listen);
    Ok(templates::password_reset_url(config.public_url.as_deref().unwrap_or(&host), &token))
}

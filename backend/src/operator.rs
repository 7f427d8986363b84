//! What whoever runs the server does by hand.

use anyhow::Context;

use crate::{
    config::Config,
    db::{self, Db},
    mail::letters,
    problem::Error,
    secret::Secret,
};

/// A page on which the owner of an account sets another password, once and within an hour. They may have lost their second
/// factor as well: then it is taken away.
pub async fn reset_password(
    config: &Config,
    database_url: &str,
    username: &str,
    without_second_factor: bool,
) -> anyhow::Result<String> {
    db::migrate(database_url).await?;
    let secret = Secret::fresh();
    let begun = async {
        let mut connection = Db::new(database_url, 1)?.get().await?;
        let Some(account) = db::password_resets::of_name(&mut connection, username).await? else {
            return Ok::<_, Error>(None);
        };
        if without_second_factor {
            db::second_factors::remove(&mut connection, account.id).await?;
        }
        db::password_resets::begin(&mut connection, account.id, &secret).await.map(Some)
    };
    let begun = begun.await.map_err(|error| anyhow::anyhow!("{error}"))?;
    begun.with_context(|| format!("there is no account of the name {username}"))?;
    let host = format!("http://{}", config.listen);
    Ok(letters::link(config.public_url.as_deref().unwrap_or(&host), &secret))
}

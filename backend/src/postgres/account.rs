//! Whom PostgreSQL runs as. It refuses to be root, so root hands it to the user `postgres`.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::time::timeout;

/// The other user that PostgreSQL runs as, if it cannot run as us.
pub struct Account(Option<Ids>);

struct Ids {
    user: u32,
    group: u32,
}

impl Account {
    pub async fn find() -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self(None));
        }
        let mut getent = Command::new("getent");
        getent.args(["passwd", "postgres"]);
        let output = output(getent, Duration::from_secs(10)).await?;
        let ids = ids(&String::from_utf8_lossy(&output.stdout)).context(
            "PostgreSQL does not run as root, and there is no user `postgres` to run it: \
             `apt-get install postgresql` makes one; or set DATABASE_URL",
        )?;
        Ok(Self(Some(ids)))
    }

    /// A command that runs as the account and gets SIGINT when the thread that spawned it ends, however that happens.
    /// The terminal's Ctrl-C does not reach it.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("setpriv");
        // After the change of user, which would undo it: setpriv sees to the order.
        command.args(["--pdeathsig", "INT"]);
        if let Some(Ids { user, group }) = &self.0 {
            command.arg(format!("--reuid={user}")).arg(format!("--regid={group}")).arg("--clear-groups");
        }
        command.arg("--").arg(program).process_group(0).stdin(Stdio::null()).env("LC_ALL", "C");
        command
    }

    /// What a folder that everyone shares with the account must at least allow.
    pub fn mode_of_shared_folder(&self) -> u32 {
        if self.0.is_some() { 0o711 } else { 0o700 }
    }

    pub fn give(&self, folder: &Path) -> Result<()> {
        let Some(Ids { user, group }) = &self.0 else { return Ok(()) };
        chown(folder, Some(*user), Some(*group))
            .with_context(|| format!("cannot give {} to the user `postgres`", folder.display()))
    }

    /// Finds the folder that bars the way, which PostgreSQL itself would not name.
    pub async fn must_reach(&self, folder: &Path) -> Result<()> {
        if self.0.is_none() || self.may_enter(folder).await? {
            return Ok(());
        }
        let mut way: Vec<_> = folder.ancestors().collect();
        way.reverse();
        for step in way {
            if !self.may_enter(step).await? {
                bail!(
                    "PostgreSQL runs as the user `postgres`, who may not enter {0}: set CHATIRE_DATA_DIR to a folder \
                     elsewhere, such as /var/lib/chatire, or allow it by `chmod o+x {0}`",
                    step.display()
                );
            }
        }
        Ok(())
    }

    async fn may_enter(&self, folder: &Path) -> Result<bool> {
        let mut test = self.command(Path::new("test"));
        test.arg("-x").arg(folder);
        Ok(output(test, Duration::from_secs(10)).await?.status.success())
    }
}

/// Runs a command to its end, but not for longer than `limit`.
pub async fn output(command: Command, limit: Duration) -> Result<Output> {
    let name = command.get_program().display().to_string();
    let mut command = tokio::process::Command::from(command);
    timeout(limit, command.kill_on_drop(true).output())
        .await
        .with_context(|| format!("`{name}` did not end within {} seconds", limit.as_secs()))?
        .with_context(|| format!("cannot run `{name}`: is it installed?"))
}

/// Reads a line of the user database: `name:password:uid:gid:…`.
fn ids(entry: &str) -> Option<Ids> {
    let mut fields = entry.split(':').skip(2);
    Some(Ids { user: fields.next()?.parse().ok()?, group: fields.next()?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_the_user_database() {
        let ids =
            ids("postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash\n").unwrap();
        assert_eq!((ids.user, ids.group), (101, 104));
    }

    #[test]
    fn an_unknown_user_has_no_ids() {
        assert!(ids("").is_none());
    }
}

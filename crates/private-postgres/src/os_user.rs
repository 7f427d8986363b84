//! The operating-system user that PostgreSQL runs as. It refuses to run as root, so that root runs it as `postgres`.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::time::timeout;

/// The user to switch to, or none if PostgreSQL runs as the current user.
pub struct OsUser(Option<Ids>);

struct Ids {
    user: u32,
    group: u32,
}

impl OsUser {
    pub async fn find() -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self(None));
        }
        let mut getent = Command::new("getent");
        getent.args(["passwd", "postgres"]);
        let output = run_command(getent, Duration::from_secs(10)).await?;
        let ids = parse_ids(&String::from_utf8_lossy(&output.stdout)).context(
            "PostgreSQL cannot run as root, and there is no user `postgres`: \
             run `apt-get install postgresql`, or set DATABASE_URL",
        )?;
        Ok(Self(Some(ids)))
    }

    /// A command that runs as this user. It receives SIGINT when the thread that spawned it ends for any reason, but not from
    /// Ctrl-C in the terminal.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("setpriv");
        // setpriv sets it after the change of user, which would reset it.
        command.args(["--pdeathsig", "INT"]);
        if let Some(Ids { user, group }) = &self.0 {
            command.arg(format!("--reuid={user}")).arg(format!("--regid={group}")).arg("--clear-groups");
        }
        command.arg("--").arg(program).process_group(0).stdin(Stdio::null()).env("LC_ALL", "C");
        command
    }

    /// The mode of a directory that this user must be able to enter.
    pub fn shared_dir_mode(&self) -> u32 {
        if self.0.is_some() { 0o711 } else { 0o700 }
    }

    pub fn take_ownership(&self, dir: &Path) -> Result<()> {
        let Some(Ids { user, group }) = &self.0 else { return Ok(()) };
        chown(dir, Some(*user), Some(*group))
            .with_context(|| format!("cannot change the owner of {} to the user `postgres`", dir.display()))
    }

    /// Fails if the user cannot enter `dir`, and names the directory that denies access, which PostgreSQL would not.
    pub async fn require_access(&self, dir: &Path) -> Result<()> {
        if self.0.is_none() || self.can_enter(dir).await? {
            return Ok(());
        }
        let mut ancestors: Vec<_> = dir.ancestors().collect();
        ancestors.reverse();
        for ancestor in ancestors {
            if !self.can_enter(ancestor).await? {
                bail!(
                    "PostgreSQL runs as the user `postgres`, who cannot enter {0}: set CHATIRE_DATA_DIR to another \
                     directory, such as /var/lib/chatire, or run `chmod o+x {0}`",
                    ancestor.display()
                );
            }
        }
        Ok(())
    }

    async fn can_enter(&self, dir: &Path) -> Result<bool> {
        let mut test = self.command(Path::new("test"));
        test.arg("-x").arg(dir);
        Ok(run_command(test, Duration::from_secs(10)).await?.status.success())
    }
}

/// Runs a command and returns its output; kills it after `limit`.
pub async fn run_command(command: Command, limit: Duration) -> Result<Output> {
    let name = command.get_program().display().to_string();
    let mut command = tokio::process::Command::from(command);
    timeout(limit, command.kill_on_drop(true).output())
        .await
        .with_context(|| format!("`{name}` did not finish within {} seconds", limit.as_secs()))?
        .with_context(|| format!("cannot run `{name}`: is it installed?"))
}

/// Parses a line of the user database: `name:password:uid:gid:…`.
fn parse_ids(entry: &str) -> Option<Ids> {
    let mut fields = entry.split(':').skip(2);
    Some(Ids { user: fields.next()?.parse().ok()?, group: fields.next()?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_group_ids_are_parsed() {
        let ids = parse_ids("postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash\n")
            .unwrap();
        assert_eq!((ids.user, ids.group), (101, 104));
    }

    #[test]
    fn unknown_user_has_no_ids() {
        assert!(parse_ids("").is_none());
    }
}

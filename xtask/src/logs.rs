//! The logs of a whole run of the tests, looked through for what no log may hold.
//!
//! Tests leave, in the folder that `CHATIRE_TEST_LOGS` names, every log at its most talkative, and what they said to
//! servers and heard from them in files that end with `.sent`.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use aho_corasick::AhoCorasick;
use anyhow::{Context, Result, bail, ensure};

use crate::{project, shell};

/// Those who leave logs, and what these begin with.
pub const SERVERS: &str = "chatire-faults-";
pub const HANDLERS: &str = "api-";
pub const BROWSERS: &str = "chatire-e2e-";
pub const CONFORMANCE: &str = "conformance";

/// The longest that an operator's eye takes in at once.
const SHOWN: usize = 20;

pub struct Logs(PathBuf);

impl Logs {
    /// An empty folder for them.
    pub fn begin() -> Result<Self> {
        let folder = project::target()?.join("test-logs");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }

    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// The tests, leaving their logs here.
    pub fn of(&self, mut tests: Command) -> Command {
        tests.env("CHATIRE_TEST_LOGS", &self.0).env("RUST_LOG", "trace");
        tests
    }

    /// Fails if a log holds a secret, or if any of those left none.
    pub fn hold_no_secrets(&self, left_by: &[&str]) -> Result<()> {
        shell::say("Looking for secrets in the logs of the tests");
        let (logs, sent) = (self.read("log")?, self.read("sent")?);
        for who in left_by {
            let left = logs.iter().any(|(name, text)| name.starts_with(who) && !text.is_empty());
            ensure!(left, "{who}* left no log in {}", self.0.display());
        }
        let sent: Vec<_> =
            sent.iter().flat_map(|(_, text)| text.lines()).filter(|line| !line.is_empty()).collect();
        ensure!(!sent.is_empty(), "nobody noted what was sent, in {}", self.0.display());
        let sent = AhoCorasick::new(&sent)?;
        let leaks: Vec<_> = logs.iter().flat_map(|(name, text)| leaks(name, text, &sent)).collect();
        for leak in leaks.iter().take(SHOWN) {
            println!("  {leak}");
        }
        if !leaks.is_empty() {
            bail!("{} lines of the logs in {} hold what none may", leaks.len(), self.0.display());
        }
        let lines: usize = logs.iter().map(|(_, text)| text.lines().count()).sum();
        println!("  {lines} lines of {} logs hold none of {} texts", logs.len(), sent.patterns_len());
        Ok(())
    }

    fn read(&self, kind: &str) -> Result<Vec<(String, String)>> {
        let mut read = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            if entry.path().extension() == Some(OsStr::new(kind)) {
                read.push((entry.file_name().to_string_lossy().into_owned(), text(&entry.path())?));
            }
        }
        Ok(read)
    }
}

fn text(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn leaks<'a>(name: &'a str, log: &'a str, sent: &'a AhoCorasick) -> impl Iterator<Item = String> + 'a {
    log.lines().filter_map(move |line| {
        let what =
            if sent.is_match(line) { Some("what somebody said") } else { line.split(apart).find_map(secret) };
        what.map(|what| format!("{name} holds {what}: {line}"))
    })
}

fn apart(letter: char) -> bool {
    !letter.is_ascii_alphanumeric() && !matches!(letter, '_' | '-')
}

/// What a word is by its shape alone.
fn secret(word: &str) -> Option<&'static str> {
    let mixed = [char::is_ascii_digit, char::is_ascii_lowercase, char::is_ascii_uppercase]
        .iter()
        .all(|kind| word.chars().any(|letter| kind(&letter)));
    match word.len() {
        _ if word.starts_with("eyJ") => Some("a token"),
        43 if mixed => Some("a secret"),
        22 if mixed && word.chars().all(|letter| letter.is_ascii_alphanumeric()) => {
            Some("the address of a chat")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "violet jam at dawn";

    fn found(line: &str) -> Vec<String> {
        let sent = AhoCorasick::new([PASSWORD]).unwrap();
        leaks("a.log", line, &sent).collect()
    }

    #[test]
    fn what_no_log_may_hold_is_found_by_its_shape_or_because_it_was_sent() {
        for (line, what) in [
            ("WARN no such password: violet jam at dawn", "what somebody said"),
            (r#"DEBUG authorization="JWT eyJhbGciOiJIUzI1NiJ9.e30.c2ln""#, "a token"),
            ("INFO GET /api/chats/4fQ0zKw81LmNb7RtYpXs2a/ 404", "the address of a chat"),
            ("INFO cookie refresh=4fQ0zKw81LmNb7RtYpXs2a_fQ0zKw81LmNb7RtYpXs2", "a secret"),
        ] {
            assert_eq!(found(line), [format!("a.log holds {what}: {line}")]);
        }
    }

    #[test]
    fn an_ordinary_log_is_left_alone() {
        for line in [
            "INFO backend::app: migrated step=2026-11-25-000000_sessions",
            "WARN backend::limits: rate limits are off: anyone can try passwords and flood chats without end",
            "INFO session 0b9a3f6c-7d0c-4b51-a4a0-2f2f5a9f7d11 ended",
            "ERROR a_name_of_forty_three_letters_without_digit",
        ] {
            assert_eq!(found(line), [""; 0]);
        }
    }
}

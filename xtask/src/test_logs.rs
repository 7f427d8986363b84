//! Searches the logs of a test run for secrets.
//!
//! Tests write their logs, at level `trace`, into the folder that `CHATIRE_TEST_LOGS` names; files that end with `.sent`
//! list the texts and secrets that were sent and received, one per line.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use aho_corasick::AhoCorasick;
use anyhow::{Context, Result, bail, ensure};

use crate::shell;

/// How the names of log files begin, by what writes them.
pub const FAULTS: &str = "chatire-faults-";
pub const API: &str = "api-";
pub const BROWSER: &str = "chatire-e2e-";
pub const CONFORMANCE: &str = "conformance";

/// Leaks that are printed.
const SHOWN_MAX: usize = 20;

pub struct TestLogs(PathBuf);

impl TestLogs {
    /// Creates the folder, empty.
    pub fn create() -> Result<Self> {
        let folder = shell::target_dir()?.join("test-logs");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }

    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Makes the tests write their logs into this folder.
    pub fn capture(&self, mut tests: Command) -> Command {
        tests.env("CHATIRE_TEST_LOGS", &self.0).env("RUST_LOG", "trace");
        tests
    }

    /// Fails if a log contains a secret, or if no log begins with one of the prefixes.
    pub fn check_for_secrets(&self, prefixes: &[&str]) -> Result<()> {
        shell::print_step("Searching the logs of the tests for secrets");
        let (logs, sent) = (self.read("log")?, self.read("sent")?);
        for prefix in prefixes {
            let exists = logs.iter().any(|(name, text)| name.starts_with(prefix) && !text.is_empty());
            ensure!(exists, "no log named {prefix}* in {}", self.0.display());
        }
        let sent: Vec<_> =
            sent.iter().flat_map(|(_, text)| text.lines()).filter(|line| !line.is_empty()).collect();
        ensure!(!sent.is_empty(), "no sent texts are recorded in {}", self.0.display());
        let sent = AhoCorasick::new(&sent)?;
        let leaks: Vec<_> = logs.iter().flat_map(|(name, text)| find_leaks(name, text, &sent)).collect();
        for leak in leaks.iter().take(SHOWN_MAX) {
            println!("  {leak}");
        }
        if !leaks.is_empty() {
            bail!("{} lines of the logs in {} contain secrets", leaks.len(), self.0.display());
        }
        let lines: usize = logs.iter().map(|(_, text)| text.lines().count()).sum();
        println!("  {lines} lines in {} logs contain none of {} sent texts", logs.len(), sent.patterns_len());
        Ok(())
    }

    /// Names and contents of the files with the extension.
    fn read(&self, extension: &str) -> Result<Vec<(String, String)>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            if entry.path().extension() == Some(OsStr::new(extension)) {
                files.push((entry.file_name().to_string_lossy().into_owned(), read_lossy(&entry.path())?));
            }
        }
        Ok(files)
    }
}

fn read_lossy(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn find_leaks<'a>(name: &'a str, log: &'a str, sent: &'a AhoCorasick) -> impl Iterator<Item = String> + 'a {
    log.lines().filter_map(move |line| {
        let kind = if sent.is_match(line) {
            Some("a sent text")
        } else {
            line.split(is_separator).find_map(secret_kind)
        };
        kind.map(|kind| format!("{name} contains {kind}: {line}"))
    })
}

fn is_separator(letter: char) -> bool {
    !letter.is_ascii_alphanumeric() && !matches!(letter, '_' | '-')
}

/// Recognises secrets by their form.
fn secret_kind(word: &str) -> Option<&'static str> {
    let mixed = [char::is_ascii_digit, char::is_ascii_lowercase, char::is_ascii_uppercase]
        .iter()
        .all(|kind| word.chars().any(|letter| kind(&letter)));
    match word.len() {
        _ if word.starts_with("eyJ") => Some("a token"),
        43 if mixed => Some("a secret"),
        22 if mixed && word.chars().all(|letter| letter.is_ascii_alphanumeric()) => Some("the URI of a chat"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "violet jam at dawn";

    fn leaks(line: &str) -> Vec<String> {
        let sent = AhoCorasick::new([PASSWORD]).unwrap();
        find_leaks("a.log", line, &sent).collect()
    }

    #[test]
    fn secrets_are_found_by_form_or_because_sent() {
        for (line, kind) in [
            ("WARN no such password: violet jam at dawn", "a sent text"),
            (r#"DEBUG authorization="JWT eyJhbGciOiJIUzI1NiJ9.e30.c2ln""#, "a token"),
            ("INFO GET /api/chats/4fQ0zKw81LmNb7RtYpXs2a/ 404", "the URI of a chat"),
            ("INFO cookie refresh=4fQ0zKw81LmNb7RtYpXs2a_fQ0zKw81LmNb7RtYpXs2", "a secret"),
        ] {
            assert_eq!(leaks(line), [format!("a.log contains {kind}: {line}")]);
        }
    }

    #[test]
    fn ordinary_lines_are_no_leaks() {
        for line in [
            "INFO backend::app: migrated step=2026-11-25-000000_sessions",
            "WARN backend::limits: rate limits are off: anyone can try passwords and flood chats without end",
            "INFO session 0b9a3f6c-7d0c-4b51-a4a0-2f2f5a9f7d11 ended",
            "ERROR a_name_of_forty_three_letters_without_digit",
        ] {
            assert_eq!(leaks(line), [""; 0]);
        }
    }
}

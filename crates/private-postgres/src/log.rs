//! The log file of PostgreSQL.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use anyhow::{Context, Result};

const SIZE_MAX: u64 = 10 * 1024 * 1024;
const QUOTED_BYTES: u64 = 4096;
const QUOTED_LINES: usize = 10;

pub struct ServerLog {
    path: PathBuf,
    file: File,
    /// The offset at which the messages of this run begin.
    start: u64,
}

impl ServerLog {
    /// Opens the log for appending; truncates it if it is too large.
    pub fn open(path: PathBuf) -> Result<Self> {
        let file = OpenOptions::new().create(true).read(true).append(true).mode(0o600).open(&path);
        let opened = file.and_then(|file| {
            if file.metadata()?.len() > SIZE_MAX {
                file.set_len(0)?;
            }
            Ok((file.metadata()?.len(), file))
        });
        let (start, file) = opened.with_context(|| format!("cannot open {}", path.display()))?;
        Ok(Self { path, file, start })
    }

    /// A file handle for PostgreSQL to write to.
    pub fn writer(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Appends the last messages of this run to an error.
    pub fn append_to(&self, error: &anyhow::Error) -> anyhow::Error {
        let lines = self.last_lines().unwrap_or_default();
        anyhow::anyhow!("{error:#}; the last lines of {}:\n{lines}", self.path.display())
    }

    fn last_lines(&self) -> io::Result<String> {
        // A separate handle: clones share their position with the writer.
        let mut file = File::open(&self.path)?;
        let end = file.metadata()?.len();
        file.seek(SeekFrom::Start(self.start.max(end.saturating_sub(QUOTED_BYTES))))?;
        let mut bytes = Vec::new();
        file.take(QUOTED_BYTES).read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<_> = text.lines().collect();
        let skipped = lines.len().saturating_sub(QUOTED_LINES);
        Ok(lines.into_iter().skip(skipped).collect::<Vec<_>>().join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn error_quotes_last_lines_of_this_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("postgres.log");
        std::fs::write(&path, "of yesterday\n").unwrap();
        let log = ServerLog::open(path).unwrap();
        for number in 0..20 {
            writeln!(log.writer().unwrap(), "line {number}").unwrap();
        }
        let lines = log.last_lines().unwrap();
        assert_eq!((lines.lines().next(), lines.lines().last()), (Some("line 10"), Some("line 19")));
        assert!(!lines.contains("yesterday"));
    }

    #[test]
    fn oversized_log_is_truncated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("postgres.log");
        File::create(&path).unwrap().set_len(SIZE_MAX + 1).unwrap();
        assert_eq!(ServerLog::open(path).unwrap().start, 0);
    }
}

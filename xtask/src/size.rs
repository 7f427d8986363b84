//! Measures the download size of the client.

use std::{fmt, fs, path::Path};

use anyhow::{Context, Result, bail};

use crate::{project, shell};

/// Bytes that the first view of a chat may download, compressed with Brotli.
const BUDGET: u64 = 372_000;

/// Sizes of one file in bytes.
struct Row {
    name: String,
    raw: u64,
    gzip: u64,
    brotli: u64,
}

pub struct ClientSize(Vec<Row>);

/// The first view loads `index.html` and every file that it names.
pub fn measure() -> Result<ClientSize> {
    let folder = project::dist_dir().join("chat");
    let page = fs::read_to_string(folder.join("index.html")).context("the client is not built")?;
    let mut rows = Vec::new();
    for path in project::list_files(&folder)? {
        let name = path.strip_prefix(&folder)?.display().to_string();
        let packed = [".br", ".gz"].iter().any(|suffix| name.ends_with(suffix));
        if name == "index.html" || (!packed && page.contains(&name)) {
            rows.push(measure_file(name, &path)?);
        }
    }
    Ok(ClientSize(rows))
}

fn measure_file(name: String, path: &Path) -> Result<Row> {
    let raw = fs::metadata(path)?.len();
    let packed = |suffix| fs::metadata(format!("{}{suffix}", path.display())).map_or(raw, |file| file.len());
    Ok(Row { name, raw, gzip: packed(".gz"), brotli: packed(".br") })
}

impl ClientSize {
    pub fn check(&self) -> Result<()> {
        let size = self.total().brotli;
        if size > BUDGET {
            bail!("the client has {} KB, more than the {} KB allowed", kb(size), kb(BUDGET));
        }
        shell::print_step(&format!("The client has {} KB of the {} KB allowed", kb(size), kb(BUDGET)));
        Ok(())
    }

    fn total(&self) -> Row {
        let sum = |part: fn(&Row) -> u64| self.0.iter().map(part).sum();
        Row { name: "total".into(), raw: sum(|r| r.raw), gzip: sum(|r| r.gzip), brotli: sum(|r| r.brotli) }
    }
}

impl fmt::Display for ClientSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{:>47} {:>9} {:>9}", "KB raw", "gzip", "brotli")?;
        for Row { name, raw, gzip, brotli } in self.0.iter().chain([&self.total()]) {
            writeln!(f, "{name:<37} {:>9} {:>9} {:>9}", kb(*raw), kb(*gzip), kb(*brotli))?;
        }
        Ok(())
    }
}

fn kb(bytes: u64) -> String {
    format!("{}.{}", bytes / 1000, bytes % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(brotli: u64) -> ClientSize {
        ClientSize(vec![
            Row { name: "index.html".into(), raw: 2_000, gzip: 1_000, brotli: 900 },
            Row { name: "client.wasm".into(), raw: 500_000, gzip: 300_000, brotli },
        ])
    }

    #[test]
    fn client_above_the_budget_is_rejected() {
        assert!(client(BUDGET - 900).check().is_ok());
        let error = client(BUDGET - 899).check().unwrap_err().to_string();
        assert!(error.contains(&format!("more than the {} KB allowed", kb(BUDGET))), "{error}");
    }

    #[test]
    fn last_line_is_the_sum() {
        let table = client(100_000).to_string();
        let last: Vec<_> = table.lines().last().unwrap().split_whitespace().collect();
        assert_eq!(last, ["total", "502.0", "301.0", "100.9"]);
    }
}

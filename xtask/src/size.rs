//! Weighs the client.

use std::{fmt, fs, path::Path};

use anyhow::{Context, Result, bail};

use crate::{compress::beside, project, shell};

/// What the first view of a chat may weigh, compressed by brotli.
const BUDGET: u64 = 370_000;

/// A row of the table: a file as it is, and as it travels.
struct Row {
    name: String,
    raw: u64,
    gzip: u64,
    brotli: u64,
}

pub struct Client(Vec<Row>);

/// All that the page names is loaded with it; nothing else is.
pub fn of_client() -> Result<Client> {
    let folder = project::dist().join("chat");
    let page = fs::read_to_string(folder.join("index.html")).context("the client is not built")?;
    let mut rows = Vec::new();
    for path in project::files(&folder)? {
        let name = path.strip_prefix(&folder)?.display().to_string();
        let packed = [".br", ".gz"].iter().any(|suffix| name.ends_with(suffix));
        if name == "index.html" || (!packed && page.contains(&name)) {
            rows.push(weigh(name, &path)?);
        }
    }
    Ok(Client(rows))
}

fn weigh(name: String, path: &Path) -> Result<Row> {
    let raw = fs::metadata(path)?.len();
    let packed = |suffix| fs::metadata(beside(path, suffix)).map_or(raw, |file| file.len());
    Ok(Row { name, raw, gzip: packed(".gz"), brotli: packed(".br") })
}

impl Client {
    pub fn check(&self) -> Result<()> {
        let weight = self.total().brotli;
        if weight > BUDGET {
            bail!("the client weighs {} KB, more than the {} KB allowed", kb(weight), kb(BUDGET));
        }
        shell::say(&format!("The client weighs {} KB of the {} KB allowed", kb(weight), kb(BUDGET)));
        Ok(())
    }

    fn total(&self) -> Row {
        let sum = |part: fn(&Row) -> u64| self.0.iter().map(part).sum();
        Row {
            name: "the client".into(),
            raw: sum(|r| r.raw),
            gzip: sum(|r| r.gzip),
            brotli: sum(|r| r.brotli),
        }
    }
}

impl fmt::Display for Client {
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

    fn client(brotli: u64) -> Client {
        Client(vec![
            Row { name: "index.html".into(), raw: 2_000, gzip: 1_000, brotli: 900 },
            Row { name: "client.wasm".into(), raw: 500_000, gzip: 300_000, brotli },
        ])
    }

    #[test]
    fn a_client_above_the_budget_is_refused() {
        assert!(client(BUDGET - 900).check().is_ok());
        let error = client(BUDGET - 899).check().unwrap_err().to_string();
        assert!(error.contains(&format!("more than the {} KB allowed", kb(BUDGET))), "{error}");
    }

    #[test]
    fn the_last_line_is_the_sum() {
        let table = client(100_000).to_string();
        let last: Vec<_> = table.lines().last().unwrap().split_whitespace().collect();
        assert_eq!(last, ["the", "client", "502.0", "301.0", "100.9"]);
    }
}

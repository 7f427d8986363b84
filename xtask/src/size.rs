//! Measures the download size of the client.

use std::{fmt, fs, path::Path};

use anyhow::{Context, Result, bail};

use crate::{project, shell};

/// Bytes that the first view of a chat may download, compressed with Brotli.
const BUDGET: u64 = 254_300;

/// Sizes of one file in bytes.
struct Row {
    name: String,
    raw: u64,
    gzip: u64,
    brotli: u64,
}

pub struct ClientSize {
    first_view: Vec<Row>,
    /// Loaded when they are needed.
    lazy_modules: Vec<Row>,
}

/// The first view loads `index.html` and every file that it names, except the modules that are loaded when they are needed.
pub fn measure() -> Result<ClientSize> {
    let folder = project::dist_dir().join("chat");
    let page = fs::read_to_string(folder.join("index.html")).context("the client is not built")?;
    let elements = page.split('<').filter(|element| !element.starts_with("link data-module="));
    let first_view_page: String = elements.collect();
    let mut size = ClientSize { first_view: Vec::new(), lazy_modules: Vec::new() };
    for path in project::list_files(&folder)? {
        let name = path.strip_prefix(&folder)?.display().to_string();
        let packed = [".br", ".gz"].iter().any(|suffix| name.ends_with(suffix));
        if packed {
            continue;
        }
        let is_first_view = name == "index.html" || first_view_page.contains(&name);
        let rows = if is_first_view { &mut size.first_view } else { &mut size.lazy_modules };
        rows.push(measure_file(name, &path)?);
    }
    Ok(size)
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
        let sum = |part: fn(&Row) -> u64| self.first_view.iter().map(part).sum();
        Row { name: "total".into(), raw: sum(|r| r.raw), gzip: sum(|r| r.gzip), brotli: sum(|r| r.brotli) }
    }
}

impl fmt::Display for ClientSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{:>47} {:>9} {:>9}", "KB raw", "gzip", "brotli")?;
        let total = self.total();
        write_rows(f, self.first_view.iter().chain([&total]))?;
        writeln!(f, "Loaded when needed:")?;
        write_rows(f, &self.lazy_modules)
    }
}

fn write_rows<'a>(f: &mut fmt::Formatter<'_>, rows: impl IntoIterator<Item = &'a Row>) -> fmt::Result {
    for Row { name, raw, gzip, brotli } in rows {
        writeln!(f, "{name:<37} {:>9} {:>9} {:>9}", kb(*raw), kb(*gzip), kb(*brotli))?;
    }
    Ok(())
}

fn kb(bytes: u64) -> String {
    format!("{}.{}", bytes / 1000, bytes % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(brotli: u64) -> ClientSize {
        let row = |name: &str, raw, gzip, brotli| Row { name: name.into(), raw, gzip, brotli };
        ClientSize {
            first_view: vec![
                row("index.html", 2_000, 1_000, 900),
                row("client.wasm", 500_000, 300_000, brotli),
            ],
            lazy_modules: vec![row("settings.wasm", 90_000, 70_000, 60_000)],
        }
    }

    #[test]
    fn client_above_the_budget_is_rejected() {
        assert!(client(BUDGET - 900).check().is_ok());
        let error = client(BUDGET - 899).check().unwrap_err().to_string();
        assert!(error.contains(&format!("more than the {} KB allowed", kb(BUDGET))), "{error}");
    }

    #[test]
    fn lazy_modules_are_not_in_the_sum() {
        let table = client(100_000).to_string();
        let total = table.lines().find(|line| line.starts_with("total")).unwrap();
        assert_eq!(total.split_whitespace().collect::<Vec<_>>(), ["total", "502.0", "301.0", "100.9"]);
    }
}

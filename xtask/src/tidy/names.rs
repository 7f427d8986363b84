//! Files: their names, their length, and what the map says of them.

use super::{File, Offence};

const LONGEST: usize = 300;

/// Names that say nothing of what is inside.
const VAGUE: [&str; 8] = ["util", "utils", "helper", "helpers", "manager", "managers", "service", "services"];

/// What is read by lines.
const SOURCES: [&str; 5] = ["rs", "css", "ts", "js", "html"];

/// What the map may name though it is made, not kept.
const MADE: [&str; 4] = ["target/", "dist/", "data/", "e2e/artifacts/"];

pub fn no_vague_names(files: &[File]) -> Vec<Offence> {
    files.iter().filter_map(|file| vague(&file.path)).collect()
}

fn vague(path: &str) -> Option<Offence> {
    if path.ends_with("/mod.rs") {
        return Some(format!("{path}: foo.rs stands beside foo/, instead of foo/mod.rs"));
    }
    let stems = path.split('/').map(|part| part.split('.').next().unwrap_or_default());
    let vague = stems
        .map(|stem| stem.rsplit(['_', '-']).next().unwrap_or_default())
        .find(|last| VAGUE.contains(last))?;
    Some(format!("{path}: “{vague}” does not say what it is"))
}

pub fn no_long_files(files: &[File]) -> Vec<Offence> {
    let sources =
        files.iter().filter(|file| SOURCES.contains(&file.kind()) && !file.path.ends_with("/schema.rs"));
    sources
        .map(|file| (&file.path, file.text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(path, lines)| format!("{path}: {lines} lines, more than {LONGEST}"))
        .collect()
}

pub fn migrations_can_be_undone(files: &[File]) -> Vec<Offence> {
    let mut offences = Vec::new();
    for (way, back) in [("up.sql", "down.sql"), ("down.sql", "up.sql")] {
        for file in files.iter().filter(|file| file.path.starts_with("migrations/")) {
            let Some(folder) = file.path.strip_suffix(&format!("/{way}")) else { continue };
            if !files.iter().any(|other| other.path == format!("{folder}/{back}")) {
                offences.push(format!("{folder}: {back} is missing"));
            }
        }
    }
    offences
}

/// Every path that ARCHITECTURE.md names in backticks is there, from the root or from some folder of the project.
pub fn the_map_is_true(files: &[File]) -> Vec<Offence> {
    let maps = files.iter().filter(|file| file.path == "ARCHITECTURE.md");
    maps.flat_map(|map| named(&map.text))
        .filter(|path| !files.iter().any(|file| leads_to(path, &file.path)))
        .map(|path| format!("ARCHITECTURE.md: {path} does not exist"))
        .collect()
}

fn named(text: &str) -> Vec<&str> {
    let spans = text.split("```").step_by(2).flat_map(|prose| prose.split('`').skip(1).step_by(2));
    spans.filter(|span| is_path(span)).collect()
}

/// Addresses begin with a slash, commands and patterns have other signs in them.
fn is_path(span: &str) -> bool {
    let plain = span.chars().all(|c| c.is_alphanumeric() || "._-/".contains(c));
    let ends_like_a_file =
        SOURCES.iter().chain(&["sql", "toml", "md", "json"]).any(|kind| span.ends_with(&format!(".{kind}")));
    plain
        && !span.starts_with('/')
        && !MADE.iter().any(|made| span.starts_with(made))
        && (span.contains('/') || ends_like_a_file)
}

/// Whether the end of `file`, or the end of a folder above it, is `path`.
fn leads_to(path: &str, file: &str) -> bool {
    format!("/{file}/").contains(&format!("/{}/", path.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::files;

    #[test]
    fn vague_names_are_caught() {
        for path in [
            "backend/src/db/mod.rs",
            "frontend/src/utils.rs",
            "e2e/test-helpers.js",
            "backend/src/manager/chat.rs",
        ] {
            assert_eq!(no_vague_names(&files(&[(path, "")])).len(), 1, "{path}");
        }
        for path in ["backend/src/db.rs", "frontend/service_worker.js", "frontend/src/model.rs"] {
            assert!(no_vague_names(&files(&[(path, "")])).is_empty(), "{path}");
        }
    }

    #[test]
    fn long_files_are_caught() {
        let (long, longer) = ("\n".repeat(LONGEST), "\n".repeat(LONGEST + 1));
        assert!(no_long_files(&files(&[("a.rs", &long), ("backend/src/db/schema.rs", &longer)])).is_empty());
        assert_eq!(no_long_files(&files(&[("a.css", &longer)])), ["a.css: 301 lines, more than 300"]);
    }

    #[test]
    fn migrations_without_a_way_back_are_caught() {
        let told = migrations_can_be_undone(&files(&[("migrations/1-chats/up.sql", "")]));
        assert_eq!(told, ["migrations/1-chats: down.sql is missing"]);
        let both = [("migrations/1-chats/up.sql", ""), ("migrations/1-chats/down.sql", "")];
        assert!(migrations_can_be_undone(&files(&both)).is_empty());
    }

    #[test]
    fn a_map_of_places_that_are_not_is_caught() {
        let map = "`chat/composer.rs` and `routes/` by `cargo xtask run` at `/api/chats/`, `writer.rs`, `dist/index.html`\n\
                   ```\n`not/read`\n```\n`backend/src/nowhere.rs`";
        let told = the_map_is_true(&files(&[
            ("ARCHITECTURE.md", map),
            ("frontend/src/chat/composer.rs", ""),
            ("backend/src/routes/chats.rs", ""),
        ]));
        assert_eq!(
            told,
            [
                "ARCHITECTURE.md: writer.rs does not exist",
                "ARCHITECTURE.md: backend/src/nowhere.rs does not exist"
            ]
        );
    }
}

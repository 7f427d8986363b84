//! Every path that ARCHITECTURE.md names in backticks exists, from the root or from some folder of the project.

use super::{Project, Violation};

const DOCUMENT: &str = "ARCHITECTURE.md";

const EXTENSIONS: [&str; 9] = ["css", "html", "js", "json", "md", "rs", "sql", "toml", "ts"];

/// Folders that the document may name although tools create them.
const GENERATED: [&str; 4] = ["target/", "dist/", "data/", "e2e/artifacts/"];

pub fn check(project: &Project) -> Vec<Violation> {
    let documents = project.files.iter().filter(|file| file.path == DOCUMENT);
    documents
        .flat_map(|document| named_paths(&document.text))
        .filter(|path| !project.files.iter().any(|file| leads_to(path, &file.path)))
        .map(|path| format!("{DOCUMENT}: {path} does not exist"))
        .collect()
}

fn named_paths(text: &str) -> Vec<&str> {
    let spans = text.split("```").step_by(2).flat_map(|prose| prose.split('`').skip(1).step_by(2));
    spans.filter(|span| is_path(span)).collect()
}

/// URL paths begin with a slash; commands and patterns contain other characters.
fn is_path(span: &str) -> bool {
    let plain = span.chars().all(|c| c.is_alphanumeric() || "._-/".contains(c));
    let has_extension = EXTENSIONS.iter().any(|extension| span.ends_with(&format!(".{extension}")));
    plain
        && !span.starts_with('/')
        && !GENERATED.iter().any(|folder| span.starts_with(folder))
        && (span.contains('/') || has_extension)
}

/// Whether `file`, or a folder above it, ends with `path`.
fn leads_to(path: &str, file: &str) -> bool {
    format!("/{file}/").contains(&format!("/{}/", path.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::project;

    #[test]
    fn missing_paths_are_violations() {
        let map = "`chat/composer.rs` and `api/` by `cargo xtask run` at `/api/chats/`, `writer.rs`, `dist/index.html`\n\
                   ```\n`not/read`\n```\n`backend/src/nowhere.rs`";
        let violations = check(&project(&[
            (DOCUMENT, map),
            ("frontend/src/chat/composer.rs", ""),
            ("backend/src/api/chats.rs", ""),
        ]));
        assert_eq!(
            violations,
            [
                "ARCHITECTURE.md: writer.rs does not exist",
                "ARCHITECTURE.md: backend/src/nowhere.rs does not exist"
            ]
        );
    }
}

//! Every stylesheet is loaded.

use super::{Project, ProjectFile, Violation};

const LOADERS: [&str; 3] = ["Trunk.toml", "frontend/index.html", "frontend/src/lazy_styles.rs"];

pub fn check(project: &Project) -> Vec<Violation> {
    let files = &project.files;
    let loaders: Vec<_> = files.iter().filter(|file| LOADERS.contains(&file.path.as_str())).collect();
    let stylesheets =
        files.iter().filter(|file| file.path.starts_with("frontend/styles/") && file.extension() == "css");
    stylesheets
        .filter(|stylesheet| !loaders.iter().any(|loader| loads(loader, &stylesheet.path)))
        .map(|stylesheet| format!("{}: loaded by no page", stylesheet.path))
        .collect()
}

/// By name, or with its whole folder.
fn loads(loader: &ProjectFile, stylesheet: &str) -> bool {
    let (folder, name) = stylesheet.rsplit_once('/').unwrap_or_default();
    loader.text.contains(name) || loader.text.contains(&format!("{folder}/*.css"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::project;

    #[test]
    fn unloaded_stylesheet_is_a_violation() {
        let page = ("frontend/index.html", r#"<link data-trunk rel="css" href="styles/base.css">"#);
        let sheets = [("frontend/styles/base.css", ""), ("frontend/styles/chat.css", "")];
        let violations = check(&project(&[page, sheets[0], sheets[1]]));
        assert_eq!(violations, ["frontend/styles/chat.css: loaded by no page"]);
    }

    #[test]
    fn whole_folder_may_be_loaded() {
        let trunk = ("Trunk.toml", "cat frontend/styles/*.css > target/client/chatire.css");
        let sheets = [("frontend/styles/chat.css", ""), ("frontend/styles/parts/send.css", "")];
        let violations = check(&project(&[trunk, sheets[0], sheets[1]]));
        assert_eq!(violations, ["frontend/styles/parts/send.css: loaded by no page"]);
    }
}

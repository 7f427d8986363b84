//! Stylesheets.

use super::{File, Offence};

/// A sheet that nobody loads styles nothing.
pub fn every_stylesheet_is_listed(files: &[File]) -> Vec<Offence> {
    let lists = |file: &&File| file.path == "Trunk.toml" || file.path == "frontend/index.html";
    let sheets =
        files.iter().filter(|file| file.path.starts_with("frontend/styles/") && file.kind() == "css");
    sheets
        .filter(|sheet| {
            let (folder, name) = sheet.path.rsplit_once('/').unwrap_or_default();
            let whole_folder = format!("{folder}/*.css");
            !files
                .iter()
                .filter(lists)
                .any(|file| file.text.contains(name) || file.text.contains(&whole_folder))
        })
        .map(|sheet| format!("{}: loaded by nobody", sheet.path))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::files;

    #[test]
    fn a_stylesheet_that_nobody_loads_is_caught() {
        let page = ("frontend/index.html", r#"<link data-trunk rel="css" href="styles/base.css">"#);
        let sheets = [("frontend/styles/base.css", ""), ("frontend/styles/chat.css", "")];
        let told = every_stylesheet_is_listed(&files(&[page, sheets[0], sheets[1]]));
        assert_eq!(told, ["frontend/styles/chat.css: loaded by nobody"]);
    }

    #[test]
    fn a_folder_may_be_loaded_as_a_whole() {
        let trunk = ("Trunk.toml", "cat frontend/styles/*.css > target/client/chatire.css");
        let sheets = [("frontend/styles/chat.css", ""), ("frontend/styles/parts/send.css", "")];
        let told = every_stylesheet_is_listed(&files(&[trunk, sheets[0], sheets[1]]));
        assert_eq!(told, ["frontend/styles/parts/send.css: loaded by nobody"]);
    }
}

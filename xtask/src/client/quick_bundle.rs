//! Bundles a quick build of the client. `cargo xtask run` does without Trunk, which takes longer to compile than the client.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};

use super::ClientProgram;
use crate::{
    project::{self, BuildMode},
    shell,
};

/// Writes the program, its stylesheet and page to its folder in `dist/`.
pub fn bundle(program: ClientProgram) -> Result<()> {
    let folder = project::dist_dir().join(program.name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let built = shell::target_dir()?.join("wasm32-unknown-unknown").join(BuildMode::Quick.profile());
    let mut wasm_bindgen = shell::command("wasm-bindgen");
    wasm_bindgen.args(["--target=web", "--no-typescript"]);
    wasm_bindgen.arg(format!("--out-dir={}", folder.display())).arg(format!("--out-name={}", program.name));
    wasm_bindgen.arg(built.join(program.name).with_extension("wasm"));
    shell::run(wasm_bindgen)?;
    let page = fs::read_to_string(program.source())?;
    let page = replace_trunk_links(&page, |link| match link.rel {
        "css" => add_stylesheet(&folder),
        "rust" => add_program(&folder, program.name),
        "inline" => inline_script(link),
        rel => bail!("the page has an unknown link: data-trunk rel=\"{rel}\""),
    })?;
    fs::write(folder.join("index.html"), page)?;
    Ok(())
}

/// A `<link data-trunk rel="…" href="…" />`.
struct TrunkLink<'a> {
    rel: &'a str,
    /// Empty without one.
    href: &'a str,
}

/// Replaces each [`TrunkLink`] by the HTML for it.
fn replace_trunk_links(page: &str, html: impl Fn(&TrunkLink<'_>) -> Result<String>) -> Result<String> {
    let mut output = String::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("data-trunk") {
        let (before, _) = before.rsplit_once("<link").context("data-trunk is outside of a link")?;
        let (attributes, after) = after.split_once("/>").context("a link is not closed")?;
        let attribute = |name: &str| {
            let (_, value) = attributes.split_once(&format!("{name}=\""))?;
            value.split_once('"').map(|(value, _)| value)
        };
        let rel = attribute("rel").context("a link has no rel")?;
        output += before;
        output += &html(&TrunkLink { rel, href: attribute("href").unwrap_or_default() })?;
        rest = after;
    }
    Ok(output + rest)
}

fn inline_script(link: &TrunkLink<'_>) -> Result<String> {
    let path = frontend().join(link.href);
    let script = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(format!("<script>{script}</script>"))
}

/// Joins the stylesheets as the hook in `Trunk.toml` does.
fn add_stylesheet(folder: &Path) -> Result<String> {
    let styles = frontend().join("styles");
    let mut css = fs::read(styles.join("layers.css"))?;
    for path in project::list_files(&styles)?.iter().filter(|path| path.parent() == Some(&styles)) {
        css.extend(fs::read(path)?);
    }
    let name = write_hashed(folder, "chatire", "css", &css)?;
    Ok(format!(r#"<link rel="stylesheet" href="/{name}">"#))
}

fn add_program(folder: &Path, program: &str) -> Result<String> {
    let take = |name: String| -> Result<Vec<u8>> {
        let path = folder.join(name);
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        fs::remove_file(path)?;
        Ok(bytes)
    };
    let script = write_hashed(folder, program, "js", &take(format!("{program}.js"))?)?;
    let wasm = write_hashed(folder, program, "wasm", &take(format!("{program}_bg.wasm"))?)?;
    Ok(format!(
        r#"<script type="module">import init from "/{script}"; await init({{ module_or_path: "/{wasm}" }});</script>"#
    ))
}

/// The server lets browsers keep files whose name contains a hash.
fn write_hashed(folder: &Path, stem: &str, extension: &str, bytes: &[u8]) -> Result<String> {
    let name = format!("{stem}-{:016x}.{extension}", project::fingerprint([bytes.to_vec()]));
    fs::write(folder.join(&name), bytes)?;
    Ok(name)
}

fn frontend() -> std::path::PathBuf {
    project::root().join("frontend")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trunk_links_are_replaced_by_their_rel() {
        let page =
            "<p>\n<link data-trunk rel=\"icon\" href=\"a\" />\n<link\n data-trunk\n rel=\"rust\"\n/></p>";
        let replaced = replace_trunk_links(page, |link| Ok(format!("[{} {}]", link.rel, link.href))).unwrap();
        assert_eq!(replaced, "<p>\n[icon a]\n[rust ]</p>");
        assert!(replace_trunk_links(page, |link| bail!("{}", link.rel)).is_err());
        assert!(replace_trunk_links("<link data-trunk href=\"a\" />", |_| Ok(String::new())).is_err());
    }

    #[test]
    fn scripts_of_the_page_are_inlined() {
        let page = include_str!("../../../frontend/index.html");
        let replaced = replace_trunk_links(page, |link| match link.rel {
            "inline" => inline_script(link),
            "css" | "rust" => Ok(String::new()),
            rel => bail!("unknown: {rel}"),
        });
        assert!(replaced.unwrap().contains("early.join = "));
    }
}

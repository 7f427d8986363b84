//! Bundles a release build of the client: Trunk makes the page and the stylesheet; the program is split into modules, each of
//! which is made small.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use super::{ClientProgram, RELEASE_PROFILE, client_tools, trunk_command};
use crate::{project, shell};

/// Inlining makes the modules larger. Debian's wasm-opt must be told which features the compiler uses.
const WASM_OPT: [&str; 9] = [
    "-Os",
    "--one-caller-inline-max-function-size=0",
    "--always-inline-max-function-size=0",
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Scripts in the page. Trunk leaves them as they are, since its minifier does not understand all of what they use.
const INLINE_SCRIPTS: [&str; 2] = ["early_requests.js", "skeleton.js"];

/// Marks the link to the program, which Trunk then leaves in the page.
const SKIP: &str = "data-trunk-skip";

/// Writes a program to its folder in `dist/`.
pub fn bundle(program: ClientProgram) -> Result<()> {
    let dist = project::dist_dir().join(program.name);
    build_page(program, &dist)?;
    let links = build_modules(program, &dist)?;
    let page = dist.join("index.html");
    let html = fs::read_to_string(&page)?;
    fs::write(page, replace_skipped_link(&html, &links)?)?;
    Ok(())
}

fn build_page(program: ClientProgram, dist: &Path) -> Result<()> {
    let mut html =
        fs::read_to_string(program.source())?.replace(r#"rel="rust""#, &format!(r#"rel="rust" {SKIP}"#));
    for script in INLINE_SCRIPTS {
        let minified = format!("../target/client/{script}");
        minify(&program.source().with_file_name(script), &program.source().with_file_name(&minified))?;
        html = html.replace(&format!(r#"href="{script}""#), &format!(r#"href="{minified}""#));
    }
    let page = program.source().with_extension("release.html");
    fs::write(&page, html)?;
    let mut trunk = trunk_command("build", &page, dist);
    trunk.arg("--release");
    shell::run(trunk)?;
    fs::remove_file(page)?;
    Ok(())
}

/// Trunk understands and minifies the result once more, and would show an escaped character as its escape.
fn minify(script: &Path, output: &Path) -> Result<()> {
    let mut esbuild = shell::command("esbuild");
    esbuild.args(["--minify", "--charset=utf8", "--log-level=error"]).arg(script);
    esbuild.arg(format!("--outfile={}", output.display()));
    shell::run(esbuild)
}

/// Writes the script and the modules to a folder that has their hash in its name, since they refer to each other by name.
/// Returns the links of the page to them.
fn build_modules(program: ClientProgram, dist: &Path) -> Result<String> {
    let target = shell::target_dir()?;
    let linked = target.join("wasm32-unknown-unknown").join(RELEASE_PROFILE).join(program.name);
    let work = target.join("client").join(program.name);
    let (split, output) = (work.join("split"), work.join("output"));
    if work.exists() {
        fs::remove_dir_all(&work)?;
    }
    fs::create_dir_all(&output)?;
    let mut tools = client_tools("split");
    tools.arg(linked.with_extension("wasm")).arg(program.name).arg(&split);
    let modules = shell::output(tools)?;
    generate_bindings(program, &split)?;
    let mut tools = client_tools("shorten");
    tools.arg(&split).arg(program.name);
    shell::run(tools)?;
    for module in project::list_files(&split)? {
        if module.extension() == Some(OsStr::new("wasm")) {
            optimise(&module, &output)?;
        }
    }
    bundle_script(program, &split, &output)?;
    let folder = copy_to_hashed_folder(program, &output, dist)?;
    Ok(load_program(program, &folder) + &lazy_modules(&modules, &folder))
}

/// Replaces the main module by two files: its script, and the module that the script loads.
fn generate_bindings(program: ClientProgram, folder: &Path) -> Result<()> {
    let main = folder.join(program.name).with_extension("wasm");
    let mut wasm_bindgen = shell::command("wasm-bindgen");
    // The other modules import what the linker exported.
    wasm_bindgen.args(["--target=web", "--no-typescript", "--keep-lld-exports"]);
    wasm_bindgen.arg(format!("--out-dir={}", folder.display())).arg(format!("--out-name={}", program.name));
    wasm_bindgen.arg(&main);
    shell::run(wasm_bindgen)?;
    fs::remove_file(main)?;
    Ok(())
}

fn optimise(module: &Path, folder: &Path) -> Result<()> {
    let mut wasm_opt = shell::command("wasm-opt");
    wasm_opt.args(WASM_OPT).arg(module).arg("-o").arg(folder.join(file_name(module)?));
    shell::run(wasm_opt)
}

/// Joins the script of wasm-bindgen and the one that loads the modules, and starts the program.
fn bundle_script(program: ClientProgram, folder: &Path, output: &Path) -> Result<()> {
    let entry = folder.join("main.js");
    let start = "init({ module_or_path: new URL(\"./NAME_bg.wasm\", import.meta.url) });";
    let main = format!("import init from \"./NAME.js\";\n{start}\n").replace("NAME", program.name);
    fs::write(&entry, main)?;
    let script = output.join(program.name).with_extension("js");
    let mut esbuild = shell::command("esbuild");
    esbuild.args(["--bundle", "--format=esm", "--minify", "--log-level=error"]).arg(entry);
    esbuild.arg(format!("--outfile={}", script.display()));
    shell::run(esbuild)
}

fn copy_to_hashed_folder(program: ClientProgram, output: &Path, dist: &Path) -> Result<String> {
    let files = project::list_files(output)?;
    let contents = files.iter().map(fs::read).collect::<std::io::Result<Vec<_>>>()?;
    let name = format!("{}-{:016x}", program.name, project::fingerprint(contents));
    let folder = dist.join(&name);
    fs::create_dir_all(&folder)?;
    for file in files {
        fs::copy(&file, folder.join(file_name(&file)?))?;
    }
    Ok(name)
}

fn file_name(path: &Path) -> Result<PathBuf> {
    path.file_name().map(PathBuf::from).with_context(|| format!("{} has no name", path.display()))
}

/// Loads the script, and the main module at the same time.
fn load_program(program: ClientProgram, folder: &str) -> String {
    let name = program.name;
    format!(
        "<link rel=preload href=/{folder}/{name}_bg.wasm as=fetch type=application/wasm crossorigin>\
         <script type=module src=/{folder}/{name}.js></script>"
    )
}

/// Inert links: the page decides which modules it loads early. `modules` has a line for each, with its name and its files.
fn lazy_modules(modules: &str, folder: &str) -> String {
    let link = |(name, file): (&str, &str)| {
        let href = format!("/{folder}/{file}.wasm");
        format!("<link data-module={name} href={href} as=fetch type=application/wasm crossorigin>")
    };
    let lines = modules.lines().filter_map(|line| line.split_once(' '));
    lines.flat_map(|(name, files)| files.split(' ').map(move |file| (name, file))).map(link).collect()
}

fn replace_skipped_link(page: &str, html: &str) -> Result<String> {
    let (before, after) = page.split_once(SKIP).context("the page has no link to the program")?;
    let (before, _) = before.rsplit_once("<link").context("the mark is outside of a link")?;
    let (_, after) = after.split_once('>').context("the link is not closed")?;
    Ok(format!("{before}{html}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_of_a_lazy_module_has_a_link() {
        let links = lazy_modules("welcome chunk_1 split_welcome\nsidebar split_sidebar\n", "chat-5d3c");
        assert_eq!(links.matches("<link data-module=welcome ").count(), 2);
        assert!(links.contains(" href=/chat-5d3c/split_sidebar.wasm "), "{links}");
    }

    #[test]
    fn skipped_link_is_replaced() {
        let page = "<link rel=icon><link data-bin=chat data-trunk-skip href=Cargo.toml><body>";
        assert_eq!(replace_skipped_link(page, "[program]").unwrap(), "<link rel=icon>[program]<body>");
        assert!(replace_skipped_link("<link rel=icon>", "").is_err());
        assert!(replace_skipped_link("<p data-trunk-skip>", "").is_err());
    }
}

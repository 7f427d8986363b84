//! Splits a linked client into a main module and those that it loads when it needs them.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, anyhow};
use wasm_encoder::RawSection;
use wasmparser::{Parser, Payload};

/// Writes `NAME.wasm`, which wasm-bindgen is to process, the other modules, and the script that loads them. Prints a line for
/// each name given to `lazy_view!`: the name, and the files that it needs.
pub fn split(input: &Path, name: &str, output: &Path) -> Result<()> {
    let linked = fs::read(input).with_context(|| format!("cannot read {}", input.display()))?;
    let linked = remove_target_features(&linked)?;
    let (main_module, main_out_path) = (format!("./{name}.js"), output.join(name).with_extension("wasm"));
    let mut options = wasm_split_cli_support::Options::new(&linked);
    options.output_dir = output;
    options.main_out_path = &main_out_path;
    options.main_module = &main_module;
    let modules = wasm_split_cli_support::transform(options).map_err(|error| anyhow!("{error:#}"))?;
    for (name, files) in modules.prefetch_map.into_iter().collect::<BTreeMap<_, _>>() {
        println!("{name} {}", files.join(" "));
    }
    Ok(())
}

/// wasm-bindgen takes the section for a use of reference types, since the standard library is compiled with them.
fn remove_target_features(module: &[u8]) -> Result<Vec<u8>> {
    let mut output = wasm_encoder::Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        let is_removed =
            matches!(&payload, Payload::CustomSection(section) if section.name() == "target_features");
        if let (false, Some((id, range))) = (is_removed, payload.as_section()) {
            let (start, end) = (usize::try_from(range.start)?, usize::try_from(range.end)?);
            let data = module.get(start..end).context("a section is cut off")?;
            output.section(&RawSection { id, data });
        }
    }
    Ok(output.finish())
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{CustomSection, Module};

    use super::*;

    #[test]
    fn only_target_features_are_removed() {
        let module = |names: &[&str]| {
            let mut module = Module::new();
            for name in names {
                module.section(&CustomSection { name: (*name).into(), data: b"content".into() });
            }
            module.finish()
        };
        let removed = remove_target_features(&module(&["name", "target_features", "linking"])).unwrap();
        assert_eq!(removed, module(&["name", "linking"]));
    }
}

//! Gives what the client imports from its script short names: those of wasm-bindgen end with a hash, which no compression makes
//! smaller.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result};
use wasm_encoder::{
    ImportSection, RawSection,
    reencode::{Reencode, RoundtripReencoder},
};
use wasmparser::{Parser, Payload};

/// Rewrites `NAME.js` and `NAME_bg.wasm`.
pub fn shorten(folder: &Path, name: &str) -> Result<()> {
    let (script_path, module_path) =
        (folder.join(name).with_extension("js"), folder.join(format!("{name}_bg.wasm")));
    let script = fs::read_to_string(&script_path)?;
    let module = fs::read(&module_path)?;
    let names = short_names(&module, name)?;
    fs::write(script_path, rename_words(&script, &names))?;
    fs::write(module_path, rename_imports(&module, &names)?)?;
    Ok(())
}

/// A short name for each import from the script of wasm-bindgen. The script that loads the other modules has fixed names.
fn short_names(module: &[u8], name: &str) -> Result<BTreeMap<String, String>> {
    let script = format!("./{name}_bg.js");
    let mut names = BTreeMap::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ImportSection(imports) = payload? {
            for import in imports.into_imports() {
                let (import, short) = (import?, format!("w{}", names.len()));
                if import.module == script {
                    names.entry(import.name.to_owned()).or_insert(short);
                }
            }
        }
    }
    Ok(names)
}

fn rename_imports(module: &[u8], names: &BTreeMap<String, String>) -> Result<Vec<u8>> {
    let mut output = wasm_encoder::Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        if let Payload::ImportSection(imports) = payload {
            let mut section = ImportSection::new();
            for import in imports.into_imports() {
                let import = import?;
                let name = names.get(import.name).map_or(import.name, String::as_str);
                section.import(import.module, name, RoundtripReencoder.entity_type(import.ty)?);
            }
            output.section(&section);
        } else if let Some((id, range)) = payload.as_section() {
            let (start, end) = (usize::try_from(range.start)?, usize::try_from(range.end)?);
            output.section(&RawSection { id, data: module.get(start..end).context("a section is cut off")? });
        }
    }
    Ok(output.finish())
}

fn rename_words(script: &str, names: &BTreeMap<String, String>) -> String {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '$';
    let mut output = String::with_capacity(script.len());
    let mut rest = script;
    while let Some(first) = rest.chars().next() {
        let length = rest.find(|letter| is_part(letter) != is_part(first)).unwrap_or(rest.len());
        let (word, next) = rest.split_at(length);
        output.push_str(names.get(word).map_or(word, String::as_str));
        rest = next;
    }
    output
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{EntityType, Module, TypeSection};

    use super::*;

    fn module(names: &[&str]) -> Vec<u8> {
        let mut module = Module::new();
        let mut types = TypeSection::new();
        types.ty().function([], []);
        module.section(&types);
        let mut imports = ImportSection::new();
        for name in names {
            imports.import("./chat_bg.js", name, EntityType::Function(0));
        }
        imports.import("./__wasm_split.js", "__wasm_split_load_sidebar", EntityType::Function(0));
        module.section(&imports);
        module.finish()
    }

    #[test]
    fn imports_get_the_names_of_the_script() {
        let long = module(&["__wbg_now_16f0c993d5dd6c27", "__wbg_log_5f1d", "__wbg_now_16f0c993d5dd6c27"]);
        let names = short_names(&long, "chat").unwrap();
        assert_eq!(names.len(), 2);
        let short = ["__wbg_now_16f0c993d5dd6c27", "__wbg_log_5f1d"].map(|name| names[name].as_str());
        assert_eq!(rename_imports(&long, &names).unwrap(), module(&[short[0], short[1], short[0]]));
        let script = "{ __wbg_now_16f0c993d5dd6c27: () => 1, x__wbg_log_5f1d: 2 }, wasm.__wbg_log_5f1d()";
        let expected = format!("{{ {}: () => 1, x__wbg_log_5f1d: 2 }}, wasm.{}()", short[0], short[1]);
        assert_eq!(rename_words(script, &names), expected);
    }
}

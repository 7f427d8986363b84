//! Reads from one Rust file what its modules define, import and name.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, ImplItemFn, Item, ItemFn, ItemImpl, ItemMod, ItemUse, Macro, Meta, Path, Type, UseTree,
    spanned::Spanned,
    visit::{self, Visit},
};

use super::rust_file::{RustFile, is_cfg_test};

/// A path as segments.
pub type ModulePath = Vec<String>;

/// First segment of paths that begin with `::`.
pub const EXTERNAL: &str = "";

pub enum Import {
    Name(String, ModulePath),
    Glob(ModulePath),
}

/// A path as written.
pub struct RawPath {
    pub module: ModulePath,
    pub segments: ModulePath,
    pub line: usize,
    pub in_tests: bool,
}

#[derive(Default)]
pub struct FileContent {
    /// Name of each item, with the module that defines it.
    pub items: Vec<(ModulePath, String)>,
    pub imports: Vec<(ModulePath, Import)>,
    /// Every path with two segments or more, in `use` declarations too.
    pub paths: Vec<RawPath>,
    /// The self types of `impl Type { … }`.
    pub inherent_impls: Vec<RawPath>,
}

pub fn read(file: &RustFile) -> FileContent {
    let mut reader =
        Reader { content: FileContent::default(), module: file.module.clone(), in_tests: file.is_test };
    reader.visit_file(&file.syntax);
    reader.content
}

struct Reader {
    content: FileContent,
    module: ModulePath,
    in_tests: bool,
}

impl Reader {
    fn raw(&self, segments: ModulePath, line: usize) -> RawPath {
        RawPath { module: self.module.clone(), segments, line, in_tests: self.in_tests }
    }

    fn add_path(&mut self, segments: ModulePath, line: usize) {
        if segments.len() > 1 {
            let path = self.raw(segments, line);
            self.content.paths.push(path);
        }
    }

    fn visit_in_tests(&mut self, attributes: &[Attribute], visit: impl FnOnce(&mut Self)) {
        let outer = self.in_tests;
        self.in_tests |= is_cfg_test(attributes);
        visit(self);
        self.in_tests = outer;
    }

    fn read_use_tree(&mut self, tree: &UseTree, mut prefix: ModulePath) {
        let line = tree.span().start().line;
        match tree {
            UseTree::Path(path) => {
                prefix.push(plain(&path.ident));
                self.read_use_tree(&path.tree, prefix);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.read_use_tree(tree, prefix.clone());
                }
            }
            UseTree::Glob(_) => {
                self.add_path([prefix.as_slice(), &["*".into()]].concat(), line);
                self.content.imports.push((self.module.clone(), Import::Glob(prefix)));
            }
            UseTree::Name(name) => self.import(&plain(&name.ident), None, prefix, line),
            UseTree::Rename(rename) => {
                self.import(&plain(&rename.ident), Some(plain(&rename.rename)), prefix, line);
            }
        }
    }

    /// `use a::b::{self}` imports `a::b` under the name `b`.
    fn import(&mut self, name: &str, alias: Option<String>, mut path: ModulePath, line: usize) {
        if name != "self" || path.is_empty() {
            path.push(name.into());
        }
        let alias = alias.or_else(|| path.last().cloned()).unwrap_or_default();
        self.add_path(path.clone(), line);
        self.content.imports.push((self.module.clone(), Import::Name(alias, path)));
    }

    /// Finds `a::b::c` in the tokens of macro calls and attributes.
    fn scan(&mut self, tokens: TokenStream) {
        let (mut path, mut line, mut colons) = (ModulePath::new(), 0, 0);
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.add_path(std::mem::take(&mut path), line);
                        line = ident.span().start().line;
                    }
                    path.push(plain(&ident));
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => colons += 1,
                other => {
                    self.add_path(std::mem::take(&mut path), line);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.scan(group.stream());
                    }
                }
            }
        }
        self.add_path(path, line);
    }
}

impl<'a> Visit<'a> for Reader {
    fn visit_item(&mut self, item: &'a Item) {
        if let Some(name) = defined_name(item) {
            self.content.items.push((self.module.clone(), name));
        }
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, module: &'a ItemMod) {
        self.visit_in_tests(&module.attrs, |this| {
            this.module.push(plain(&module.ident));
            visit::visit_item_mod(this, module);
            this.module.pop();
        });
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        let prefix = if item.leading_colon.is_some() { vec![EXTERNAL.into()] } else { Vec::new() };
        self.visit_in_tests(&item.attrs, |this| this.read_use_tree(&item.tree, prefix));
    }

    fn visit_item_fn(&mut self, function: &'a ItemFn) {
        self.visit_in_tests(&function.attrs, |this| visit::visit_item_fn(this, function));
    }

    fn visit_impl_item_fn(&mut self, function: &'a ImplItemFn) {
        self.visit_in_tests(&function.attrs, |this| visit::visit_impl_item_fn(this, function));
    }

    fn visit_item_impl(&mut self, block: &'a ItemImpl) {
        self.visit_in_tests(&block.attrs, |this| {
            if let (None, Type::Path(path)) = (&block.trait_, block.self_ty.as_ref()) {
                let path = this.raw(segments(&path.path), block.impl_token.span.start().line);
                this.content.inherent_impls.push(path);
            }
            visit::visit_item_impl(this, block);
        });
    }

    fn visit_path(&mut self, path: &'a Path) {
        self.add_path(segments(path), path.span().start().line);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'a Macro) {
        self.visit_path(&call.path);
        self.scan(call.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'a Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.scan(list.tokens.clone());
        }
        visit::visit_attribute(self, attribute);
    }
}

fn segments(path: &Path) -> ModulePath {
    let external = path.leading_colon.is_some().then(|| EXTERNAL.into());
    external.into_iter().chain(path.segments.iter().map(|segment| plain(&segment.ident))).collect()
}

fn plain(ident: &proc_macro2::Ident) -> String {
    ident.to_string().trim_start_matches("r#").into()
}

fn defined_name(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(plain(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::project;

    fn paths(source: &str) -> Vec<String> {
        let project = project(&[("a/src/lib.rs", source)]);
        read(&project.rust[0]).paths.iter().map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn use_groups_are_flattened() {
        let source =
            "use std::{env, fs::{self, File}};\nuse crate::hub as centre; // std::net\nuse ::uuid::*;";
        assert_eq!(paths(source), ["std::env", "std::fs", "std::fs::File", "crate::hub", "::uuid::*"]);
    }

    #[test]
    fn paths_in_expressions_are_read() {
        let source = "fn f(x: a::B) { let y = c::d::<T>(z) + e; }";
        assert_eq!(paths(source), ["a::B", "c::d"]);
    }

    #[test]
    fn paths_in_macro_calls_are_read() {
        let source = "#[derive(serde::Serialize)] /// [`no::link`]\nstruct A;\nfn f() { view! { <p class:b=c::d()>{e : F::G}</p> } }";
        assert_eq!(paths(source), ["serde::Serialize", "c::d", "F::G"]);
    }
}

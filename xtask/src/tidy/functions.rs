//! Lists the functions of a Rust file, those inside macro calls too.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{
    Attribute, Block, ImplItemFn, ItemFn, ItemImpl, ItemTrait, Macro, Signature, TraitItemFn, Visibility,
    visit::{self, Visit},
};

use super::rust_file::RustFile;

#[derive(Clone, Copy, PartialEq)]
pub enum FunctionKind {
    Free,
    Inherent,
    TraitDefinition,
    TraitImpl,
}

pub struct Function<'a> {
    pub name: String,
    pub kind: FunctionKind,
    /// Visible outside its module, to whatever extent.
    pub is_public: bool,
    pub attributes: Attributes,
    /// Line of the `fn` keyword, and of the closing brace.
    pub first_line: usize,
    pub last_line: usize,
    /// Absent for functions inside macro calls, which are not parsed.
    pub syntax: Option<(&'a Signature, &'a Block)>,
}

#[derive(Clone, Copy, Default)]
pub struct Attributes {
    /// `#[test]`, `#[tokio::test]`, `#[actix_web::test]` and the like.
    pub is_test: bool,
    pub is_ignored: bool,
}

pub fn list(file: &RustFile) -> Vec<Function<'_>> {
    let mut collector = Collector { functions: Vec::new(), kind: FunctionKind::Free };
    collector.visit_file(&file.syntax);
    collector.functions
}

struct Collector<'a> {
    functions: Vec<Function<'a>>,
    kind: FunctionKind,
}

impl<'a> Collector<'a> {
    fn add(
        &mut self,
        kind: FunctionKind,
        visibility: &Visibility,
        attributes: &[Attribute],
        (signature, body): (&'a Signature, &'a Block),
    ) {
        self.functions.push(Function {
            name: plain_name(&signature.ident),
            kind,
            is_public: !matches!(visibility, Visibility::Inherited),
            attributes: Attributes::read(attributes),
            first_line: signature.fn_token.span.start().line,
            last_line: body.brace_token.span.close().end().line,
            syntax: Some((signature, body)),
        });
    }

    fn visit_as(&mut self, kind: FunctionKind, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.kind, kind);
        visit(self);
        self.kind = outer;
    }

    /// Finds `fn name … { … }` in tokens, as in `proptest! { … }`.
    fn scan(&mut self, tokens: TokenStream) {
        let (mut attributes, mut name) = (Attributes::default(), None);
        for token in tokens {
            match token {
                TokenTree::Group(group) => {
                    if let Some((ident, line)) = name.take_if(|_| group.delimiter() == Delimiter::Brace) {
                        let last_line = group.span_close().end().line;
                        self.add_scanned(plain_name(&ident), (line, last_line), attributes);
                        attributes = Attributes::default();
                    } else if group.delimiter() == Delimiter::Bracket {
                        attributes.merge(&group.stream());
                    }
                    self.scan(group.stream());
                }
                TokenTree::Ident(ident) if ident == "fn" => {
                    name = Some((ident.clone(), ident.span().start().line));
                }
                TokenTree::Ident(ident) => {
                    if let Some((keyword, _)) = name.as_mut().filter(|(keyword, _)| *keyword == "fn") {
                        *keyword = ident;
                    }
                }
                TokenTree::Punct(punct) if punct.as_char() == ';' => name = None,
                _ => {}
            }
        }
    }

    fn add_scanned(&mut self, name: String, (first_line, last_line): (usize, usize), attributes: Attributes) {
        self.functions.push(Function {
            name,
            kind: FunctionKind::Free,
            is_public: false,
            attributes,
            first_line,
            last_line,
            syntax: None,
        });
    }
}

impl<'a> Visit<'a> for Collector<'a> {
    fn visit_item_fn(&mut self, function: &'a ItemFn) {
        self.add(FunctionKind::Free, &function.vis, &function.attrs, (&function.sig, &function.block));
        visit::visit_item_fn(self, function);
    }

    fn visit_item_impl(&mut self, block: &'a ItemImpl) {
        let kind = if block.trait_.is_some() { FunctionKind::TraitImpl } else { FunctionKind::Inherent };
        self.visit_as(kind, |this| visit::visit_item_impl(this, block));
    }

    fn visit_impl_item_fn(&mut self, function: &'a ImplItemFn) {
        self.add(self.kind, &function.vis, &function.attrs, (&function.sig, &function.block));
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_item_trait(&mut self, definition: &'a ItemTrait) {
        self.visit_as(FunctionKind::TraitDefinition, |this| {
            visit::visit_item_trait(this, definition);
        });
    }

    fn visit_trait_item_fn(&mut self, function: &'a TraitItemFn) {
        if let Some(body) = &function.default {
            self.add(self.kind, &Visibility::Inherited, &function.attrs, (&function.sig, body));
        }
        visit::visit_trait_item_fn(self, function);
    }

    fn visit_macro(&mut self, call: &'a Macro) {
        self.scan(call.tokens.clone());
    }
}

impl Attributes {
    fn read(attributes: &[Attribute]) -> Self {
        let mut read = Self::default();
        for attribute in attributes {
            let last = attribute.path().segments.last().map(|segment| segment.ident.to_string());
            read.is_test |= last.as_deref() == Some("test");
            read.is_ignored |= last.as_deref() == Some("ignore");
        }
        read
    }

    /// From the tokens between the brackets of `#[…]`: those before the first parenthesis or `=` are its path.
    fn merge(&mut self, tokens: &TokenStream) {
        let path = tokens.clone().into_iter().take_while(|token| match token {
            TokenTree::Ident(_) => true,
            TokenTree::Punct(punct) => punct.as_char() == ':',
            _ => false,
        });
        match path.last().map(|last| last.to_string()).as_deref() {
            Some("test") => self.is_test = true,
            Some("ignore") => self.is_ignored = true,
            _ => {}
        }
    }
}

fn plain_name(ident: &proc_macro2::Ident) -> String {
    ident.to_string().trim_start_matches("r#").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::project;

    #[test]
    fn functions_are_listed_with_their_lines() {
        let source = "pub fn free() {\n    fn inner() {}\n}\nimpl A { fn method(&self) {} }\n\
                      impl B for A { fn by_trait() {} }\ntrait C { fn required(); fn provided() {} }\n\
                      #[cfg(test)] mod tests { #[tokio::test] async fn holds() {} }";
        let project = project(&[("a/src/lib.rs", source)]);
        let functions = list(&project.rust[0]);
        let names: Vec<_> = functions.iter().map(|function| function.name.as_str()).collect();
        assert_eq!(names, ["free", "inner", "method", "by_trait", "provided", "holds"]);
        assert_eq!((functions[0].first_line, functions[0].last_line), (1, 3));
        assert!(functions[0].is_public && !functions[1].is_public);
        assert!(
            functions[3].kind == FunctionKind::TraitImpl
                && functions[4].kind == FunctionKind::TraitDefinition
        );
        assert!(functions[5].attributes.is_test && !functions[4].attributes.is_test);
    }

    #[test]
    fn functions_inside_macro_calls_are_listed() {
        let source = "proptest! {\n    #![proptest_config(x)]\n    #[test]\n    fn holds(a in 0..9) {\n        f();\n    }\n}";
        let project = project(&[("a/src/lib.rs", source)]);
        let functions = list(&project.rust[0]);
        let [function] = functions.as_slice() else { panic!("{} functions", functions.len()) };
        assert_eq!((function.name.as_str(), function.first_line, function.last_line), ("holds", 4, 6));
        assert!(function.attributes.is_test && !function.attributes.is_ignored);
    }
}

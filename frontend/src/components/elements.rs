//! Makes elements directly: as views they would need twice as many nodes, because a list of views ends with a comment, and more
//! code.

use std::cell::RefCell;

use leptos::{
    prelude::*,
    tachys::view::{Mountable, Render},
};
use wasm_bindgen::JsCast;
use web_sys::Element;

pub type ElementAttributes = &'static [(&'static str, &'static str)];

thread_local! {
    /// One of each element that messages are made of, to copy: making an element passes strings to JavaScript, which
    /// takes longer than the rest.
    static PROTOTYPES: RefCell<Vec<((&'static str, ElementAttributes), Element)>> = const { RefCell::new(Vec::new()) };
}

/// Appends an element. Its attributes are those of a prototype, and must not be many different ones.
pub fn append(parent: &Element, name: &'static str, attributes: ElementAttributes) -> Option<Element> {
    let element = copy_prototype(name, attributes)?;
    parent.append_child(&element).ok()?;
    Some(element)
}

fn copy_prototype(name: &'static str, attributes: ElementAttributes) -> Option<Element> {
    PROTOTYPES.with_borrow_mut(|prototypes| {
        let found = prototypes.iter().find(|(key, _)| *key == (name, attributes));
        let node = if let Some((_, prototype)) = found {
            prototype.clone_node()
        } else {
            let element = document().create_element(name).ok()?;
            for (name, value) in attributes {
                element.set_attribute(name, value).ok()?;
            }
            let node = element.clone_node();
            prototypes.push(((name, attributes), element));
            node
        };
        Some(node.ok()?.unchecked_into())
    })
}

pub fn append_with_text(
    parent: &Element,
    name: &'static str,
    attributes: ElementAttributes,
    text: &str,
) -> Option<()> {
    append(parent, name, attributes)?.set_text_content(Some(text));
    Some(())
}

/// Inserts a view that never changes.
pub fn insert_view(parent: &Element, view: impl IntoView, before: Option<&Element>) {
    view.into_view().build().mount(parent, before.map(AsRef::as_ref));
}

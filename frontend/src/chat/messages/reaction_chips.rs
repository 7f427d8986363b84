//! The reactions below a message: an emoji and a count each.
//!
//! Changes the elements directly: a reaction leaves the rest of its message as it is, and a chip that stays keeps the focus.

use leptos::prelude::*;
use shared::id::Seq;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::{
    chat::state::{
        reactions::{ReactionChip, Reactions},
        rows::MessageItem,
    },
    components::elements::{append, append_with_text},
};

const CLASS: &str = "reactions";
/// The attribute of the row of chips with the `seq` of the message.
const SEQ: &str = "data-seq";

/// Replaces the chips of a message in the page.
pub fn show_reactions(item: &MessageItem, reactions: &Reactions) -> Option<()> {
    let article = document().get_element_by_id(&item.element_id())?;
    let is_empty = reactions.chips.is_empty() && reactions.error.is_empty();
    let row = match article.get_elements_by_class_name(CLASS).item(0) {
        Some(row) => row,
        None if is_empty => return None,
        None => append(&article, "div", &[("class", CLASS)])?,
    };
    row.set_attribute(SEQ, &item.seq.to_string()).ok()?;
    let mut next = row.first_element_child();
    for (index, chip) in reactions.chips.iter().enumerate() {
        let later = reactions.chips.get(index..).unwrap_or_default();
        while let Some(gone) = next.take_if(|next| !later.iter().any(|chip| has_emoji(next, chip))) {
            next = gone.next_element_sibling();
            remove(&article, &gone);
        }
        let button = match next.take_if(|next| has_emoji(next, chip)) {
            Some(button) => button,
            None => insert_chip(&row, chip, next.as_ref())?,
        };
        next = button.next_element_sibling();
        update_chip(&button, chip, reactions.is_read_only)?;
    }
    while let Some(gone) = next {
        next = gone.next_element_sibling();
        remove(&article, &gone);
    }
    if !reactions.error.is_empty() {
        append(&row, "p", &[("class", "error")])?.set_text_content(Some(&reactions.error));
    }
    if is_empty {
        row.remove();
    }
    Some(())
}

fn has_emoji(button: &Element, chip: &ReactionChip) -> bool {
    button.get_attribute("value").as_ref() == Some(&chip.emoji)
}

fn insert_chip(row: &Element, chip: &ReactionChip, before: Option<&Element>) -> Option<Element> {
    let button = append(row, "button", &[("type", "button"), ("class", "reaction")])?;
    button.set_attribute("value", &chip.emoji).ok()?;
    let pill = append(&button, "span", &[])?;
    append_with_text(&pill, "span", &[("class", "emoji")], &chip.emoji)?;
    append(&pill, "span", &[])?;
    row.insert_before(&button, before.map(AsRef::as_ref)).ok()?;
    Some(button)
}

fn update_chip(button: &Element, chip: &ReactionChip, is_read_only: bool) -> Option<()> {
    let ReactionChip { count, is_own, label, .. } = chip;
    button.first_element_child()?.last_element_child()?.set_text_content(Some(&format!(" {count}")));
    for name in ["title", "aria-label"] {
        button.set_attribute(name, label).ok()?;
    }
    button.set_attribute("aria-pressed", if *is_own { "true" } else { "false" }).ok()?;
    button.set_attribute("aria-disabled", if is_read_only { "true" } else { "false" }).ok()
}

/// Leaves the focus on the message if it was on the removed chip.
fn remove(article: &Element, chip: &Element) {
    let has_focus = document().active_element().as_ref() == Some(chip);
    chip.remove();
    if let Some(article) = article.dyn_ref::<HtmlElement>().filter(|_| has_focus) {
        // A message can always be focused.
        let _focused = article.focus();
    }
}

/// The message and the emoji of a chip.
pub fn read_chip(chip: &Element) -> Option<(Seq, String)> {
    let seq = chip.parent_element()?.get_attribute(SEQ)?.parse().ok()?;
    Some((seq, chip.get_attribute("value")?))
}

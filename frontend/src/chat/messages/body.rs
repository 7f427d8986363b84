//! Renders the Markdown of a message.
//!
//! Adds the elements directly: as views they would need twice as many nodes, because a list of views ends with a comment.

use std::cell::RefCell;

use leptos::prelude::document;
use markdown::{Block, Inline, ListItem, links, mentions::token, parse};
use shared::mentions::Mentions;
use wasm_bindgen::JsCast;
use web_sys::{Element, Url};

use super::emoji_only::is_emoji_only;
use crate::{
    chat::{
        state::quotes::Quote,
        tools::{self, Task},
    },
    strings,
};

/// The attribute of a quote with the `seq` of the quoted message.
pub const QUOTED_SEQ: &str = "data-quoted-seq";

/// The attribute of a bubble that shows everything. It stays when the message is edited.
pub const UNFOLDED: &str = "data-unfolded";

type Attributes = &'static [(&'static str, &'static str)];

thread_local! {
    /// One of each element that messages are made of, to copy: making an element passes strings to JavaScript, which
    /// takes longer than the rest.
    static PROTOTYPES: RefCell<Vec<((&'static str, Attributes), Element)>> = const { RefCell::new(Vec::new()) };
}

/// A longer message is laid out only when it comes near the view, and may have to be folded.
const LONG_BYTES: usize = 500;
const LONG_LINES: usize = 20;

/// What a bubble shows.
#[derive(Clone)]
pub struct BubbleContent {
    /// What the message replies to.
    pub quote: Option<Quote>,
    pub text: String,
    pub mentions: Mentions,
    /// Whether it mentions the user.
    pub mentions_me: bool,
}

/// Replaces the content of an element by a text.
#[expect(clippy::needless_pass_by_value, reason = "a directive owns its parameters")]
pub fn fill_with_text(element: Element, (text, mentions): (String, Mentions)) {
    element.set_text_content(None);
    append_blocks(&element, &parse(&text), &mentions);
}

/// Replaces the content of an element by a message: the quote of what it replies to, and its text.
#[expect(clippy::needless_pass_by_value, reason = "a directive owns its parameters")]
pub fn fill_with_message(element: Element, content: BubbleContent) {
    let BubbleContent { quote, text, mentions, mentions_me } = content;
    element.set_text_content(None);
    if let Some(quote) = quote {
        append_quote(&element, &quote);
    }
    append_blocks(&element, &parse(&text), &mentions);
    let is_long = text.len() > LONG_BYTES || text.lines().count() > LONG_LINES;
    let class = match (is_long, mentions_me) {
        (true, true) => "bubble long mentions-me",
        (true, false) => "bubble long",
        (false, true) => "bubble mentions-me",
        (false, false) if is_emoji_only(&text) => "bubble emoji",
        (false, false) => "bubble",
    };
    // The name of the attribute is valid.
    let _set = element.set_attribute("class", class);
    if is_long && let Some(button) = append(&element, "button", &[("type", "button"), ("class", "unfold")]) {
        set_unfolded(&element, &button, element.has_attribute(UNFOLDED));
    }
}

/// Shows the whole message or a part of it, and what its button does.
pub fn set_unfolded(bubble: &Element, button: &Element, is_unfolded: bool) {
    let (expanded, label) =
        if is_unfolded { ("true", strings::SHOW_LESS) } else { ("false", strings::SHOW_MORE) };
    button.set_text_content(Some(label));
    // The names of the attributes are valid.
    let _set = button.set_attribute("aria-expanded", expanded);
    let _set =
        if is_unfolded { bubble.set_attribute(UNFOLDED, "") } else { bubble.remove_attribute(UNFOLDED) };
}

/// A click on the button is handled by the list.
fn append_quote(bubble: &Element, quote: &Quote) -> Option<()> {
    let Quote { seq, author, text, .. } = quote;
    let button = append(bubble, "button", &[("type", "button"), ("class", "quote")])?;
    button.set_attribute(QUOTED_SEQ, &seq.to_string()).ok()?;
    button.set_attribute("title", strings::SHOW_MESSAGE).ok()?;
    if !author.is_empty() {
        append_with_text(&button, "bdi", &[("class", "quote-author")], author)?;
    }
    append_with_text(&button, "span", &[("class", "quote-text"), ("dir", "auto")], text)
}

/// Appends an element. Its attributes are those of a prototype, and must not be many different ones.
pub fn append(parent: &Element, name: &'static str, attributes: Attributes) -> Option<Element> {
    let element = copy_prototype(name, attributes)?;
    parent.append_child(&element).ok()?;
    Some(element)
}

fn copy_prototype(name: &'static str, attributes: Attributes) -> Option<Element> {
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
    attributes: Attributes,
    text: &str,
) -> Option<()> {
    append(parent, name, attributes)?.set_text_content(Some(text));
    Some(())
}

fn append_blocks(parent: &Element, blocks: &[Block], mentions: &Mentions) {
    for block in blocks {
        append_block(parent, block, mentions);
    }
}

/// Each block has the text direction of its own content: paragraphs by their style, blocks that contain others by
/// `dir`.
fn append_block(parent: &Element, block: &Block, mentions: &Mentions) -> Option<()> {
    match block {
        Block::Paragraph(inlines) => append_inlines(&append(parent, "p", &[])?, inlines, mentions),
        Block::Quote(blocks) => {
            append_blocks(&append(parent, "blockquote", &[("dir", "auto")])?, blocks, mentions);
        }
        Block::List(items) => append_list(parent, items, mentions)?,
        Block::Code { language, text } => append_code(parent, language, text)?,
    }
    Some(())
}

fn append_list(parent: &Element, items: &[ListItem], mentions: &Mentions) -> Option<()> {
    let is_numbered = items.iter().any(|item| item.number.is_some());
    let list = append(parent, if is_numbered { "ol" } else { "ul" }, &[("dir", "auto")])?;
    for ListItem { number, blocks } in items {
        let item = append(&list, "li", &[])?;
        if let Some(number) = number {
            item.set_attribute("value", &number.to_string()).ok()?;
        }
        append_blocks(&item, blocks, mentions);
    }
    Some(())
}

/// The block scrolls, so it must be focusable by keyboard.
fn append_code(parent: &Element, language: &str, text: &str) -> Option<()> {
    let figure = append(parent, "figure", &[("class", "code")])?;
    if !language.is_empty() {
        append_with_text(&figure, "figcaption", &[], language)?;
    }
    let scroller = append(&figure, "pre", &[("tabindex", "0"), ("dir", "ltr")])?;
    let code = append(&scroller, "code", &[])?;
    code.set_text_content(Some(text));
    if !language.is_empty() {
        tools::start(Task::ColorCode(code));
    }
    Some(())
}

fn append_inlines(parent: &Element, inlines: &[Inline], mentions: &Mentions) {
    for inline in inlines {
        append_inline(parent, inline, mentions);
    }
}

fn append_inline(parent: &Element, inline: &Inline, mentions: &Mentions) -> Option<()> {
    match inline {
        Inline::Text(text) => parent.append_with_str_1(text).ok()?,
        Inline::Code(code) => append_with_text(parent, "code", &[("dir", "ltr")], code)?,
        Inline::Strong(inlines) => append_inlines(&append(parent, "strong", &[])?, inlines, mentions),
        Inline::Emphasis(inlines) => append_inlines(&append(parent, "em", &[])?, inlines, mentions),
        Inline::Strike(inlines) => append_inlines(&append(parent, "s", &[])?, inlines, mentions),
        Inline::Autolink(href) => match canonical_url(href) {
            Some(url) => {
                let link = append_link(parent, BARE_LINK, href)?;
                link.set_text_content(Some(links::shown_url(href, &url)));
            }
            None => parent.append_with_str_1(href).ok()?,
        },
        Inline::Mention(id) => match mentions.name(*id) {
            Some(name) => append_with_text(parent, "bdi", &[("class", "mention")], &format!("@{name}"))?,
            None => parent.append_with_str_1(&token(*id)).ok()?,
        },
        Inline::Link { href, label } => append_labelled_link(parent, href, label, mentions)?,
    }
    Some(())
}

fn append_labelled_link(parent: &Element, href: &str, label: &[Inline], mentions: &Mentions) -> Option<()> {
    let Some(url) = canonical_url(href) else {
        append_inlines(parent, label, mentions);
        return Some(());
    };
    let link = append_link(parent, LINK, href)?;
    append_inlines(&link, label, mentions);
    // A label can claim anything, so the host of the target is shown beside it.
    let host = links::display_host(&url);
    if !matches!(label, [Inline::Text(text)] if text == host) {
        append_with_text(&link, "span", &[("class", "link-gap")], " ")?;
        append_with_text(&link, "bdi", &[("class", "link-host")], host)?;
    }
    Some(())
}

const LINK: Attributes = &[("target", "_blank"), ("rel", "noopener noreferrer nofollow")];
const BARE_LINK: Attributes =
    &[("target", "_blank"), ("rel", "noopener noreferrer nofollow"), ("dir", "ltr")];

fn append_link(parent: &Element, attributes: Attributes, href: &str) -> Option<Element> {
    let link = append(parent, "a", attributes)?;
    link.set_attribute("href", href).ok()?;
    Some(link)
}

/// The URL as the browser writes it. None if the browser would not open it.
fn canonical_url(url: &str) -> Option<String> {
    Url::new(url).ok().map(|url| url.href())
}

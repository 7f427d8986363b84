//! Renders what a bubble contains: quote, files and Markdown.

use markdown::{Block, Inline, ListItem, links, mentions::token, parse};
use shared::{
    file::{ImageSize, MessageFile},
    mentions::Mentions,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, Node, Url};

use super::emoji_only::is_emoji_only;
use crate::{
    chat::{
        state::{quotes::Quote, rows::MessageItem},
        tools::{self, Task},
    },
    components::elements::{ElementAttributes, append, append_with_text},
    files::FileKind,
    strings,
};

/// The attribute of a quote with the `seq` of the quoted message.
pub const QUOTED_SEQ: &str = "data-quoted-seq";

/// The attribute of a bubble that shows everything. It stays when the message is edited.
pub const UNFOLDED: &str = "data-unfolded";

/// A longer message is laid out only when it comes near the view, and may have to be folded.
const LONG_BYTES: usize = 500;
const LONG_LINES: usize = 20;

/// Replaces the content of an element by a text.
#[expect(clippy::needless_pass_by_value, reason = "a directive owns its parameters")]
pub fn fill_with_text(element: Element, (text, mentions): (String, Mentions)) {
    element.set_text_content(None);
    append_blocks(&element, &parse(&text), &mentions);
}

/// Replaces the content of a bubble: the quote of what the message replies to, its files, and `text`.
pub fn fill_bubble(bubble: &Element, item: &MessageItem, text: &str, has_same_files: bool) {
    let files = if has_same_files && !item.files.is_empty() {
        remove_all_but_files(bubble)
    } else {
        bubble.set_text_content(None);
        None
    };
    if let Some(quote) = &item.quote {
        insert_quote(bubble, quote, files.as_ref());
    }
    if files.is_none() && !item.files.is_empty() {
        append_files(bubble, &item.files);
    }
    // Of nothing, the parser makes a paragraph.
    if !text.trim().is_empty() {
        append_blocks(bubble, &parse(text), &item.mentions);
    }
    let is_long = text.len() > LONG_BYTES || text.lines().count() > LONG_LINES;
    let class = match (is_long, item.mentions_me) {
        (true, true) => "bubble long mentions-me",
        (true, false) => "bubble long",
        (false, true) => "bubble mentions-me",
        (false, false) if is_emoji_only(text) => "bubble emoji",
        (false, false) => "bubble",
    };
    // The name of the attribute is valid.
    let _set = bubble.set_attribute("class", class);
    if is_long && let Some(button) = append(bubble, "button", &[("type", "button"), ("class", "unfold")]) {
        set_unfolded(bubble, &button, bubble.has_attribute(UNFOLDED));
    }
}

/// Leaves the files in their place, so that what is playing goes on.
fn remove_all_but_files(bubble: &Element) -> Option<Node> {
    while let Ok(Some(part)) = bubble.query_selector(":scope > :not(.files)") {
        part.remove();
    }
    bubble.first_child()
}

/// Appends a box for each file, as large as what is shown in it, so that the layout does not shift. The module `tools` fills
/// them.
fn append_files(bubble: &Element, files: &[MessageFile]) -> Option<()> {
    let list = append(bubble, "div", &[("class", "files")])?;
    for file in files {
        let attributes: ElementAttributes = match FileKind::from(file) {
            FileKind::Image => &[("class", "file image")],
            FileKind::Video => &[("class", "file video")],
            FileKind::Audio => &[("class", "file audio")],
            FileKind::Other => &[("class", "file")],
        };
        let style = append(&list, "div", attributes)?.unchecked_into::<HtmlElement>().style();
        if let Some(ImageSize { width, height }) = file.image {
            style.set_property("--width", &width.to_string()).ok()?;
            style.set_property("--height", &height.to_string()).ok()?;
        }
    }
    tools::start(Task::FillFiles(list, files.to_vec()));
    Some(())
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
fn insert_quote(bubble: &Element, quote: &Quote, before: Option<&Node>) -> Option<()> {
    let Quote { seq, author, text, .. } = quote;
    let button = append(bubble, "button", &[("type", "button"), ("class", "quote")])?;
    if before.is_some() {
        bubble.insert_before(&button, before).ok()?;
    }
    button.set_attribute(QUOTED_SEQ, &seq.to_string()).ok()?;
    button.set_attribute("title", strings::SHOW_MESSAGE).ok()?;
    if !author.is_empty() {
        append_with_text(&button, "bdi", &[("class", "quote-author")], author)?;
    }
    append_with_text(&button, "span", &[("class", "quote-text"), ("dir", "auto")], text)
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

const LINK: ElementAttributes = &[("target", "_blank"), ("rel", "noopener noreferrer nofollow")];
const BARE_LINK: ElementAttributes =
    &[("target", "_blank"), ("rel", "noopener noreferrer nofollow"), ("dir", "ltr")];

fn append_link(parent: &Element, attributes: ElementAttributes, href: &str) -> Option<Element> {
    let link = append(parent, "a", attributes)?;
    link.set_attribute("href", href).ok()?;
    Some(link)
}

/// The URL as the browser writes it. None if the browser would not open it.
fn canonical_url(url: &str) -> Option<String> {
    Url::new(url).ok().map(|url| url.href())
}

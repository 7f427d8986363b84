//! Renders the Markdown of a message.

use leptos::prelude::*;
use markdown::{Block, Inline, ListItem, links, parse};

pub fn render_body(message: &str) -> AnyView {
    render_blocks(parse(message))
}

fn render_blocks(blocks: Vec<Block>) -> AnyView {
    blocks.into_iter().map(render_block).collect_view().into_any()
}

/// Each block has the text direction of its own content: paragraphs by their style, blocks that contain others by
/// `dir`.
fn render_block(block: Block) -> AnyView {
    match block {
        Block::Paragraph(inlines) => view! { <p>{render_inlines(inlines)}</p> }.into_any(),
        Block::Quote(blocks) => {
            view! { <blockquote dir="auto">{render_blocks(blocks)}</blockquote> }.into_any()
        }
        Block::List(items) => render_list(items),
        Block::Code { language, text } => render_code(language, text),
    }
}

fn render_list(items: Vec<ListItem>) -> AnyView {
    let is_numbered = items.iter().any(|item| item.number.is_some());
    let items = items
        .into_iter()
        .map(|ListItem { number, blocks }| view! { <li value=number>{render_blocks(blocks)}</li> })
        .collect_view();
    if is_numbered {
        view! { <ol dir="auto">{items}</ol> }.into_any()
    } else {
        view! { <ul dir="auto">{items}</ul> }.into_any()
    }
}

/// The block scrolls, so it must be focusable by keyboard.
fn render_code(language: String, text: String) -> AnyView {
    let language = (!language.is_empty()).then(|| view! { <figcaption>{language}</figcaption> });
    view! {
        <figure class="code">
            {language} <pre tabindex="0" dir="ltr">
                <code>{text}</code>
            </pre>
        </figure>
    }
    .into_any()
}

fn render_inlines(inlines: Vec<Inline>) -> AnyView {
    inlines.into_iter().map(render_inline).collect_view().into_any()
}

fn render_inline(inline: Inline) -> AnyView {
    match inline {
        Inline::Text(text) => text.into_any(),
        Inline::Break => view! { <br /> }.into_any(),
        Inline::Code(code) => view! { <code dir="ltr">{code}</code> }.into_any(),
        Inline::Strong(inlines) => view! { <strong>{render_inlines(inlines)}</strong> }.into_any(),
        Inline::Emphasis(inlines) => view! { <em>{render_inlines(inlines)}</em> }.into_any(),
        Inline::Strike(inlines) => view! { <s>{render_inlines(inlines)}</s> }.into_any(),
        Inline::Autolink(href) => render_link(href.clone(), href.into_any()),
        Inline::Link { href, label } => {
            // A label can claim anything, so the host of the target is shown beside it.
            let host = links::display_host(&href).to_owned();
            let is_label = matches!(&label[..], [Inline::Text(text)] if *text == host);
            let host_hint = (!is_label)
                .then(|| view! { <span class="link-gap">" "</span> <bdi class="link-host">{host}</bdi> });
            render_link(href, view! { {render_inlines(label)} {host_hint} }.into_any())
        }
    }
}

fn render_link(href: String, label: AnyView) -> AnyView {
    view! {
        <a href=href target="_blank" rel="noopener noreferrer nofollow">
            {label}
        </a>
    }
    .into_any()
}

//! A message's Markdown as elements.

use leptos::prelude::*;
use shared::markdown::{Block, Item, Span, links, read};

/// What somebody said.
pub fn said(message: &str) -> AnyView {
    blocks(read(message))
}

fn blocks(all: Vec<Block>) -> AnyView {
    all.into_iter().map(block).collect_view().into_any()
}

/// Each reads in the direction that its own words say: paragraphs by their style, what holds them by the first of them.
fn block(block: Block) -> AnyView {
    match block {
        Block::Paragraph(all) => view! { <p>{spans(all)}</p> }.into_any(),
        Block::Quote(all) => view! { <blockquote dir="auto">{blocks(all)}</blockquote> }.into_any(),
        Block::List(all) => list(all),
        Block::Code { language, text } => code(language, text),
    }
}

fn list(all: Vec<Item>) -> AnyView {
    let is_numbered = all.iter().any(|item| item.number.is_some());
    let items = all
        .into_iter()
        .map(|Item { number, blocks: all }| view! { <li value=number>{blocks(all)}</li> })
        .collect_view();
    if is_numbered {
        view! { <ol dir="auto">{items}</ol> }.into_any()
    } else {
        view! { <ul dir="auto">{items}</ul> }.into_any()
    }
}

/// Can be scrolled, so it can be reached by the keyboard.
fn code(language: String, text: String) -> AnyView {
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

fn spans(all: Vec<Span>) -> AnyView {
    all.into_iter().map(span).collect_view().into_any()
}

fn span(span: Span) -> AnyView {
    match span {
        Span::Text(text) => text.into_any(),
        Span::Break => view! { <br /> }.into_any(),
        Span::Code(code) => view! { <code dir="ltr">{code}</code> }.into_any(),
        Span::Strong(all) => view! { <strong>{spans(all)}</strong> }.into_any(),
        Span::Emphasis(all) => view! { <em>{spans(all)}</em> }.into_any(),
        Span::Strike(all) => view! { <s>{spans(all)}</s> }.into_any(),
        Span::Bare(to) => link(to.clone(), to.into_any()),
        Span::Link { to, label } => {
            // Whoever follows words sees before where to.
            let host = links::host(&to).to_owned();
            let is_said = matches!(&label[..], [Span::Text(text)] if *text == host);
            let whither =
                (!is_said).then(|| view! { <span class="gap">" "</span> <bdi class="whither">{host}</bdi> });
            link(to, view! { {spans(label)} {whither} }.into_any())
        }
    }
}

fn link(to: String, label: AnyView) -> AnyView {
    view! {
        <a href=to target="_blank" rel="noopener noreferrer nofollow">
            {label}
        </a>
    }
    .into_any()
}

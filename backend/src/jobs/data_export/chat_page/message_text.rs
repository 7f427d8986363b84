//! The Markdown of a message, with the same elements and the same rules for links as in the client.

use markdown::{Block, Inline, ListItem, links, mentions::token, parse};
use shared::mentions::Mentions;
use url::Url;

use super::html::Html;

pub fn append_text(html: &mut Html, text: &str, mentions: &Mentions) {
    append_blocks(html, &parse(text), mentions);
}

fn append_blocks(html: &mut Html, blocks: &[Block], mentions: &Mentions) {
    for block in blocks {
        match block {
            Block::Paragraph(inlines) => {
                html.markup("<p>");
                append_inlines(html, inlines, mentions);
                html.markup("</p>");
            }
            Block::Quote(blocks) => {
                html.markup("<blockquote dir=\"auto\">");
                append_blocks(html, blocks, mentions);
                html.markup("</blockquote>");
            }
            Block::List(items) => append_list(html, items, mentions),
            Block::Code { language, text } => append_code(html, language, text),
        }
    }
}

fn append_list(html: &mut Html, items: &[ListItem], mentions: &Mentions) {
    let is_numbered = items.iter().any(|item| item.number.is_some());
    html.markup(if is_numbered { "<ol dir=\"auto\">" } else { "<ul dir=\"auto\">" });
    for ListItem { number, blocks } in items {
        match number {
            Some(number) => html.markup("<li value=\"").value(number).markup("\">"),
            None => html.markup("<li>"),
        };
        append_blocks(html, blocks, mentions);
        html.markup("</li>");
    }
    html.markup(if is_numbered { "</ol>" } else { "</ul>" });
}

/// The block scrolls, so it must be focusable by keyboard.
fn append_code(html: &mut Html, language: &str, text: &str) {
    html.markup("<figure>");
    if !language.is_empty() {
        html.markup("<figcaption>").text(language).markup("</figcaption>");
    }
    html.markup("<pre tabindex=\"0\" dir=\"ltr\"><code>").text(text).markup("</code></pre></figure>");
}

fn append_inlines(html: &mut Html, inlines: &[Inline], mentions: &Mentions) {
    for inline in inlines {
        append_inline(html, inline, mentions);
    }
}

fn append_inline(html: &mut Html, inline: &Inline, mentions: &Mentions) {
    match inline {
        Inline::Text(text) => {
            html.text(text);
        }
        Inline::Code(code) => {
            html.markup("<code dir=\"ltr\">").text(code).markup("</code>");
        }
        Inline::Mention(id) => match mentions.name(*id) {
            Some(name) => {
                html.markup("<bdi><strong>@").text(&name).markup("</strong></bdi>");
            }
            None => {
                html.text(&token(*id));
            }
        },
        Inline::Strong(inlines) => append_within(html, ["<strong>", "</strong>"], inlines, mentions),
        Inline::Emphasis(inlines) => append_within(html, ["<em>", "</em>"], inlines, mentions),
        Inline::Strike(inlines) => append_within(html, ["<s>", "</s>"], inlines, mentions),
        Inline::Autolink(href) => match canonical_url(href) {
            Some(url) => {
                html.markup("<a dir=\"ltr\" rel=\"noopener noreferrer nofollow\" href=\"").text(href);
                html.markup("\">").text(links::shown_url(href, &url)).markup("</a>");
            }
            None => {
                html.text(href);
            }
        },
        Inline::Link { href, label } => append_labelled_link(html, href, label, mentions),
    }
}

fn append_within(html: &mut Html, [start, end]: [&'static str; 2], inlines: &[Inline], mentions: &Mentions) {
    html.markup(start);
    append_inlines(html, inlines, mentions);
    html.markup(end);
}

/// A label can claim anything, so the host of the target is shown beside it.
fn append_labelled_link(html: &mut Html, href: &str, label: &[Inline], mentions: &Mentions) {
    let Some(url) = canonical_url(href) else { return append_inlines(html, label, mentions) };
    html.markup("<a rel=\"noopener noreferrer nofollow\" href=\"").text(href).markup("\">");
    append_inlines(html, label, mentions);
    let host = links::display_host(&url);
    if !matches!(label, [Inline::Text(text)] if text == host) {
        html.markup(" <bdi class=\"host\">").text(host).markup("</bdi>");
    }
    html.markup("</a>");
}

/// The URL as a browser writes it. None if it would not open it, or if no link may lead there.
fn canonical_url(url: &str) -> Option<String> {
    let canonical = Url::parse(url).ok().filter(|_| links::is_allowed_url(url))?;
    Some(canonical.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str) -> String {
        let mut html = Html::default();
        append_text(&mut html, text, &Mentions::default());
        String::from_utf8(html.into_bytes()).unwrap()
    }

    #[test]
    fn markdown_becomes_elements() {
        let text = "**Two** steps:\n\n1. `a<b`\n2. > wait\n\n```sh\nx && y\n```";
        let expected = "<p><strong>Two</strong> steps:</p>\
             <ol dir=\"auto\"><li value=\"1\"><p><code dir=\"ltr\">a&lt;b</code></p></li>\
             <li value=\"2\"><blockquote dir=\"auto\"><p>wait</p></blockquote></li></ol>\
             <figure><figcaption>sh</figcaption><pre tabindex=\"0\" dir=\"ltr\"><code>x &amp;&amp; y</code></pre></figure>";
        assert_eq!(rendered(text), expected);
    }

    #[test]
    fn html_in_messages_stays_text() {
        for text in [
            "<script>alert(1)</script>",
            "</style></section><img src=x onerror=alert(1)>",
            "`</code><script>`",
            "```</pre><script>\n</code></pre><script>\n```",
            "[<b onclick=x>](https://example.org/\"onmouseover=\"alert)",
            "https://example.org/\"><script>",
        ] {
            let html = rendered(text);
            for tag in ["<script", "<img", "<b ", "</style", "</section", "\"onmouseover=\"", "onclick=x>]"] {
                assert!(!html.contains(tag), "{text}: {html}");
            }
        }
    }

    #[test]
    fn links_show_their_host_and_only_lead_to_sites() {
        let html = rendered("[bank](https://evil.example/a) https://ebаy.com javascript:alert(1)");
        assert!(
            html.contains("href=\"https://evil.example/a\">bank <bdi class=\"host\">evil.example</bdi>"),
            "{html}"
        );
        assert!(html.contains(">https://xn--eby-7cd.com/</a>"), "{html}");
        assert!(!html.contains("href=\"javascript"), "{html}");
        let html = rendered("[x](javascript:alert(1)) [y](data:text/html,x)");
        assert!(!html.contains("<a "), "{html}");
    }
}

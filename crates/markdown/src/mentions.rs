//! Mentions: `<@42>` with the id of a user, and `<@here>` for everyone. Whether there is such a user only the caller knows.

use std::{iter::from_fn, ops::Range};

use super::{Block, Inline, ListItem, parse, steps};

/// Takes the place of a user's id in `<@here>`.
pub const HERE: i64 = 0;

const START: &str = "<@";
const HERE_NAME: &str = "here";
/// The most characters of an id.
const ID_MAX: usize = 19;

/// The name that is shown for the id of a mention; `None` shows the text as it is.
pub type NameOf<'a> = &'a dyn Fn(i64) -> Option<String>;

/// The text that mentions a user.
pub fn token(id: i64) -> String {
    if id == HERE { format!("{START}{HERE_NAME}>") } else { format!("{START}{id}>") }
}

/// What is shown of a mention.
pub(super) fn shown_text(id: i64, name_of: NameOf) -> String {
    name_of(id).map_or_else(|| token(id), |name| format!("@{name}"))
}

/// The id in the token that a text begins with, and the length of the token.
pub(super) fn parse_token(text: &str) -> Option<(i64, usize)> {
    let rest = text.strip_prefix(START)?;
    steps::add(ID_MAX + 1);
    let end = rest.bytes().take(ID_MAX + 1).position(|byte| byte == b'>')?;
    let name = rest.get(..end)?;
    let is_id = !name.starts_with('0') && name.bytes().all(|byte| byte.is_ascii_digit());
    let id = if name == HERE_NAME { HERE } else { name.parse().ok().filter(|_| is_id)? };
    Some((id, START.len() + end + 1))
}

/// All tokens, also those in code: where they are, and their ids.
pub fn find_tokens(text: &str) -> impl Iterator<Item = (Range<usize>, i64)> {
    let mut offset = 0;
    from_fn(move || {
        loop {
            let found = text.get(offset..)?.find(START);
            steps::add(found.map_or(text.len() - offset, |found| found + 1));
            let start = offset + found?;
            offset = start + START.len();
            if let Some((id, length)) = text.get(start..).and_then(parse_token) {
                offset = start + length;
                return Some((start..offset, id));
            }
        }
    })
}

/// The mentions in a message: where their tokens are, and their ids. A token in code is none.
pub fn find_mentions(message: &str) -> Vec<(Range<usize>, i64)> {
    let tokens: Vec<_> = find_tokens(message).collect();
    if tokens.is_empty() {
        return tokens;
    }
    // Parsing keeps their order.
    let mut is_mention = Vec::new();
    for block in parse(message) {
        block.append_tokens(&mut is_mention);
    }
    if is_mention.len() != tokens.len() {
        return Vec::new();
    }
    tokens.into_iter().zip(is_mention).filter_map(|(token, is_mention)| is_mention.then_some(token)).collect()
}

/// The message with names in place of its mentions.
pub fn replace_mentions(message: &str, name_of: NameOf) -> String {
    let (mut replaced, mut end) = (String::new(), 0);
    for (token, id) in find_mentions(message) {
        replaced.push_str(message.get(end..token.start).unwrap_or_default());
        replaced.push_str(&shown_text(id, name_of));
        end = token.end;
    }
    replaced + message.get(end..).unwrap_or_default()
}

/// Literal text that may contain mentions.
pub(super) fn split_text(text: &str) -> Vec<Inline> {
    let (mut inlines, mut end) = (Vec::new(), 0);
    let literal = |range: Range<usize>| {
        text.get(range).filter(|text| !text.is_empty()).map(|text| Inline::Text(text.to_owned()))
    };
    for (token, id) in find_tokens(text) {
        inlines.extend(literal(end..token.start));
        inlines.push(Inline::Mention(id));
        end = token.end;
    }
    inlines.extend(literal(end..text.len()));
    inlines
}

impl Block {
    /// Appends for each token whether it is a mention.
    fn append_tokens(&self, is_mention: &mut Vec<bool>) {
        match self {
            Self::Paragraph(inlines) => inlines.iter().for_each(|inline| inline.append_tokens(is_mention)),
            Self::Quote(blocks) => blocks.iter().for_each(|block| block.append_tokens(is_mention)),
            Self::Code { language, text } => {
                is_mention.extend(find_tokens(language).chain(find_tokens(text)).map(|_| false));
            }
            Self::List(items) => {
                let blocks = items.iter().flat_map(|ListItem { blocks, .. }| blocks);
                blocks.for_each(|block| block.append_tokens(is_mention));
            }
        }
    }
}

impl Inline {
    fn append_tokens(&self, is_mention: &mut Vec<bool>) {
        match self {
            Self::Mention(_) => is_mention.push(true),
            Self::Text(text) | Self::Code(text) | Self::Autolink(text) => {
                is_mention.extend(find_tokens(text).map(|_| false));
            }
            _ => self.children().iter().for_each(|inline| inline.append_tokens(is_mention)),
        }
        if let Self::Link { href, .. } = self {
            is_mention.extend(find_tokens(href).map(|_| false));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(message: &str) -> Vec<i64> {
        find_mentions(message).into_iter().map(|(_, id)| id).collect()
    }

    fn named(id: i64) -> Option<String> {
        match id {
            HERE => Some("here".to_owned()),
            42 => Some("Ada *L*".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn mention_has_an_id_or_is_here() {
        assert_eq!(ids("<@42>, <@here>! <@9223372036854775807>"), [42, HERE, i64::MAX]);
        for text in [
            "<@>",
            "<@0>",
            "<@042>",
            "<@-1>",
            "<@+1>",
            "<@4 2>",
            "<@42",
            "< @42>",
            "<@Here>",
            "<@42\n>",
            "<@9223372036854775808>",
            "@42",
            "<@٤>",
        ] {
            assert_eq!(ids(text), [], "{text}");
        }
        assert_eq!((token(42), token(HERE)), ("<@42>".to_owned(), "<@here>".to_owned()));
    }

    #[test]
    fn mention_in_code_is_none() {
        let message = "`<@1>` <@2> ``<@3>``\n```<@4>\n<@5>\n```\n> - **<@6>** [<@7>](https://a.org/?<@8>)\n\\<@9> https://a.org/<@10>";
        assert_eq!(ids(message), [2, 6, 7, 10]);
        assert_eq!(ids("    <@1>\n1. <@2>\n   <@3>"), [1, 2, 3]);
    }

    #[test]
    fn literal_message_has_mentions() {
        let message = "*a* ".repeat(200) + "`<@1>`";
        assert_eq!(ids(&message), [1]);
    }

    #[test]
    fn names_take_the_place_of_mentions() {
        let message = "*hi* <@42><@here> `<@42>` <@7>";
        assert_eq!(replace_mentions(message, &named), "*hi* @Ada *L*@here `<@42>` <@7>");
        assert_eq!(super::super::plain_text(message, &named), "hi @Ada *L*@here <@42> <@7>");
        assert_eq!(replace_mentions("no\nmention", &named), "no\nmention");
    }
}

//! Names in the place of mentions, in the text that is being written: `@Ada Lovelace` for `<@42>`.
//!
//! A name that several members have leads to none of them; their usernames do.

use std::{collections::BTreeMap, ops::Bound};

use markdown::mentions::{HERE, find_mentions, replace_mentions, token};
use shared::{
    member::Member,
    mentions::{HERE_NAME, Mentions},
    timeline::Timeline,
    user::User,
};

/// Leads from the names of a chat's members to their ids. Case makes no difference in ASCII.
pub struct MemberNames {
    /// `None` for a name that several have.
    ids: BTreeMap<String, Option<i64>>,
}

/// A part of a text: as it is written, and the token that takes its place.
struct Part<'a> {
    written: &'a str,
    token: Option<String>,
}

pub fn encode(timeline: &Timeline, text: &str) -> String {
    if text.contains('@') { MemberNames::new(&timeline.members()).encode(text) } else { text.to_owned() }
}

/// Shows a member by name, or by username if the name means another member, or else as the token. Those who have left are shown
/// by name, which is no mention any more.
pub fn decode(timeline: &Timeline, text: &str, mentions: &Mentions) -> String {
    MemberNames::new(&timeline.members()).decode(&timeline.members(), text, mentions)
}

impl MemberNames {
    pub fn new(members: &[&Member]) -> Self {
        let mut ids = BTreeMap::new();
        for Member { user, .. } in members {
            let id = user.id.get();
            let same = ids.entry(user.display_name.to_ascii_lowercase()).or_insert(Some(id));
            *same = same.filter(|same| *same == id);
        }
        // Usernames are unique.
        for Member { user, .. } in members {
            ids.insert(user.username.to_ascii_lowercase(), Some(user.id.get()));
        }
        ids.remove("");
        ids.insert(HERE_NAME.to_owned(), Some(HERE));
        Self { ids }
    }

    /// The name that leads to the member.
    pub fn name_of<'a>(&self, user: &'a User) -> Option<&'a str> {
        let leads_to = |name: &&str| self.ids.get(&name.to_ascii_lowercase()) == Some(&Some(user.id.get()));
        [user.name(), &user.username].into_iter().find(leads_to)
    }

    fn decode(&self, members: &[&Member], text: &str, mentions: &Mentions) -> String {
        let show = |name_of: &dyn Fn(&User) -> Option<String>| {
            replace_mentions(text, &|id| match members.iter().find(|member| member.user.id.get() == id) {
                Some(member) => name_of(&member.user),
                None if id == HERE => Some(HERE_NAME.to_owned()),
                None => mentions.name(id),
            })
        };
        let encoded = self.encode(&show(&|_| None));
        let by_name = |user: &User| self.name_of(user).map(str::to_owned);
        let by_username = |user: &User| Some(user.username.clone());
        let shown = [show(&by_name), show(&by_username)];
        shown.into_iter().find(|shown| self.encode(shown) == encoded).unwrap_or_else(|| show(&|_| None))
    }

    /// The text with tokens in the place of names, except in code.
    fn encode(&self, text: &str) -> String {
        let mut parts = self.split(text);
        let encoded = join(&parts);
        let mentions = find_mentions(&encoded);
        let mut end = 0;
        for part in &mut parts {
            let start = end;
            end += part.token.as_deref().unwrap_or(part.written).len();
            let is_mention = mentions.iter().any(|(token, _)| *token == (start..end));
            part.token = part.token.take().filter(|_| is_mention);
        }
        join(&parts)
    }

    fn split<'a>(&self, text: &'a str) -> Vec<Part<'a>> {
        let (mut parts, mut end) = (Vec::new(), 0);
        let lower = text.to_ascii_lowercase();
        for (start, at) in text.match_indices('@') {
            let is_free =
                start >= end && !text.get(..start).is_some_and(|before| before.ends_with(joins_name));
            let name = lower.get(start + at.len()..).filter(|_| is_free).and_then(|rest| self.find(rest));
            let Some((length, id)) = name else { continue };
            let after = start + at.len() + length;
            parts.push(Part { written: text.get(end..start).unwrap_or_default(), token: None });
            parts.push(Part { written: text.get(start..after).unwrap_or_default(), token: Some(token(id)) });
            end = after;
        }
        parts.push(Part { written: text.get(end..).unwrap_or_default(), token: None });
        parts
    }

    /// The length of the longest name that the text, in lower case, begins with, and whom it leads to.
    fn find(&self, text: &str) -> Option<(usize, i64)> {
        let mut start = text;
        loop {
            // Every name that the text begins with is at or before it.
            let up_to_start = (Bound::Unbounded, Bound::Included(start));
            let (name, id) = self.ids.range::<str, _>(up_to_start).next_back()?;
            let common = common_length(name, start);
            if common == name.len() && !continues_name(text.get(common..)?) {
                return Some((common, (*id)?));
            }
            let shorter =
                if common == name.len() { text.get(..common)?.char_indices().next_back()?.0 } else { common };
            start = text.get(..shorter)?;
        }
    }
}

fn join(parts: &[Part]) -> String {
    parts.iter().map(|part| part.token.as_deref().unwrap_or(part.written)).collect()
}

/// The length of what both texts begin with.
fn common_length(a: &str, b: &str) -> usize {
    a.char_indices()
        .zip(b.chars())
        .find(|((_, a), b)| a != b)
        .map_or(a.len().min(b.len()), |((offset, _), _)| offset)
}

/// No name begins after these, as in an e-mail address. In scripts without spaces one does.
fn joins_name(c: char) -> bool {
    is_letter(c) || matches!(c, '@' | '.' | '-' | '+' | '/' | '\\' | '<')
}

/// Whether the text goes on with what may belong to a name, as in `@ada.example`.
fn continues_name(text: &str) -> bool {
    let mut chars = text.chars();
    match chars.next() {
        Some('.' | '-' | '+' | '@') => chars.next().is_some_and(is_letter),
        next => next.is_some_and(is_letter),
    }
}

fn is_letter(c: char) -> bool {
    c == '_' || (c.is_alphanumeric() && c < '\u{e00}')
}

#[cfg(test)]
mod tests {
    use shared::{
        id::{Seq, UserId},
        member::{MembershipStatus, Role},
        time::DateTime,
    };

    use super::*;

    fn members() -> Vec<Member> {
        let users = [
            (1, "ada", "Ada Lovelace"),
            (2, "ada2", "Ada"),
            (3, "quick", "Quick Fox"),
            (4, "lazy", "quick fox"),
            (5, "élodie", ""),
            (6, "guest-k3", "Ada Lovelace King"),
            (7, "李", ""),
            (8, "user", "ada"),
        ];
        let member = |(id, username, name): (i64, &str, &str)| Member {
            user: User {
                id: UserId::new(id),
                username: username.to_owned(),
                display_name: name.to_owned(),
                ..User::default()
            },
            role: Role::Writer,
            status: MembershipStatus::Member,
            seq: Seq::new(id),
            revision: Seq::new(id),
            created_at: DateTime::UNIX_EPOCH,
        };
        users.map(member).into()
    }

    fn encode(text: &str) -> String {
        MemberNames::new(&members().iter().collect::<Vec<_>>()).encode(text)
    }

    #[test]
    fn names_become_tokens() {
        for (text, encoded) in [
            ("@ada: tea?", "<@1>: tea?"),
            ("@Ada Lovelace, @ada lovelace king.", "<@1>, <@6>."),
            ("@Ada Love", "<@1> Love"),
            ("(@ADA2)", "(<@2>)"),
            ("@here! @everyone", "<@here>! @everyone"),
            ("@élodie @guest-k3", "<@5> <@6>"),
            ("你好@李先生", "你好<@7>先生"),
            ("**@ada** [@ada](https://a.org)", "**<@1>** [<@1>](https://a.org)"),
            ("@ada@ada", "@ada@ada"),
            ("<@3> @quick", "<@3> <@3>"),
        ] {
            assert_eq!(encode(text), encoded, "{text}");
        }
    }

    #[test]
    fn other_text_stays_as_it_is() {
        for text in [
            "",
            "@",
            "@@",
            "@ Ada",
            "@adam",
            "@ada_x",
            "@ada.example",
            "mail ada@here.example or x@ada",
            "@Quick Fox",
            "`@ada`",
            "```\n@ada\n```",
            "\\@ada",
            "https://a.example/@ada",
        ] {
            assert_eq!(encode(text), text);
        }
        assert_eq!(encode("`@ada` @ada"), "`@ada` <@1>");
    }

    #[test]
    fn decoded_text_mentions_the_same_members() {
        let members = members();
        let members: Vec<_> = members.iter().collect();
        let names = MemberNames::new(&members);
        for (text, decoded) in [
            ("<@1>: tea?", "@Ada Lovelace: tea?"),
            ("<@1> King", "@ada King"),
            ("<@here> <@9>", "@here <@9>"),
            ("<@2>_<@7>", "<@2>_<@7>"),
        ] {
            assert_eq!(names.decode(&members, text, &Mentions::default()), decoded, "{text}");
            assert_eq!(names.encode(decoded), text);
        }
    }

    #[test]
    fn name_of_member_leads_to_them() {
        let members = members();
        let names = MemberNames::new(&members.iter().collect::<Vec<_>>());
        let shown: Vec<_> = members.iter().map(|member| names.name_of(&member.user).unwrap()).collect();
        assert_eq!(
            shown,
            ["Ada Lovelace", "ada2", "quick", "lazy", "élodie", "Ada Lovelace King", "李", "user"]
        );
        for Member { user, .. } in &members {
            assert_eq!(encode(&format!("@{}", names.name_of(user).unwrap())), format!("<@{}>", user.id));
        }
    }
}

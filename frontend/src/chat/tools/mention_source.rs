//! Completes the names of members after `@`.

use markdown::mentions::token;
use shared::{id::UserId, mentions::HERE_NAME, timeline::Timeline, user::User};

use super::{
    completion::{Completion, CompletionSource, ITEMS_MAX},
    mention_names::MemberNames,
    text_edit::MENTION,
};
use crate::{
    chat::state::{presence::PresenceStore, sync::SyncStore},
    js::lowercase,
    strings,
};

/// How many authors of the newest messages come first.
const SPEAKERS_MAX: usize = 20;

pub fn mention_source(sync: SyncStore, presence: PresenceStore) -> CompletionSource {
    let search = move |query: &str| {
        let user_id = sync.current_user_id();
        sync.with_timeline_untracked(|timeline| {
            let found =
                timeline.map(|timeline| search(timeline, user_id, query, |id| presence.is_present_now(id)));
            found.unwrap_or_default()
        })
    };
    CompletionSource { trigger: MENTION, search: Box::new(search) }
}

/// The members of whose names a word begins with the query: those who wrote last come first, then those who are present.
/// Everyone comes last.
fn search(
    timeline: &Timeline,
    user_id: UserId,
    query: &str,
    is_present: impl Fn(UserId) -> bool,
) -> Vec<Completion> {
    let query = lowercase(query);
    let members = timeline.members();
    // One call for all: each one copies its text.
    let lines: Vec<_> = members.iter().map(|member| searched_line(&member.user)).collect();
    let lines = lowercase(&lines.join("\n"));
    let is_match = |line: &str| line.split(is_separator).any(|word| word.starts_with(&query));
    let speakers = last_speakers(timeline);
    let rank =
        |id| (speakers.iter().position(|speaker| *speaker == id).unwrap_or(usize::MAX), !is_present(id));
    let found = members.iter().zip(lines.split('\n')).filter(|(_, line)| is_match(line));
    let mut found: Vec<_> = found.map(|(member, _)| &member.user).filter(|user| user.id != user_id).collect();
    found.sort_by_cached_key(|user| rank(user.id));
    let here = HERE_NAME.starts_with(&query).then(everyone);
    found.truncate(ITEMS_MAX - usize::from(here.is_some()));
    let names = MemberNames::new(&members);
    let item = |user: &User| {
        let inserted = names.name_of(user).map_or_else(|| token(user.id.get()), |name| format!("@{name}"));
        Completion { label: user.name().to_owned(), detail: format!("@{}", user.username), inserted }
    };
    found.into_iter().map(item).chain(here).collect()
}

/// The authors of the newest messages, the last one first.
fn last_speakers(timeline: &Timeline) -> Vec<UserId> {
    let mut speakers = Vec::new();
    for message in timeline.messages().rev().filter(|message| message.event.is_none()) {
        if speakers.len() < SPEAKERS_MAX && !speakers.contains(&message.user.id) {
            speakers.push(message.user.id);
        }
    }
    speakers
}

fn everyone() -> Completion {
    let inserted = format!("@{HERE_NAME}");
    Completion { label: inserted.clone(), detail: strings::EVERYONE_HERE.to_owned(), inserted }
}

/// The names of a user, on one line.
fn searched_line(user: &User) -> String {
    format!("{} {}", user.display_name, user.username)
}

fn is_separator(c: char) -> bool {
    matches!(c, ' ' | '-' | '_' | '.' | '+' | '@' | '\'' | '(')
}

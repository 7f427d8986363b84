//! What was done in a chat, in a sentence.

use shared::{
    event::{Event, Person},
    member::Role,
};

use super::{PRODUCT, YOU, apart::Apart, keeping, links};

/// Nothing for what a newer server does. `who` did it; without it the server did, by the chat's own rules. `name` is what
/// somebody is called.
pub fn act(who: Option<&str>, me: i64, name: impl Fn(&Person) -> String, act: &Event) -> Option<String> {
    let name = |person: &Person| Apart(&name(person)).to_string();
    let named = |person: &Person| if person.id == me { YOU.to_lowercase() } else { name(person) };
    let whose = |person: &Person| if person.id == me { keeping::YOURS.to_owned() } else { name(person) };
    let done = match act {
        Event::Named { name } if name.is_empty() => "took away the chat’s name".to_owned(),
        Event::Named { name } => format!("named the chat “{}”", Apart(name)),
        Event::Topic { topic } if topic.is_empty() => "took away the topic".to_owned(),
        Event::Topic { topic } => format!("set the topic: {}", Apart(topic)),
        Event::Closed { closed: true } => "closed the chat: nobody writes any more".to_owned(),
        Event::Closed { closed: false } => "opened the chat for writing again".to_owned(),
        Event::LinkOpen { open: true } => "let people in by this page’s address again".to_owned(),
        Event::LinkOpen { open: false } => "closed this page’s address to newcomers".to_owned(),
        Event::UriRotated => "gave the chat a new address".to_owned(),
        Event::Guests { welcome: true } => "opened the chat to guests".to_owned(),
        Event::Guests { welcome: false } => "closed the chat to guests".to_owned(),
        Event::Approval { on: true } => "asked newcomers to knock from now on".to_owned(),
        Event::Approval { on: false } => "let newcomers come in without knocking".to_owned(),
        Event::Slow { seconds: 0 } => "ended slow mode".to_owned(),
        Event::Slow { seconds } => format!("slowed the chat: one message every {}", keeping::span(*seconds)),
        Event::Retention { days: None } => "set messages to be kept for good".to_owned(),
        Event::Retention { days: Some(days) } => {
            format!("set messages to vanish after {}", keeping::days(*days))
        }
        Event::Expires { at: None } => "set the chat to stay for good".to_owned(),
        Event::Expires { at: Some(at) } => format!("set the chat to end on {}", keeping::moment(*at)),
        Event::Admitted { who } => format!("let {} in", named(who)),
        Event::Refused { who } => format!("did not let {} in", named(who)),
        Event::Removed { who } => format!("removed {}", named(who)),
        Event::Banned { who } => format!("banned {}", named(who)),
        Event::Unbanned { who } => format!("lifted the ban on {}", named(who)),
        Event::Left => "left".to_owned(),
        Event::Role { who, role } => format!("made {} {}", named(who), a_role(*role)),
        Event::HandedOver { who } => format!("handed the chat over to {}", named(who)),
        Event::MessagesDeleted { who, count } => {
            format!("deleted {} of {}", keeping::messages(*count), whose(who))
        }
        Event::MessageDeleted { who, .. } => format!("deleted a message of {}", whose(who)),
        Event::LinkMade { label, role, .. } => {
            format!("made {} for {}", a_link(label), links::people_of(*role))
        }
        Event::LinkRevoked { label, .. } => format!("revoked {}", a_link(label)),
        Event::Deleted => "deleted the chat".to_owned(),
        Event::Unknown => return None,
    };
    Some(format!("{} {done}", Apart(who.unwrap_or(PRODUCT))))
}

/// Only what concerns everyone stands between the messages.
pub fn line(who: &str, me: i64, name: impl Fn(&Person) -> String, event: &Event) -> Option<String> {
    let quiet = matches!(
        event,
        Event::MessageDeleted { .. } | Event::LinkMade { .. } | Event::LinkRevoked { .. } | Event::Deleted
    );
    if quiet { None } else { act(Some(who), me, name, event) }
}

const fn a_role(role: Role) -> &'static str {
    match role {
        Role::Reader => "a reader",
        Role::Writer => "a writer",
        Role::Moderator => "a moderator",
        Role::Owner => "the owner",
    }
}

fn a_link(label: &str) -> String {
    if label.is_empty() { "a link".to_owned() } else { format!("the link “{}”", Apart(label)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: i64 = 1;

    fn name(person: &Person) -> String {
        person.name.clone()
    }

    fn brian() -> Person {
        Person { id: 2, name: "Brian".into() }
    }

    #[test]
    fn what_was_done_reads_as_a_sentence() {
        let said = |event| line("Ada", ME, name, &event).unwrap();
        assert_eq!(said(Event::Removed { who: brian() }), "Ada removed Brian");
        assert_eq!(said(Event::Named { name: "Tea".into() }), "Ada named the chat “Tea”");
        assert_eq!(said(Event::Role { who: brian(), role: Role::Reader }), "Ada made Brian a reader");
        assert_eq!(said(Event::Slow { seconds: 30 }), "Ada slowed the chat: one message every 30 seconds");
        assert_eq!(said(Event::MessagesDeleted { who: brian(), count: 1 }), "Ada deleted 1 message of Brian");
    }

    #[test]
    fn what_one_did_oneself_reads_as_well() {
        for event in
            [Event::Approval { on: true }, Event::Retention { days: None }, Event::Expires { at: None }]
        {
            let said = line("You", ME, name, &event).unwrap();
            assert!(!said.starts_with("You has") && !said.starts_with("You lets"), "{said}");
        }
    }

    #[test]
    fn oneself_is_you() {
        let who = Person { id: ME, name: "Ada".into() };
        let admitted = Event::Admitted { who: who.clone() };
        assert_eq!(line("Eve", ME, name, &admitted).as_deref(), Some("Eve let you in"));
        let deleted = Event::MessageDeleted { who, seq: 3 };
        assert_eq!(act(Some("Eve"), ME, name, &deleted).as_deref(), Some("Eve deleted a message of yours"));
    }

    #[test]
    fn what_nobody_understands_or_concerns_nobody_is_no_line() {
        assert_eq!(line("Ada", ME, name, &Event::Unknown), None);
        assert_eq!(line("Ada", ME, name, &Event::MessageDeleted { who: brian(), seq: 3 }), None);
        assert_eq!(act(None, ME, name, &Event::Deleted).as_deref(), Some("Chatire deleted the chat"));
    }
}

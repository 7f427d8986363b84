//! Sentences for the events of a chat.

use shared::{
    chat::EditWindow,
    event::{Event, UserRef},
    id::UserId,
    member::Role,
};

use super::{PRODUCT, bidi::BidiIsolate, dates::date_and_time, invite_links, moderation};

/// The sentence for an event in the audit log, or `None` for an event that this version does not know. Without `actor`, the
/// server acted by the rules of the chat. `name` returns the current name of a user.
pub fn audit_sentence(
    actor: Option<&str>,
    current_user_id: UserId,
    name: impl Fn(&UserRef) -> String,
    event: &Event,
) -> Option<String> {
    let target = |user: &UserRef| {
        if user.id == current_user_id { "you".to_owned() } else { BidiIsolate(&name(user)).to_string() }
    };
    let author = |user: &UserRef| {
        if user.id == current_user_id { "of yours".to_owned() } else { format!("from {}", target(user)) }
    };
    let action = describe_setting(event)
        .or_else(|| describe_member_event(event, target))
        .or_else(|| describe_deletion(event, author))
        .or_else(|| describe_link(event))?;
    Some(format!("{} {action}", BidiIsolate(actor.unwrap_or(PRODUCT))))
}

/// As [`audit_sentence`], for a line between the messages: only events that concern every member.
pub fn event_sentence(
    actor: &str,
    current_user_id: UserId,
    name: impl Fn(&UserRef) -> String,
    event: &Event,
) -> Option<String> {
    let audit_only = matches!(
        event,
        Event::MessageDeleted { .. }
            | Event::MessageUnpinned { .. }
            | Event::LinkCreated { .. }
            | Event::LinkRevoked { .. }
            | Event::Deleted
    );
    if audit_only { None } else { audit_sentence(Some(actor), current_user_id, name, event) }
}

fn describe_setting(event: &Event) -> Option<String> {
    let text = match event {
        Event::Named { name } if name.is_empty() => "removed the chat’s name".to_owned(),
        Event::Named { name } => format!("named the chat “{}”", BidiIsolate(name)),
        Event::Topic { topic } if topic.is_empty() => "removed the topic".to_owned(),
        Event::Topic { topic } => format!("set the topic: {}", BidiIsolate(topic)),
        Event::Closed { closed: true } => "closed the chat".to_owned(),
        Event::Closed { closed: false } => "reopened the chat".to_owned(),
        Event::LinkOpen { open: true } => "opened the chat link to new people".to_owned(),
        Event::LinkOpen { open: false } => "closed the chat link to new people".to_owned(),
        Event::UriRotated => "replaced the chat link".to_owned(),
        Event::Guests { allowed: true } => "allowed guests".to_owned(),
        Event::Guests { allowed: false } => "stopped guests from joining".to_owned(),
        Event::Approval { required: true } => "turned on approval for new people".to_owned(),
        Event::Approval { required: false } => "turned off approval".to_owned(),
        Event::SlowMode { seconds: 0 } => "turned off slow mode".to_owned(),
        Event::SlowMode { seconds } => {
            format!("turned on slow mode ({})", moderation::short_duration(*seconds))
        }
        Event::EditWindow { edit_window: EditWindow::Never } => "turned off editing".to_owned(),
        Event::EditWindow { edit_window: EditWindow::FifteenMinutes } => {
            "allowed editing for 15 minutes".to_owned()
        }
        Event::EditWindow { edit_window: EditWindow::Always } => "allowed editing at any time".to_owned(),
        Event::Export { allowed: true } => "let members export the chat".to_owned(),
        Event::Export { allowed: false } => "stopped members from exporting the chat".to_owned(),
        Event::Retention { days: None } => "set messages to be kept forever".to_owned(),
        Event::Retention { days: Some(days) } => {
            format!("set messages to be deleted after {}", moderation::count_days(*days))
        }
        Event::Expires { at: None } => "set the chat to be kept forever".to_owned(),
        Event::Expires { at: Some(at) } => format!("set the chat to be deleted on {}", date_and_time(*at)),
        _ => return None,
    };
    Some(text)
}

fn describe_member_event(event: &Event, target: impl Fn(&UserRef) -> String) -> Option<String> {
    let text = match event {
        Event::Admitted { target: user } => format!("let {} in", target(user)),
        Event::Rejected { target: user } => format!("declined {}", target(user)),
        Event::Removed { target: user } => format!("removed {}", target(user)),
        Event::Banned { target: user } => format!("banned {}", target(user)),
        Event::Unbanned { target: user } => format!("unbanned {}", target(user)),
        Event::Left => "left".to_owned(),
        Event::Role { target: user, role } => match role {
            Role::Reader => format!("made {} read-only", target(user)),
            Role::Writer => format!("allowed {} to write", target(user)),
            Role::Moderator => format!("made {} a moderator", target(user)),
            Role::Owner => format!("made {} the owner", target(user)),
        },
        Event::OwnershipTransferred { target: user } => format!("made {} the owner", target(user)),
        _ => return None,
    };
    Some(text)
}

fn describe_deletion(event: &Event, author: impl Fn(&UserRef) -> String) -> Option<String> {
    match event {
        Event::MessagesDeleted { target: user, count } => {
            Some(format!("deleted {} {}", moderation::count_messages(*count), author(user)))
        }
        Event::MessageDeleted { target: user, .. } => Some(format!("deleted a message {}", author(user))),
        Event::MessagePinned { target: user, .. } => Some(format!("pinned a message {}", author(user))),
        Event::MessageUnpinned { target: user, .. } => Some(format!("unpinned a message {}", author(user))),
        Event::Deleted => Some("deleted the chat".to_owned()),
        _ => None,
    }
}

fn describe_link(event: &Event) -> Option<String> {
    match event {
        Event::LinkCreated { label, role, .. } => {
            Some(format!("created {} for {}", link_name(label), invite_links::role_plural(*role)))
        }
        Event::LinkRevoked { label, .. } => Some(format!("turned off {}", link_name(label))),
        _ => None,
    }
}

fn link_name(label: &str) -> String {
    if label.is_empty() {
        "an invite link".to_owned()
    } else {
        format!("the invite link “{}”", BidiIsolate(label))
    }
}

#[cfg(test)]
mod tests {
    use shared::id::Seq;

    use super::*;

    const ME: UserId = UserId::new(1);

    fn name(user: &UserRef) -> String {
        user.name.clone()
    }

    fn brian() -> UserRef {
        UserRef { id: UserId::new(2), name: "Brian".into() }
    }

    #[test]
    fn events_read_as_sentences() {
        let sentence = |event| event_sentence("Ada", ME, name, &event).unwrap();
        assert_eq!(sentence(Event::Removed { target: brian() }), "Ada removed Brian");
        assert_eq!(sentence(Event::Named { name: "Tea".into() }), "Ada named the chat “Tea”");
        assert_eq!(sentence(Event::Role { target: brian(), role: Role::Reader }), "Ada made Brian read-only");
        assert_eq!(sentence(Event::SlowMode { seconds: 30 }), "Ada turned on slow mode (30 s)");
        assert_eq!(
            sentence(Event::MessagesDeleted { target: brian(), count: 1 }),
            "Ada deleted 1 message from Brian"
        );
    }

    #[test]
    fn own_actions_read_as_sentences() {
        for event in
            [Event::Approval { required: true }, Event::Retention { days: None }, Event::Expires { at: None }]
        {
            let sentence = event_sentence("You", ME, name, &event).unwrap();
            assert!(!sentence.starts_with("You has") && !sentence.starts_with("You lets"), "{sentence}");
        }
    }

    #[test]
    fn current_user_is_called_you() {
        let ada = UserRef { id: ME, name: "Ada".into() };
        let admitted = Event::Admitted { target: ada.clone() };
        assert_eq!(event_sentence("Eve", ME, name, &admitted).as_deref(), Some("Eve let you in"));
        let deleted = Event::MessageDeleted { target: ada, seq: Seq::new(3) };
        assert_eq!(
            audit_sentence(Some("Eve"), ME, name, &deleted).as_deref(),
            Some("Eve deleted a message of yours")
        );
    }

    #[test]
    fn unknown_and_audit_only_events_have_no_line() {
        assert_eq!(event_sentence("Ada", ME, name, &Event::Unknown), None);
        let deleted = Event::MessageDeleted { target: brian(), seq: Seq::new(3) };
        assert_eq!(event_sentence("Ada", ME, name, &deleted), None);
        assert_eq!(
            audit_sentence(None, ME, name, &Event::Deleted).as_deref(),
            Some("Chatire deleted the chat")
        );
    }
}

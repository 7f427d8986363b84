//! A link in the list: what it lets people do, for how long, and who came by it.

use leptos::{either::EitherOf3, prelude::*};
use shared::{
    link::{CameBy, Link},
    member::Member,
};

use crate::{
    api::keeping as calls,
    chat::{act::Act, members::face, room::Room},
    clock,
    ui::{asking::Outcome, confirm::Confirm},
    words::{keeping, links},
};

/// What stands below the link.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Below {
    Nothing,
    People,
    Question,
}

#[component]
#[expect(clippy::needless_pass_by_value, reason = "a component owns what it is given")]
pub fn LinkRow(
    /// The link.
    link: Link,
    /// Reads the list anew.
    again: Callback<()>,
    /// The chat.
    room: Room,
) -> impl IntoView {
    let id = link.id;
    let ended = ended(&link, clock::now());
    let title = if link.label.is_empty() { links::UNNAMED_LINK.to_owned() } else { link.label.clone() };
    let (below, act) = (RwSignal::new(Below::Nothing), Act::new(room));
    let revoke = move |()| act.begin(calls::revoke_link(&room.uri_now(), id), move |_| again.run(()));
    let revocable = link.revoked_at.is_none();
    let toggle = move |this: Below| {
        move |_| below.update(|below| *below = if *below == this { Below::Nothing } else { this })
    };
    let part = move || match below.get() {
        Below::Nothing => EitherOf3::A(()),
        Below::People => EitherOf3::B(view! { <WhoCame id room /> }),
        Below::Question => EitherOf3::C(view! {
            <Confirm
                question=links::REVOKE_REALLY.to_owned()
                yes=links::REVOKE
                asking=act
                on_yes=revoke
                on_no=move |()| below.set(Below::Nothing)
            />
        }),
    };
    view! {
        <li class:ended=ended.is_some()>
            <p class="link-title">
                <bdi>{title}</bdi>
                <span class="tag">{ended.unwrap_or(links::grants(link.role))}</span>
            </p>
            <p class="hint">{facts(&link)}</p>
            <div class="link-acts">
                <button
                    class="quiet"
                    aria-expanded=move || (below.get() == Below::People).to_string()
                    on:click=toggle(Below::People)
                >
                    {links::WHO_CAME}
                </button>
                <button class="quiet bad" hidden=!revocable on:click=toggle(Below::Question)>
                    {links::REVOKE}
                </button>
            </div>
            {part}
        </li>
    }
}

/// Why the link lets nobody in any more, if so.
fn ended(link: &Link, now: i64) -> Option<&'static str> {
    if link.revoked_at.is_some() {
        Some(links::REVOKED)
    } else if link.expires_at.is_some_and(|at| at.timestamp_millis() <= now) {
        Some(links::EXPIRED)
    } else if link.uses_max.is_some_and(|most| link.uses >= most) {
        Some(links::USED_UP)
    } else {
        None
    }
}

fn facts(link: &Link) -> String {
    let used = links::used(link.uses, link.uses_max);
    let until = link.expires_at.map(links::until);
    let by = links::by(link.created_by.name());
    [Some(used), until, Some(by)].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

#[component]
fn WhoCame(
    /// The link's number.
    id: i64,
    /// The chat.
    room: Room,
) -> impl IntoView {
    let (people, act) = (RwSignal::new(None::<Vec<Member>>), Act::new(room));
    act.begin(calls::came_by(&room.uri_now(), id), move |came: CameBy| people.set(Some(came.members)));
    let none = move || match &*people.read() {
        None if act.is_busy() => keeping::LOADING,
        Some(people) if people.is_empty() => links::NOBODY_CAME,
        _ => "",
    };
    let person = move |member: Member| {
        view! {
            <li>
                <div class="person">
                    {face(room, &member.user)}
                    <bdi class="person-name">{member.user.name().to_owned()}</bdi>
                </div>
            </li>
        }
    };
    view! {
        <p class="hint">{none}</p>
        <ul class="people">{move || people.get().unwrap_or_default().into_iter().map(person).collect_view()}</ul>
        <Outcome asking=act />
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use shared::{member::Role, user::User};

    use super::*;

    fn link() -> Link {
        Link {
            id: 1,
            label: String::new(),
            role: Role::Writer,
            created_by: User::default(),
            created_at: DateTime::UNIX_EPOCH,
            expires_at: None,
            uses_max: None,
            uses: 3,
            revoked_at: None,
        }
    }

    #[test]
    fn a_link_ends_by_revocation_time_or_use() {
        let at = DateTime::from_timestamp_millis(1_000);
        assert_eq!(ended(&link(), 1_000), None);
        assert_eq!(ended(&Link { revoked_at: at, ..link() }, 0), Some(links::REVOKED));
        assert_eq!(ended(&Link { expires_at: at, ..link() }, 999), None);
        assert_eq!(ended(&Link { expires_at: at, ..link() }, 1_000), Some(links::EXPIRED));
        assert_eq!(ended(&Link { uses_max: Some(4), ..link() }, 0), None);
        assert_eq!(ended(&Link { uses_max: Some(3), ..link() }, 0), Some(links::USED_UP));
    }
}

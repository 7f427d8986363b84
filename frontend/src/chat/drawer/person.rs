//! A person in the list, and what can be done about them.

use leptos::{either::Either, ev, prelude::*};
use shared::member::{ChangeMember, Member, Standing};

use crate::{
    api::keeping as calls,
    chat::{act::Act, focus, may::Deed, members::face, room::Room},
    ui::{
        asking::Outcome,
        confirm::Confirm,
        icon::{Drawing, Icon},
    },
    words::{self, keeping},
};

#[component]
pub fn Person(
    /// Who it is.
    member: Member,
    /// Whose actions are unfolded.
    open: RwSignal<Option<i64>>,
    /// The chat.
    room: Room,
) -> impl IntoView {
    let id = member.user.id;
    let name = StoredValue::new(member.user.name().to_owned());
    let shown = (face(room, &member.user), notes(room, &member));
    let in_the_chat = member.standing.is_in();
    let member = StoredValue::new(member);
    let deeds = Memo::new(move |_| member.with_value(|member| room.myself().deeds(member)));
    let act = Act::new(room);
    let asked = RwSignal::new(None);
    let choose = Callback::new(move |deed: Deed| {
        if deed.is_grave() { asked.set(Some(deed)) } else { carry_out(room, act, id, deed, open) }
    });
    // The row of somebody who is something else now is another row: whoever acted finds themself beside it.
    on_cleanup(move || {
        if open.try_get_untracked() == Some(Some(id)) {
            open.set(None);
            request_animation_frame(refocus);
        }
    });
    let is_open = move || open.get() == Some(id);
    let toggle = move |_| {
        asked.set(None);
        open.update(|open| *open = if *open == Some(id) { None } else { Some(id) });
    };
    let more = move || {
        (in_the_chat && !deeds.read().is_empty()).then(|| {
            view! {
                <button
                    id=format!("person-{id}")
                    class="round"
                    aria-label=name.with_value(|name| keeping::actions_for(name))
                    aria-expanded=move || is_open().to_string()
                    on:click=toggle
                >
                    <Drawing icon=Icon::More />
                </button>
            }
        })
    };
    let on_key = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" && open.get_untracked() == Some(id) {
            event.stop_propagation();
            open.set(None);
            focus(&format!("person-{id}"));
        }
    };
    let below = move || match asked.get() {
        Some(deed) => Either::Left(view! {
            <Confirm
                question=name.with_value(|name| keeping::really(deed, name))
                yes=keeping::deed(deed)
                asking=act
                on_yes=move |()| carry_out(room, act, id, deed, open)
                on_no=move |()| asked.set(None)
            />
        }),
        None => Either::Right(view! { <Deeds deeds at_once=!in_the_chat act choose /> }),
    };
    view! {
        <li on:keydown=on_key>
            <div class="person">
                {shown.0}
                <span class="person-name">
                    <bdi>{name.get_value()}</bdi>
                    {shown.1}
                </span>
                {more}
            </div>
            {move || (!in_the_chat || is_open()).then(below)}
        </li>
    }
}

/// The focus that went with a row goes to what stands above the rows.
fn refocus() {
    let lost = document().active_element().is_none_or(|element| element.tag_name() == "BODY");
    if lost {
        focus("people");
    }
}

/// What is good to know about them, in a line.
fn notes(room: Room, member: &Member) -> impl IntoView + use<> {
    let (id, role, guest) = (member.user.id, member.role, member.user.guest);
    let in_the_chat = member.standing.is_in();
    let line = move || {
        let you = (id == room.me()).then_some(words::YOU);
        let role = Some(keeping::role(role)).filter(|role| in_the_chat && !role.is_empty());
        let guest = guest.then_some(keeping::GUEST);
        let here = (in_the_chat && room.is_here(id)).then_some(words::HERE_NOW);
        [you, role, guest, here].into_iter().flatten().collect::<Vec<_>>().join(" · ")
    };
    view! { <span class="hint">{line}</span> }
}

#[component]
fn Deeds(
    /// What can be done.
    deeds: Memo<Vec<Deed>>,
    /// They stand side by side: each is a step that was waited for.
    at_once: bool,
    /// What is being done.
    act: Act,
    /// Does one of them.
    choose: Callback<Deed>,
) -> impl IntoView {
    let button = move |(nth, deed): (usize, Deed)| {
        let class = match (at_once, nth) {
            (true, 0) => "primary",
            (true, _) => "plain",
            (false, _) => "row",
        };
        let bad = matches!(deed, Deed::Erase(_) | Deed::Remove | Deed::Ban);
        view! {
            <button class=class class:bad=bad aria-disabled=move || act.busy() on:click=move |_| choose.run(deed)>
                {keeping::deed(deed)}
            </button>
        }
    };
    view! {
        <div class=if at_once { "choices" } else { "deeds" }>
            {move || deeds.get().into_iter().enumerate().map(button).collect_view()}
        </div>
        <Outcome asking=act />
    }
}

fn carry_out(room: Room, act: Act, id: i64, deed: Deed, open: RwSignal<Option<i64>>) {
    let uri = room.uri_now();
    let become_ = |standing| ChangeMember { standing: Some(standing), ..ChangeMember::default() };
    let change = match deed {
        Deed::Admit => become_(Standing::In),
        Deed::Refuse => become_(Standing::Refused),
        Deed::Remove => become_(Standing::Removed),
        Deed::Ban => become_(Standing::Banned),
        Deed::Unban => become_(Standing::Left),
        Deed::Give(role) => ChangeMember { role: Some(role), ..ChangeMember::default() },
        Deed::Erase(minutes) => {
            return act.begin(calls::delete_messages(&uri, id, minutes), move |_| open.set(None));
        }
        Deed::HandOver => return act.begin(calls::hand_over(&uri, id), move |_| open.set(None)),
    };
    act.begin(calls::change_member(&uri, id, change), move |_| open.set(None));
}

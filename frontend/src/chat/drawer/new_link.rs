//! Making a link.

use leptos::{either::EitherOf3, ev, html, prelude::*};
use shared::{
    link::{LABEL_MAX, Made, MakeLink, USES_MAX},
    member::Role,
};

use super::{
    choice::{Choice, Offer},
    made::NewlyMade,
};
use crate::{
    api::keeping as calls,
    chat::{act::Act, room::Room},
    ui::asking::Outcome,
    words::{keeping, links},
};

/// Seconds; 0 for good.
const WORKS_FOR: [u64; 4] = [3_600, 86_400, 604_800, 0];

#[derive(Clone, PartialEq, Eq)]
enum Step {
    Offered,
    Asked,
    Made(String),
}

#[component]
pub fn NewLink(
    /// Reads the list anew.
    again: Callback<()>,
    /// The chat.
    room: Room,
) -> impl IntoView {
    let step = RwSignal::new(Step::Offered);
    let made = Callback::new(move |secret: String| {
        step.set(Step::Made(secret));
        again.run(());
    });
    let back = Callback::new(move |()| step.set(Step::Offered));
    move || match step.get() {
        Step::Offered => EitherOf3::A(view! {
            <button class="plain" on:click=move |_| step.set(Step::Asked)>{links::MAKE_A_LINK}</button>
        }),
        Step::Asked => EitherOf3::B(view! { <Form made back room /> }),
        Step::Made(secret) => EitherOf3::C(view! { <NewlyMade secret back /> }),
    }
}

#[component]
fn Form(
    /// Hears the secret of the new link.
    made: Callback<String>,
    /// Lets it be.
    back: Callback<()>,
    /// The chat.
    room: Room,
) -> impl IntoView {
    let (label, uses) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let (role, works_for) = (RwSignal::new(name(Role::Writer)), RwSignal::new(String::from("604800")));
    let act = Act::new(room);
    let make = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let value =
            |of: NodeRef<html::Input>| of.get_untracked().map(|input| input.value()).unwrap_or_default();
        let link = MakeLink {
            label: value(label).trim().to_owned(),
            role: role.with_untracked(|wanted| role_named(wanted)),
            expires_in: works_for
                .with_untracked(|seconds| seconds.parse().ok().filter(|seconds| *seconds > 0)),
            uses_max: value(uses).trim().parse().ok(),
        };
        act.begin(calls::make_link(&room.uri_now(), &link), move |answer: Made| made.run(answer.secret));
    };
    let lives = WORKS_FOR.map(|seconds| (seconds.to_string(), links::works_for(seconds).to_owned()));
    Effect::new(move |_| {
        if let Some(label) = label.get() {
            // A field that cannot take the focus leaves it where it is.
            let _focused = label.focus();
        }
    });
    view! {
        <form class="form sunken" on:submit=make>
            <div class="field">
                <label for="link-label">{links::LABEL}</label>
                <div class="input">
                    <input
                        id="link-label"
                        node_ref=label
                        autocomplete="off"
                        maxlength=LABEL_MAX
                        aria-describedby="link-label-hint"
                    />
                </div>
                <p class="hint" id="link-label-hint">{links::LABEL_HINT}</p>
            </div>
            <Choice
                id="link-role"
                label=links::LETS_PEOPLE
                offers=Signal::derive(move || roles(room.myself().owns()))
                chosen=role.into()
                choose=move |value| role.set(value)
            />
            <Choice
                id="link-life"
                label=links::WORKS_FOR
                offers=Signal::stored(lives.to_vec())
                chosen=works_for.into()
                choose=move |value| works_for.set(value)
            />
            <div class="field">
                <label for="link-uses">{links::USES}</label>
                <div class="input">
                    <input
                        id="link-uses"
                        node_ref=uses
                        type="number"
                        inputmode="numeric"
                        min="1"
                        max=USES_MAX
                        placeholder=links::ANY_NUMBER
                    />
                </div>
            </div>
            <Outcome asking=act />
            <div class="choices">
                <button class="primary" aria-disabled=move || act.busy()>{links::MAKE_A_LINK}</button>
                <button type="button" class="plain" on:click=move |_| back.run(())>{keeping::CANCEL}</button>
            </div>
        </form>
    }
}

/// Links that moderate are the owner's to make.
fn roles(owns: bool) -> Vec<Offer> {
    let roles = [Role::Reader, Role::Writer, Role::Moderator].into_iter();
    let offered = roles.filter(|role| owns || *role != Role::Moderator);
    offered.map(|role| (name(role), links::grants(role).to_owned())).collect()
}

fn name(role: Role) -> String {
    match role {
        Role::Reader => "reader",
        Role::Writer => "writer",
        Role::Moderator | Role::Owner => "moderator",
    }
    .to_owned()
}

fn role_named(wanted: &str) -> Role {
    let roles = [Role::Reader, Role::Moderator];
    roles.into_iter().find(|role| name(*role) == wanted).unwrap_or(Role::Writer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_owner_makes_links_that_moderate() {
        assert_eq!((roles(true).len(), roles(false).len()), (3, 2));
        assert!(roles(false).iter().all(|(role, _)| role_named(role) != Role::Moderator));
    }

    #[test]
    fn every_role_is_found_by_its_name() {
        for role in [Role::Reader, Role::Writer, Role::Moderator] {
            assert_eq!(role_named(&name(role)), role);
        }
    }
}

//! The form that creates an invite link.

use leptos::{either::EitherOf3, ev, html, prelude::*};
use shared::{
    invite_link::{CreateInviteLink, INVITE_LINK_USES_MAX, InviteLinkCreated, LABEL_MAX},
    member::Role,
};

use super::{
    invite_created::InviteCreated,
    select::{Select, SelectOption},
};
use crate::{
    api::moderation as api,
    chat::{state::use_sync, use_request::use_chat_request},
    components::form_request::Outcome,
    strings::{self, invite_links},
};

/// The lifetimes that are offered, in seconds; 0 for no end.
const LIFETIMES: [u64; 4] = [3_600, 86_400, 604_800, 0];
const DEFAULT_LIFETIME: u64 = 604_800;

#[derive(Clone, PartialEq, Eq)]
enum Step {
    Button,
    Form,
    /// With the secret and the role of the link.
    Created(String, Role),
}

#[component]
pub fn CreateInvite(reload: Callback<()>) -> impl IntoView {
    let step = RwSignal::new(Step::Button);
    let on_created = Callback::new(move |created: InviteLinkCreated| {
        step.set(Step::Created(created.secret, created.link.role));
        reload.run(());
    });
    let on_close = Callback::new(move |()| step.set(Step::Button));
    move || match step.get() {
        Step::Button => EitherOf3::A(view! {
            <button class="plain" on:click=move |_| step.set(Step::Form)>
                {invite_links::CREATE_LINK}
            </button>
        }),
        Step::Form => EitherOf3::B(view! { <InviteForm on_created on_cancel=on_close /> }),
        Step::Created(secret, role) => EitherOf3::C(view! { <InviteCreated secret role on_close /> }),
    }
}

#[component]
fn InviteForm(on_created: Callback<InviteLinkCreated>, on_cancel: Callback<()>) -> impl IntoView {
    let (sync, request) = (use_sync(), use_chat_request());
    let (label, max_uses) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let (role, lifetime) =
        (RwSignal::new(role_value(Role::Writer)), RwSignal::new(DEFAULT_LIFETIME.to_string()));
    let create = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let value =
            |node: NodeRef<html::Input>| node.get_untracked().map(|input| input.value()).unwrap_or_default();
        let seconds: Option<u64> = lifetime.with_untracked(|seconds| seconds.parse().ok());
        let link = CreateInviteLink {
            label: value(label).trim().to_owned(),
            role: role.with_untracked(|value| parse_role(value)),
            expires_in: seconds.filter(|seconds| *seconds > 0),
            max_uses: value(max_uses).trim().parse().ok(),
        };
        let creation = api::create_invite_link(&sync.current_uri(), &link);
        request.send(creation, move |created| on_created.run(created));
    };
    view! {
        <form class="form sunken" on:submit=create>
            <LabelInput label />
            <RoleSelect role />
            <LifetimeSelect lifetime />
            <MaxUsesInput max_uses />
            <Outcome request />
            <div class="button-row">
                <button class="primary" aria-disabled=move || request.aria_disabled()>
                    {invite_links::CREATE_LINK}
                </button>
                <button type="button" class="plain" on:click=move |_| on_cancel.run(())>{strings::CANCEL}</button>
            </div>
        </form>
    }
}

#[component]
fn LabelInput(label: NodeRef<html::Input>) -> impl IntoView {
    Effect::new(move |_| {
        if let Some(label) = label.get() {
            // If the field cannot take the focus, the focus stays where it is.
            let _focused = label.focus();
        }
    });
    view! {
        <div class="field">
            <label for="link-label">{invite_links::LABEL}</label>
            <div class="input">
                <input
                    id="link-label"
                    node_ref=label
                    autocomplete="off"
                    maxlength=LABEL_MAX
                    aria-describedby="link-label-hint"
                />
            </div>
            <p class="hint" id="link-label-hint">{invite_links::LABEL_HINT}</p>
        </div>
    }
}

#[component]
fn RoleSelect(role: RwSignal<String>) -> impl IntoView {
    let sync = use_sync();
    view! {
        <Select
            id="link-role"
            label=invite_links::ROLE
            options=Signal::derive(move || role_options(sync.current_member().is_owner()))
            selected=role.into()
            on_change=move |value| role.set(value)
        />
    }
}

#[component]
fn LifetimeSelect(lifetime: RwSignal<String>) -> impl IntoView {
    let options = LIFETIMES.map(|seconds| SelectOption {
        value: seconds.to_string(),
        label: invite_links::lifetime(seconds).to_owned(),
    });
    view! {
        <Select
            id="link-lifetime"
            label=invite_links::EXPIRY
            options=Signal::stored(options.to_vec())
            selected=lifetime.into()
            on_change=move |value| lifetime.set(value)
        />
    }
}

#[component]
fn MaxUsesInput(max_uses: NodeRef<html::Input>) -> impl IntoView {
    view! {
        <div class="field">
            <label for="link-uses">{invite_links::LIMIT}</label>
            <div class="input">
                <input
                    id="link-uses"
                    node_ref=max_uses
                    type="number"
                    inputmode="numeric"
                    min="1"
                    max=INVITE_LINK_USES_MAX
                    placeholder=invite_links::NO_LIMIT
                />
            </div>
        </div>
    }
}

/// Only the owner can create links for moderators.
fn role_options(is_owner: bool) -> Vec<SelectOption> {
    let roles = [Role::Reader, Role::Writer, Role::Moderator].into_iter();
    let offered = roles.filter(|role| is_owner || *role != Role::Moderator);
    let option = |role| SelectOption {
        value: role_value(role),
        label: invite_links::role_permissions(role).to_owned(),
    };
    offered.map(option).collect()
}

fn role_value(role: Role) -> String {
    match role {
        Role::Reader => "reader",
        Role::Writer => "writer",
        Role::Moderator | Role::Owner => "moderator",
    }
    .to_owned()
}

fn parse_role(value: &str) -> Role {
    let roles = [Role::Reader, Role::Moderator];
    roles.into_iter().find(|role| role_value(*role) == value).unwrap_or(Role::Writer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_owner_can_create_moderator_links() {
        assert_eq!((role_options(true).len(), role_options(false).len()), (3, 2));
        let offered = role_options(false);
        assert!(offered.iter().all(|option| parse_role(&option.value) != Role::Moderator));
    }

    #[test]
    fn every_role_roundtrips_through_its_value() {
        for role in [Role::Reader, Role::Writer, Role::Moderator] {
            assert_eq!(parse_role(&role_value(role)), role);
        }
    }
}

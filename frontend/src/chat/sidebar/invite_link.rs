//! One invite link: its role, its limits, and who joined by it.

use leptos::{either::EitherOf3, prelude::*};
use shared::{
    id::LinkId,
    invite_link::{InviteLink, InviteLinkUse},
    member::Member,
};

use crate::{
    api::moderation as api,
    chat::{
        member_avatar::member_avatar,
        state::{use_presence, use_sync},
        use_request::use_chat_request,
    },
    clock,
    components::{confirm::Confirm, form_request::Outcome},
    strings::{self, invite_links},
};

/// What is shown below the link.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Details {
    None,
    Members,
    RevokeConfirmation,
}

#[component]
#[expect(clippy::needless_pass_by_value, reason = "components own their properties")]
pub fn InviteLinkRow(link: InviteLink, reload: Callback<()>) -> impl IntoView {
    let link_id = link.id;
    let closed_reason = closed_reason(&link, clock::now());
    let title =
        if link.label.is_empty() { invite_links::UNNAMED_LINK.to_owned() } else { link.label.clone() };
    let details = RwSignal::new(Details::None);
    let is_revocable = link.revoked_at.is_none();
    let toggle = move |shown: Details| {
        move |_| details.update(|details| *details = if *details == shown { Details::None } else { shown })
    };
    view! {
        <li class:inactive=closed_reason.is_some()>
            <p class="link-title">
                <bdi>{title}</bdi>
                <span class="tag">{closed_reason.unwrap_or(invite_links::role_permissions(link.role))}</span>
            </p>
            <p class="hint">{describe(&link)}</p>
            <div class="link-actions">
                <button
                    class="quiet"
                    aria-expanded=move || (details.get() == Details::Members).to_string()
                    on:click=toggle(Details::Members)
                >
                    {invite_links::WHO_JOINED}
                </button>
                <button class="quiet destructive" hidden=!is_revocable on:click=toggle(Details::RevokeConfirmation)>
                    {invite_links::REVOKE}
                </button>
            </div>
            <LinkDetails link_id details reload />
        </li>
    }
}

#[component]
fn LinkDetails(link_id: LinkId, details: RwSignal<Details>, reload: Callback<()>) -> impl IntoView {
    let (sync, request) = (use_sync(), use_chat_request());
    let revoke = move |()| {
        request.send(api::revoke_invite_link(&sync.current_uri(), link_id), move |_| reload.run(()));
    };
    move || match details.get() {
        Details::None => EitherOf3::A(()),
        Details::Members => EitherOf3::B(view! { <LinkMembers link_id /> }),
        Details::RevokeConfirmation => EitherOf3::C(view! {
            <Confirm
                question=invite_links::REVOKE_CONFIRM.to_owned()
                yes=invite_links::REVOKE
                request
                on_yes=revoke
                on_no=move |()| details.set(Details::None)
            />
        }),
    }
}

/// Why the link admits no more members, if so.
fn closed_reason(link: &InviteLink, now: i64) -> Option<&'static str> {
    if link.revoked_at.is_some() {
        Some(invite_links::REVOKED)
    } else if link.expires_at.is_some_and(|at| at.timestamp_millis() <= now) {
        Some(invite_links::EXPIRED)
    } else if link.max_uses.is_some_and(|max| link.uses >= max) {
        Some(invite_links::LIMIT_REACHED)
    } else {
        None
    }
}

fn describe(link: &InviteLink) -> String {
    let uses = invite_links::count_uses(link.uses, link.max_uses);
    let expiry = link.expires_at.map(invite_links::expires_at);
    let creator = invite_links::created_by(link.created_by.name());
    [Some(uses), expiry, Some(creator)].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// The members who joined by the link.
#[component]
fn LinkMembers(link_id: LinkId) -> impl IntoView {
    let (sync, presence, request) = (use_sync(), use_presence(), use_chat_request());
    let members = RwSignal::new(None::<Vec<Member>>);
    request.send(api::list_link_uses(&sync.current_uri(), link_id), move |uses: InviteLinkUse| {
        members.set(Some(uses.members));
    });
    let placeholder = move || match &*members.read() {
        None if request.is_blocked() => strings::LOADING,
        Some(members) if members.is_empty() => invite_links::NOBODY_YET,
        _ => "",
    };
    let row = move |member: Member| {
        view! {
            <li>
                <div class="member-row">
                    {member_avatar(presence, &member.user)}
                    <bdi class="member-name">{member.user.name().to_owned()}</bdi>
                </div>
            </li>
        }
    };
    view! {
        <p class="hint">{placeholder}</p>
        <ul class="member-list">{move || members.get().unwrap_or_default().into_iter().map(row).collect_view()}</ul>
        <Outcome request />
    }
}

#[cfg(test)]
mod tests {
    use shared::{member::Role, time::DateTime, user::User};

    use super::*;

    fn link() -> InviteLink {
        InviteLink {
            id: LinkId::new(1),
            label: String::new(),
            role: Role::Writer,
            created_by: User::default(),
            created_at: DateTime::UNIX_EPOCH,
            expires_at: None,
            max_uses: None,
            uses: 3,
            revoked_at: None,
        }
    }

    #[test]
    fn link_ends_by_revocation_expiry_or_uses() {
        let at = DateTime::from_timestamp_millis(1_000);
        let reason = |link: InviteLink, now| closed_reason(&link, now);
        assert_eq!(reason(link(), 1_000), None);
        assert_eq!(reason(InviteLink { revoked_at: at, ..link() }, 0), Some(invite_links::REVOKED));
        assert_eq!(reason(InviteLink { expires_at: at, ..link() }, 999), None);
        assert_eq!(reason(InviteLink { expires_at: at, ..link() }, 1_000), Some(invite_links::EXPIRED));
        assert_eq!(reason(InviteLink { max_uses: Some(4), ..link() }, 0), None);
        assert_eq!(reason(InviteLink { max_uses: Some(3), ..link() }, 0), Some(invite_links::LIMIT_REACHED));
    }
}

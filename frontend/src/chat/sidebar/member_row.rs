//! One member in the list, with the actions on them.

use leptos::{either::Either, ev, prelude::*};
use shared::{
    id::UserId,
    member::{Member, MembershipStatus, UpdateMember},
};

use crate::{
    api::moderation as api,
    chat::{
        member_avatar::member_avatar,
        permissions::ModerationAction,
        state::{presence::PresenceStore, sync::SyncStore, use_presence, use_sync},
        use_request::{ChatRequest, use_chat_request},
    },
    components::{
        confirm::Confirm,
        form_request::{Outcome, focus, is_focus_lost},
        icon::{Icon, SvgIcon},
    },
    strings::{self, moderation},
};

/// What the parts of a row share.
#[derive(Clone, Copy)]
struct RowState {
    user_id: UserId,
    name: StoredValue<String>,
    /// Whether the user is a member, rather than pending or banned.
    is_member: bool,
    actions: Memo<Vec<ModerationAction>>,
    /// The action that waits for confirmation.
    unconfirmed: RwSignal<Option<ModerationAction>>,
    /// The user whose actions are open.
    open_id: RwSignal<Option<UserId>>,
    request: ChatRequest,
}

impl RowState {
    fn new(
        sync: SyncStore,
        member: &Member,
        open_id: RwSignal<Option<UserId>>,
        request: ChatRequest,
    ) -> Self {
        let member = member.clone();
        Self {
            user_id: member.user.id,
            name: StoredValue::new(sync.distinct_name(&member.user)),
            is_member: member.status.is_member(),
            actions: Memo::new(move |_| sync.current_member().available_actions(&member)),
            unconfirmed: RwSignal::new(None),
            open_id,
            request,
        }
    }

    fn is_open(&self) -> bool {
        self.open_id.get() == Some(self.user_id)
    }

    fn toggle(&self) {
        let user_id = self.user_id;
        self.unconfirmed.set(None);
        self.open_id.update(|open| *open = if *open == Some(user_id) { None } else { Some(user_id) });
    }
}

#[component]
#[expect(clippy::needless_pass_by_value, reason = "components own their properties")]
pub fn MemberRow(member: Member, open_id: RwSignal<Option<UserId>>) -> impl IntoView {
    let (sync, presence) = (use_sync(), use_presence());
    let row = RowState::new(sync, &member, open_id, use_chat_request());
    close_with_row(open_id, row.user_id);
    let on_key = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" && open_id.get_untracked() == Some(row.user_id) {
            event.stop_propagation();
            open_id.set(None);
            focus(&format!("person-{}", row.user_id));
        }
    };
    let has_menu = move || row.is_member && !row.actions.read().is_empty();
    let is_expanded = move || !row.is_member || row.is_open();
    view! {
        <li on:keydown=on_key>
            <div class="member-row">
                {member_avatar(presence, &member.user)}
                <span class="member-name">
                    <bdi>{row.name.get_value()}</bdi>
                    {render_notes(sync, presence, &member)}
                </span>
                {move || has_menu().then(|| view! { <ActionsButton row /> })}
            </div>
            {move || is_expanded().then(|| view! { <RowActions row /> })}
        </li>
    }
}

/// When an action changes the member, the row is replaced: closes its actions and saves the focus.
fn close_with_row(open_id: RwSignal<Option<UserId>>, user_id: UserId) {
    on_cleanup(move || {
        if open_id.try_get_untracked() == Some(Some(user_id)) {
            open_id.set(None);
            request_animation_frame(restore_focus);
        }
    });
}

/// Focuses the tab above the rows if the focused row is gone.
fn restore_focus() {
    if is_focus_lost() {
        focus("people");
    }
}

/// The role and the presence of the member, in one line.
fn render_notes(sync: SyncStore, presence: PresenceStore, member: &Member) -> impl IntoView + use<> {
    let (id, role, is_guest) = (member.user.id, member.role, member.user.guest);
    let is_member = member.status.is_member();
    let line = move || {
        let you = (id == sync.user_id()).then_some(strings::YOU);
        let role = Some(moderation::role_label(role)).filter(|label| is_member && !label.is_empty());
        let guest = is_guest.then_some(moderation::GUEST);
        let present = (is_member && presence.is_present(id)).then_some(strings::HERE_NOW);
        [you, role, guest, present].into_iter().flatten().collect::<Vec<_>>().join(" · ")
    };
    view! { <span class="hint">{line}</span> }
}

#[component]
fn ActionsButton(row: RowState) -> impl IntoView {
    view! {
        <button
            id=format!("person-{}", row.user_id)
            class="icon-button"
            aria-label=row.name.with_value(|name| moderation::actions_for(name))
            aria-expanded=move || row.is_open().to_string()
            on:click=move |_| row.toggle()
        >
            <SvgIcon icon=Icon::More />
        </button>
    }
}

/// The actions, or the question that confirms one of them.
#[component]
fn RowActions(row: RowState) -> impl IntoView {
    let sync = use_sync();
    move || match row.unconfirmed.get() {
        Some(action) => Either::Left(view! {
            <Confirm
                question=row.name.with_value(|name| confirmation(action, name))
                yes=label(action)
                request=row.request
                on_yes=move |()| run_action(sync, row, action)
                on_no=move |()| row.unconfirmed.set(None)
            />
        }),
        None => Either::Right(view! { <ActionButtons row /> }),
    }
}

#[component]
fn ActionButtons(row: RowState) -> impl IntoView {
    let sync = use_sync();
    let choose = move |action: ModerationAction| {
        if action.needs_confirmation() {
            row.unconfirmed.set(Some(action));
        } else {
            run_action(sync, row, action);
        }
    };
    let button = move |(index, action): (usize, ModerationAction)| {
        let class = match (row.is_member, index) {
            (false, 0) => "primary",
            (false, _) => "plain",
            (true, _) => "menu-item",
        };
        view! {
            <button
                class=class
                class:destructive=is_destructive(action)
                aria-disabled=move || row.request.aria_disabled()
                on:click=move |_| choose(action)
            >
                {label(action)}
            </button>
        }
    };
    view! {
        <div class=if row.is_member { "member-actions" } else { "button-row" }>
            {move || row.actions.get().into_iter().enumerate().map(button).collect_view()}
        </div>
        <Outcome request=row.request />
    }
}

fn is_destructive(action: ModerationAction) -> bool {
    matches!(action, ModerationAction::DeleteRecent { .. } | ModerationAction::Remove | ModerationAction::Ban)
}

fn label(action: ModerationAction) -> String {
    match action {
        ModerationAction::Approve => moderation::LET_IN.to_owned(),
        ModerationAction::Reject => moderation::DECLINE.to_owned(),
        ModerationAction::ChangeRole(role) => moderation::set_role(role).to_owned(),
        ModerationAction::DeleteRecent { minutes } => moderation::delete_recent(minutes),
        ModerationAction::Remove => moderation::REMOVE.to_owned(),
        ModerationAction::Ban => moderation::BAN.to_owned(),
        ModerationAction::Unban => moderation::UNBAN.to_owned(),
        ModerationAction::TransferOwnership => moderation::MAKE_OWNER.to_owned(),
    }
}

/// The question for an action that needs confirmation.
fn confirmation(action: ModerationAction, name: &str) -> String {
    match action {
        ModerationAction::Ban => moderation::ban_confirm(name),
        ModerationAction::DeleteRecent { minutes } => moderation::delete_recent_confirm(name, minutes),
        ModerationAction::TransferOwnership => moderation::make_owner_confirm(name),
        _ => String::new(),
    }
}

fn run_action(sync: SyncStore, row: RowState, action: ModerationAction) {
    let RowState { user_id, open_id, request, .. } = row;
    let uri = sync.current_uri();
    let status = |status| UpdateMember { status: Some(status), ..UpdateMember::default() };
    let change = match action {
        ModerationAction::Approve => status(MembershipStatus::Member),
        ModerationAction::Reject => status(MembershipStatus::Rejected),
        ModerationAction::Remove => status(MembershipStatus::Removed),
        ModerationAction::Ban => status(MembershipStatus::Banned),
        ModerationAction::Unban => status(MembershipStatus::Left),
        ModerationAction::ChangeRole(role) => UpdateMember { role: Some(role), ..UpdateMember::default() },
        ModerationAction::DeleteRecent { minutes } => {
            let deletion = api::delete_recent_messages(&uri, user_id, minutes);
            return request.send(deletion, move |_| open_id.set(None));
        }
        ModerationAction::TransferOwnership => {
            return request.send(api::transfer_ownership(&uri, user_id), move |_| open_id.set(None));
        }
    };
    request.send(api::update_member(&uri, user_id, change), move |_| open_id.set(None));
}

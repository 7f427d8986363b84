//! The page for non-members: what the chat is, who is in it, and a button to join or to request it.

use leptos::{
    either::{Either, EitherOf3},
    ev,
    prelude::*,
    task::spawn_local,
};
use shared::{chat::ChatPreview, member::MembershipStatus};

use super::state::{use_draft, use_sync};
use crate::{
    components::{
        app_bar::AppBar,
        avatar::avatar,
        countdown::Countdown,
        field::{DISPLAY_NAME, input_value},
        form_request::{FormRequest, Outcome},
        name_field::{NameField, SignInLink},
    },
    lazy_view::lazy_view,
    session::{return_to, use_session},
    skeleton, strings,
};

lazy_view! {
    pages,
    pub fn join_screen() {
        view! { <JoinScreen /> }
    }
}

#[component]
fn JoinScreen() -> impl IntoView {
    skeleton::remove_when_mounted();
    let (sync, draft) = (use_sync(), use_draft());
    // A signed-in user sees a chat until the server says that they are no member.
    if let Some(text) = skeleton::typed_text("message").and_then(|typed| typed.text) {
        draft.set_text(text);
    }
    let request = FormRequest::default();
    let preview = Memo::new(move |_| sync.preview());
    let status = Memo::new(move |_| preview.get().and_then(|preview| preview.status));
    view! {
        <div class="page">
            <AppBar />
            <main class="card centred join-card">
                {move || preview.get().map(|preview| view! { <PreviewHeader preview /> })}
                {move || match status.get() {
                    Some(MembershipStatus::Pending) => EitherOf3::A(view! { <PendingNotice request /> }),
                    Some(MembershipStatus::Rejected) => EitherOf3::B(view! { <RejectedNotice request /> }),
                    _ => EitherOf3::C(view! { <JoinForm request /> }),
                }}
            </main>
        </div>
    }
}

#[component]
fn PreviewHeader(preview: ChatPreview) -> impl IntoView {
    let ChatPreview { name, topic, members, member_sample, .. } = preview;
    let names: Vec<_> = member_sample.iter().map(|user| user.name().to_owned()).collect();
    let title = if name.is_empty() { strings::onboarding::chat_with(&names) } else { name };
    let count = usize::try_from(members).unwrap_or_default();
    let description = strings::onboarding::members_and_presence(count, &names);
    let topic = (!topic.is_empty()).then(|| view! { <p class="muted topic"><bdi>{topic}</bdi></p> });
    let avatars = member_sample.into_iter().map(|user| {
        let avatar = avatar(user.id, user.name(), &user.avatar);
        view! { <span class="avatar-frame present" title=user.name().to_owned()>{avatar}</span> }
    });
    view! {
        <div class="bubbles" aria-hidden="true" hidden=!names.is_empty()><span></span><span></span></div>
        <div class="avatar-stack">{avatars.collect_view()}</div>
        <h1><bdi>{title}</bdi></h1>
        {topic}
        <p class="hint">{description}</p>
    }
}

/// A chat that allows no guests asks them to create an account or sign in.
#[component]
fn JoinForm(request: FormRequest) -> impl IntoView {
    let (session, sync) = (use_session(), use_sync());
    let needs_account = Memo::new(move |_| {
        let has_account = session.is_signed_in() && !session.is_guest();
        !has_account && sync.preview().is_some_and(|preview| !preview.guests_allowed)
    });
    // With the message that the link leads to.
    let path = Signal::derive(move || sync.path() + &window().location().search().unwrap_or_default());
    let sign_in_url = Signal::derive(move || return_to::auth_url(&path.read(), true));
    move || {
        if needs_account.get() {
            Either::Left(view! { <AccountRequiredNotice path /> })
        } else {
            Either::Right(view! {
                <NameForm request />
                <SignInLink href=sign_in_url />
            })
        }
    }
}

#[component]
fn NameForm(request: FormRequest) -> impl IntoView {
    let (session, sync) = (use_session(), use_sync());
    let name = NodeRef::new();
    let join = move |event: ev::SubmitEvent| {
        event.prevent_default();
        sync.join(request, input_value(name));
    };
    // The visitor has become a guest before the program ran, and could not join.
    let is_submitted = skeleton::typed_text(DISPLAY_NAME).is_some_and(|typed| typed.is_submitted);
    if is_submitted && untrack(|| session.is_signed_in()) {
        spawn_local(async move { sync.join(request, String::new()) });
    }
    let preview = move || sync.preview();
    let notes =
        move || preview().map(|preview| strings::onboarding::join_notes(&preview)).unwrap_or_default();
    let needs_approval = move || preview().is_some_and(|preview| preview.approval_required);
    let label = move || match session.current_user() {
        _ if request.is_pending() => strings::ONE_MOMENT.to_owned(),
        _ if needs_approval() => strings::onboarding::ASK_TO_JOIN.to_owned(),
        Some(user) => strings::onboarding::join_as(user.name()),
        None => strings::onboarding::JOIN.to_owned(),
    };
    view! {
        <form class="form name-form" novalidate on:submit=join>
            <NameField node=name request />
            <p class="hint join-note">{notes}</p>
            <Outcome request />
            <button class="primary" disabled=move || request.is_blocked()>
                {label}
            </button>
        </form>
    }
}

#[component]
fn AccountRequiredNotice(
    /// Where to come back to.
    path: Signal<String>,
) -> impl IntoView {
    let session = use_session();
    // A guest creates an account; anyone else may have one already.
    let href = move || return_to::auth_url(&path.read(), !session.is_guest());
    let label =
        move || if session.is_guest() { strings::onboarding::CREATE_ACCOUNT } else { strings::SIGN_UP_OR_IN };
    view! {
        <p class="muted">{strings::onboarding::ACCOUNT_NEEDED}</p>
        <a class="primary" href=href rel="external">
            {label}
        </a>
    }
}

/// The chat opens by itself when the request is approved.
#[component]
fn PendingNotice(request: FormRequest) -> impl IntoView {
    let sync = use_sync();
    view! {
        <div class="join-waiting" role="status">
            <span class="spinner" aria-hidden="true"></span>
            <h2>{strings::onboarding::WAITING}</h2>
            <p class="muted">{strings::onboarding::WAITING_TEXT}</p>
        </div>
        <Outcome request />
        <button
            class="quiet"
            disabled=move || request.is_blocked()
            on:click=move |_| sync.cancel_join_request(request)
        >
            {strings::onboarding::CANCEL_REQUEST}
        </button>
    }
}

#[component]
fn RejectedNotice(request: FormRequest) -> impl IntoView {
    let (sync, countdown) = (use_sync(), Countdown::default());
    let wait = Memo::new(move |_| sync.preview().and_then(|preview| preview.retry_after).unwrap_or_default());
    Effect::new(move |_| countdown.start(wait.get()));
    view! {
        <div class="join-waiting">
            <div role="status">
                <h2>{strings::onboarding::REJECTED}</h2>
            </div>
            <p class="muted">{move || strings::onboarding::ask_again_in(countdown.seconds_left())}</p>
        </div>
        <Outcome request />
        <button
            class="primary"
            disabled=move || countdown.is_running() || request.is_blocked()
            on:click=move |_| sync.join(request, String::new())
        >
            {strings::onboarding::ASK_AGAIN}
        </button>
    }
}

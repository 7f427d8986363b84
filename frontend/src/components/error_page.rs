//! A page for an error, with one next step.

use leptos::prelude::*;
use shared::problem::ProblemCode;

use super::{app_bar::AppBar, countdown::Countdown};
use crate::{request_error::RequestError, skeleton, strings::errors};

/// The next step is to try again, or to start a new chat if the error is permanent.
#[component]
#[expect(clippy::needless_pass_by_value, reason = "components own their properties")]
pub fn ErrorPage(
    error: RequestError,
    /// Called by the button.
    #[prop(into)]
    retry: Callback<()>,
) -> impl IntoView {
    // Trying again may still open the chat, with what was typed.
    Effect::new(|_| skeleton::hide());
    let (heading, text) = errors::for_page(error.code());
    let is_permanent = error.code() == Some(ProblemCode::NotFound) || error.is_permanent();
    let countdown = Countdown::default();
    countdown.start(error.retry_after());
    view! {
        <div class="page">
            <AppBar />
            <main class="card centred">
                <h1>{heading}</h1>
                <p class="muted">{text}</p>
                <p class="muted">{move || countdown.text()}</p>
                <a class="primary" href="/chats" hidden=!is_permanent>
                    {errors::START_A_NEW_CHAT}
                </a>
                <button
                    class="primary"
                    hidden=is_permanent
                    disabled=move || countdown.is_running()
                    on:click=move |_| retry.run(())
                >
                    {errors::TRY_AGAIN}
                </button>
            </main>
        </div>
    }
}

#[component]
pub fn NotFoundPage() -> impl IntoView {
    view! { <ErrorPage error=RequestError::from_code(ProblemCode::NotFound) retry=|()| () /> }
}

//! A page for what went wrong: plain words, and exactly one next step.

use leptos::prelude::*;
use shared::problem::ProblemCode;

use super::{bar::Bar, wait::Wait};
use crate::{api::Trouble, chat::room::is_final, words};

/// The next step is to try again, or to start anew where that cannot help.
#[component]
#[expect(clippy::needless_pass_by_value, reason = "a component owns what it is given")]
pub fn Failed(
    /// Why.
    trouble: Trouble,
    /// Tries again.
    #[prop(into)]
    again: Callback<()>,
) -> impl IntoView {
    let (heading, text) = words::trouble(&trouble);
    let hopeless = trouble.code().is_some_and(|code| code == ProblemCode::NotFound || is_final(code));
    let wait = Wait::default();
    wait.begin(trouble.retry_after());
    view! {
        <div class="page">
            <Bar />
            <main class="card centred">
                <h1>{heading}</h1>
                <p class="muted">{text}</p>
                <p class="muted">{move || wait.words()}</p>
                <a class="primary" href="/chats" hidden=!hopeless>
                    {words::START_A_NEW_CHAT}
                </a>
                <button
                    class="primary"
                    hidden=hopeless
                    disabled=move || wait.is_on()
                    on:click=move |_| again.run(())
                >
                    {words::TRY_AGAIN}
                </button>
            </main>
        </div>
    }
}

#[component]
pub fn NoPage() -> impl IntoView {
    view! { <Failed trouble=Trouble::refused(ProblemCode::NotFound) again=|()| () /> }
}

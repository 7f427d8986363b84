//! Another password in the place of one that was forgotten: asking for a letter, and what its link leads to.

use leptos::{either::EitherOf3, ev, html, prelude::*};
use shared::{
    credentials::{AskReset, Password, ResetPassword, check_password},
    problem::{FieldCode, ProblemCode},
    user::check_email,
};
use wasm_bindgen::JsValue;

use crate::{
    api::account as calls,
    session::return_to::{HOME, path_back_to},
    ui::{
        asking::{Asking, Outcome, focus_soon},
        bar::Bar,
        field::{Field, NEW_PASSWORD, value},
    },
    words::{self, account},
};

/// The way back, which takes the focus once there is nothing else to do.
const BACK: &str = "back";

/// Has a letter sent.
#[component]
pub fn Forgotten(
    /// Back to signing in.
    #[prop(into)]
    back: Callback<()>,
) -> impl IntoView {
    let (asking, email, is_sent) = (Asking::default(), NodeRef::<html::Input>::new(), RwSignal::new(false));
    let send = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let wanted = AskReset { email: value(email).trim().to_owned() };
        let found = if wanted.email.is_empty() { Err(FieldCode::Blank) } else { check_email(&wanted.email) };
        if let Err(code) = found {
            return asking.tell(vec![("email".to_owned(), code)]);
        }
        asking.begin(async move {
            calls::ask_reset(&wanted).send(None).await?;
            is_sent.set(true);
            focus_soon(BACK);
            Ok(())
        });
    };
    let text = move || if is_sent.get() { account::LETTER_SENT } else { account::FORGOTTEN_TEXT };
    view! {
        <div class="page">
            <Bar />
            <main class="card">
                <h1>{account::FORGOTTEN}</h1>
                <p class="muted" role="status">{text}</p>
                <form class="form" novalidate hidden=is_sent on:submit=send>
                <Field name="email" label=words::EMAIL autocomplete="email" node=email asking />
                    <Outcome asking />
                    <button class="primary" disabled=move || asking.is_held()>
                        {account::SEND_LETTER}
                    </button>
                </form>
                <button id=BACK class="quiet" on:click=move |_| back.run(())>
                    {account::BACK_TO_SIGN_IN}
                </button>
            </main>
        </div>
    }
}

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Asking,
    Done,
    /// The link is none, or none any more.
    Worthless,
}

/// Where the link of a letter leads.
#[component]
pub fn Reset() -> impl IntoView {
    let token = StoredValue::new(take_secret());
    let stage =
        RwSignal::new(if token.with_value(String::is_empty) { Stage::Worthless } else { Stage::Asking });
    let (asking, password) = (Asking::default(), NodeRef::<html::Input>::new());
    let set = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let wanted = ResetPassword { token: token.get_value(), new_password: Password(value(password)) };
        if let Err(code) = check_password(&wanted.new_password) {
            return asking.tell(vec![(NEW_PASSWORD.to_owned(), code)]);
        }
        asking.begin(async move {
            match calls::reset_password(&wanted).send(None).await {
                Err(trouble) if trouble.code() == Some(ProblemCode::ResetUsedUp) => {
                    stage.set(Stage::Worthless);
                }
                answer => {
                    answer?;
                    stage.set(Stage::Done);
                }
            }
            Ok(())
        });
    };
    let sign_in = path_back_to(HOME, true);
    let part = move || match stage.get() {
        Stage::Asking => EitherOf3::A(view! {
            <h1>{account::RESET_TITLE}</h1>
            <form class="form" novalidate on:submit=set>
                <Field
                    name=NEW_PASSWORD
                    label=account::NEW_PASSWORD
                    hint=words::password_hint()
                    autocomplete="new-password"
                    node=password
                    asking
                />
                <Outcome asking />
                <button class="primary" disabled=move || asking.is_held()>
                    {account::SET_PASSWORD}
                </button>
            </form>
        }),
        Stage::Done => EitherOf3::B(view! {
            <h1>{account::RESET_DONE}</h1>
            <p class="muted">{account::RESET_DONE_TEXT}</p>
            <a class="primary" href=sign_in.clone()>
                {words::SIGN_IN}
            </a>
        }),
        Stage::Worthless => EitherOf3::C(view! {
            <h1>{account::RESET_WORTHLESS}</h1>
            <p class="muted">{account::RESET_WORTHLESS_TEXT}</p>
            <a class="primary" href=sign_in.clone()>
                {words::SIGN_IN}
            </a>
        }),
    };
    view! {
        <div class="page">
            <Bar />
            <main class="card">{part}</main>
        </div>
    }
}

/// The secret of the letter's link, which stays neither in the address nor in the browser's history.
fn take_secret() -> String {
    let hash = window().location().hash().unwrap_or_default();
    if let Ok(history) = window().history() {
        // A browser that refuses shows it for as long as the page is open.
        let _hidden = history.replace_state_with_url(&JsValue::NULL, "", Some("/reset"));
    }
    hash.trim_start_matches('#').to_owned()
}

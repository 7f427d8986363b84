//! Reauthentication: when the server asks for it, a dialog asks for the password, a code or a passkey.

use futures_channel::oneshot;
use leptos::{ev, html, prelude::*};
use serde::de::DeserializeOwned;
use shared::{
    credentials::{Password, Reauthenticate},
    passkey::Passkey,
    problem::ProblemCode,
};

use super::{auth_form::CodeField, passkey};
use crate::{
    api::{ApiRequest, RequestError, account as calls},
    components::{
        field::{CODE, CURRENT_PASSWORD, Field, check_not_empty, input_value},
        form_request::{FormRequest, Outcome, focus_soon},
    },
    session::{Session, use_session},
    strings::{self, account},
};

#[derive(Clone, Copy)]
pub struct ReauthPrompt {
    session: Session,
    /// The user's passkeys, as far as they are loaded.
    pub passkeys: RwSignal<Vec<Passkey>>,
    /// Receives whether the user reauthenticated.
    reply: StoredValue<Option<oneshot::Sender<bool>>>,
    open: RwSignal<bool>,
}

impl ReauthPrompt {
    pub fn new(session: Session) -> Self {
        Self {
            session,
            passkeys: RwSignal::default(),
            reply: StoredValue::new(None),
            open: RwSignal::new(false),
        }
    }

    /// Sends the request. If the server requires reauthentication, asks the user and sends it again; `None` if they cancel.
    pub async fn send<R: DeserializeOwned>(
        self,
        make_request: impl Fn() -> ApiRequest<R>,
    ) -> Result<Option<R>, RequestError> {
        match self.session.send(make_request()).await {
            Err(error) if error.code() == Some(ProblemCode::ReauthenticationRequired) => {
                if self.ask().await {
                    self.session.send(make_request()).await.map(Some)
                } else {
                    Ok(None)
                }
            }
            response => response.map(Some),
        }
    }

    /// Opens the dialog and returns whether the user reauthenticated.
    pub async fn ask(self) -> bool {
        let (reply, answer) = oneshot::channel();
        self.reply.set_value(Some(reply));
        self.open.set(true);
        answer.await.unwrap_or(false)
    }

    fn close(self, is_authenticated: bool) {
        self.open.set(false);
        if let Some(reply) = self.reply.try_update_value(Option::take).flatten() {
            // The receiver may have been dropped meanwhile.
            let _sent = reply.send(is_authenticated);
        }
    }
}

#[component]
pub fn ReauthDialog(reauth: ReauthPrompt) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let (open, dialog) = (reauth.open.get(), dialog.get());
        match dialog.filter(|dialog| dialog.open() != open) {
            Some(dialog) if open => {
                // Fails only for a dialog outside the page.
                let _shown = dialog.show_modal();
            }
            Some(dialog) => dialog.close(),
            None => {}
        }
    });
    let form = move || reauth.open.get().then(|| view! { <ReauthForm reauth /> });
    view! {
        <dialog
            class="dialog"
            node_ref=dialog
            aria-labelledby="reauth"
            on:close=move |_| {
                if reauth.open.get_untracked() {
                    reauth.close(false);
                }
            }
        >
            <h2 id="reauth">{account::REAUTH_TITLE}</h2>
            <p class="muted">{account::REAUTH_TEXT}</p>
            {form}
        </dialog>
    }
}

#[component]
fn ReauthForm(reauth: ReauthPrompt) -> impl IntoView {
    let session = use_session();
    let (request, code_required) = (FormRequest::default(), RwSignal::new(false));
    let (password, code) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let credentials = Reauthenticate {
            current_password: Password(input_value(password)),
            one_time_code: Some(input_value(code).trim().to_owned()).filter(|code| !code.is_empty()),
        };
        if let Err(code) = check_not_empty(&credentials.current_password.0) {
            return request.show_field_errors(vec![(CURRENT_PASSWORD.to_owned(), code)]);
        }
        send_password(credentials, reauth, request, code_required);
    };
    // Without this the dialog would focus the field that is only for password managers.
    focus_soon(request.field_id(CURRENT_PASSWORD));
    view! {
        <form class="form" novalidate on:submit=submit>
            // Password managers need the username beside the password.
            <input
                class="visually-hidden"
                autocomplete="username"
                tabindex="-1"
                aria-hidden="true"
                value=session.username_untracked()
            />
            <Field
                name=CURRENT_PASSWORD
                label=strings::PASSWORD
                autocomplete="current-password"
                node=password
                request
            />
            <CodeField node=code request hidden=Signal::derive(move || !code_required.get()) />
            <ReauthActions reauth request />
        </form>
    }
}

fn send_password(
    credentials: Reauthenticate,
    reauth: ReauthPrompt,
    request: FormRequest,
    code_required: RwSignal<bool>,
) {
    request.start(async move {
        match reauth.session.send(calls::reauthenticate(&credentials)).await {
            Err(error) if error.code() == Some(ProblemCode::SecondFactorRequired) => {
                code_required.set(true);
                focus_soon(request.field_id(CODE));
            }
            response => {
                response?;
                reauth.close(true);
            }
        }
        Ok(())
    });
}

#[component]
fn ReauthActions(reauth: ReauthPrompt, request: FormRequest) -> impl IntoView {
    let message = RwSignal::new("");
    let has_no_passkey = move || !passkey::is_supported() || reauth.passkeys.read().is_empty();
    let use_passkey = move |_| {
        message.set("");
        request.start(async move {
            if let Some(assertion) = passkey::get_assertion(reauth.session).await? {
                reauth.session.send(calls::reauthenticate_with_passkey(&assertion)).await?;
                reauth.close(true);
            } else {
                message.set(account::NO_PASSKEY_USED);
            }
            Ok(())
        });
    };
    view! {
        <p class="hint" role="status">{message}</p>
        <Outcome request />
        <div class="button-row">
            <button class="primary" aria-disabled=move || request.aria_disabled()>
                {account::CONTINUE}
            </button>
            <button type="button" class="plain" hidden=has_no_passkey on:click=use_passkey>
                {account::USE_PASSKEY}
            </button>
            <button type="button" class="quiet" on:click=move |_| reauth.close(false)>
                {strings::CANCEL}
            </button>
        </div>
    }
}

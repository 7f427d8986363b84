//! Showing once more that the account is one's own, where something matters: the server asks for it, and the person is
//! asked in a dialog above what they were doing.

use futures_channel::oneshot;
use leptos::{ev, html, prelude::*};
use serde::de::DeserializeOwned;
use shared::{
    credentials::{Password, Prove},
    problem::{FieldCode, ProblemCode},
};

use super::passkey;
use crate::{
    api::{Request, Trouble, account as calls},
    session::{Session, use_session},
    ui::{
        asking::{Asking, Outcome, focus_soon},
        field::{CODE, CURRENT_PASSWORD, Field, value},
    },
    words::{self, account, keeping},
};

#[derive(Clone, Copy)]
pub struct Proof {
    session: Session,
    /// Who waits for the person to show it.
    asker: StoredValue<Option<oneshot::Sender<bool>>>,
    open: RwSignal<bool>,
}

impl Proof {
    pub fn new(session: Session) -> Self {
        Self { session, asker: StoredValue::new(None), open: RwSignal::new(false) }
    }

    /// Sends what may take a proof, and sends it again once that was given; nothing if the person let it be.
    pub async fn send<A: DeserializeOwned>(
        self,
        make: impl Fn() -> Request<A>,
    ) -> Result<Option<A>, Trouble> {
        match self.session.ask(make()).await {
            Err(trouble) if trouble.code() == Some(ProblemCode::ProofNeeded) => {
                if self.ask().await {
                    self.session.ask(make()).await.map(Some)
                } else {
                    Ok(None)
                }
            }
            answer => answer.map(Some),
        }
    }

    /// Whether the person shows it.
    pub async fn ask(self) -> bool {
        let (tell, told) = oneshot::channel();
        self.asker.set_value(Some(tell));
        self.open.set(true);
        told.await.unwrap_or(false)
    }

    fn answer(self, shown: bool) {
        self.open.set(false);
        if let Some(asker) = self.asker.try_update_value(Option::take).flatten() {
            // Whoever asked may have been left meanwhile.
            let _told = asker.send(shown);
        }
    }
}

#[component]
pub fn ProofDialog(
    /// Who asks.
    proof: Proof,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let (open, dialog) = (proof.open.get(), dialog.get());
        match dialog.filter(|dialog| dialog.open() != open) {
            Some(dialog) if open => {
                // One that is in the page can be shown.
                let _shown = dialog.show_modal();
            }
            Some(dialog) => dialog.close(),
            None => {}
        }
    });
    let part = move || proof.open.get().then(|| view! { <Form proof /> });
    view! {
        <dialog
            class="dialog"
            node_ref=dialog
            aria-labelledby="proof"
            on:close=move |_| {
                if proof.open.get_untracked() {
                    proof.answer(false);
                }
            }
        >
            <h2 id="proof">{account::PROVE_TITLE}</h2>
            <p class="muted">{account::PROVE_TEXT}</p>
            {part}
        </dialog>
    }
}

#[component]
fn Form(
    /// Who asks.
    proof: Proof,
) -> impl IntoView {
    let session = use_session();
    let (asking, code_wanted) = (Asking::default(), RwSignal::new(false));
    let (password, code) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let prove = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let shown = Prove {
            current_password: Password(value(password)),
            one_time_code: Some(value(code).trim().to_owned()).filter(|code| !code.is_empty()),
        };
        if shown.current_password.0.is_empty() {
            return asking.tell(vec![(CURRENT_PASSWORD.to_owned(), FieldCode::Blank)]);
        }
        asking.begin(async move {
            match session.ask(calls::prove(&shown)).await {
                Err(trouble) if trouble.code() == Some(ProblemCode::CodeNeeded) => {
                    code_wanted.set(true);
                    focus_soon(asking.field(CODE));
                }
                answer => {
                    answer?;
                    proof.answer(true);
                }
            }
            Ok(())
        });
    };
    // The dialog itself would lead into the field that is only for password managers.
    focus_soon(asking.field(CURRENT_PASSWORD));
    let told = RwSignal::new("");
    let by_passkey = move |_| {
        told.set("");
        asking.begin(async move {
            if let Some(shown) = passkey::show(session).await? {
                session.ask(calls::prove_by_passkey(&shown)).await?;
                proof.answer(true);
            } else {
                told.set(account::NO_PASSKEY_SHOWN);
            }
            Ok(())
        });
    };
    view! {
        <form class="form" novalidate on:submit=prove>
            // Password managers look for the name beside the password.
            <input class="hidden" autocomplete="username" tabindex="-1" aria-hidden="true" value=session.username_now() />
            <Field
                name=CURRENT_PASSWORD
                label=words::PASSWORD
                autocomplete="current-password"
                node=password
                asking
            />
            <div hidden=move || !code_wanted.get()>
                <Field
                    name=CODE
                    label=account::CODE
                    hint=account::CODE_HINT.to_owned()
                    autocomplete="one-time-code"
                    node=code
                    asking
                />
            </div>
            <p class="hint" role="status">{told}</p>
            <Outcome asking />
            <div class="choices">
                <button class="primary" aria-disabled=move || asking.busy()>
                    {account::GO_ON}
                </button>
                <button type="button" class="plain" hidden=!passkey::are_there() on:click=by_passkey>
                    {account::BY_PASSKEY}
                </button>
                <button type="button" class="quiet" on:click=move |_| proof.answer(false)>
                    {keeping::CANCEL}
                </button>
            </div>
        </form>
    }
}

//! Leaving for good.

use leptos::{ev, html, prelude::*};
use shared::credentials::{DeleteAccount, Password};

use super::{
    Desk, Part,
    identity::{Current, given},
    sessions::ForgetMe,
};
use crate::{
    api::account as calls,
    session::return_to,
    ui::{
        asking::{Asking, Outcome},
        field::{CURRENT_PASSWORD, value},
    },
    words::{account, keeping},
};

#[component]
pub fn Farewell(
    /// What the parts of the page share.
    desk: Desk,
) -> impl IntoView {
    let session = desk.session;
    if untrack(|| session.is_guest()) {
        return view! { <section><ForgetMe desk /></section> }.into_any();
    }
    let part = move || desk.is_open(Part::Deletion).then(|| view! { <Delete desk /> });
    view! {
        <section>
            <button
                class="plain bad"
                hidden=move || desk.is_open(Part::Deletion)
                on:click=move |_| desk.toggle(Part::Deletion)
            >
                {account::DELETE_ACCOUNT}
            </button>
            {part}
        </section>
    }
    .into_any()
}

#[component]
fn Delete(
    /// What the parts of the page share.
    desk: Desk,
) -> impl IntoView {
    let session = desk.session;
    let (asking, password) = (Asking::default(), NodeRef::<html::Input>::new());
    let delete = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let proof = DeleteAccount { current_password: Password(value(password)) };
        if let Err(code) = given(&proof.current_password) {
            return asking.tell(vec![(CURRENT_PASSWORD.to_owned(), code)]);
        }
        asking.begin(async move {
            session.ask(calls::delete(&proof)).await?;
            session.leave();
            return_to::replace("/");
            Ok(())
        });
    };
    view! {
        <form class="form sunken" novalidate on:submit=delete>
            <p><strong>{account::DELETE_REALLY}</strong></p>
            <p class="hint">{account::DELETE_TEXT}</p>
            <Current node=password asking />
            <Outcome asking />
            <div class="choices">
                <button class="danger" aria-disabled=move || asking.busy()>
                    {account::DELETE_ACCOUNT}
                </button>
                <button type="button" class="plain" on:click=move |_| desk.close()>
                    {keeping::CANCEL}
                </button>
            </div>
        </form>
    }
}

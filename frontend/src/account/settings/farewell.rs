//! Leaving for good.

use leptos::{ev, html, prelude::*};
use shared::credentials::{DeleteAccount, Password};

use super::{Desk, Part, current::Current, leave_behind, sign_out};
use crate::{
    api::account as calls,
    ui::{
        asking::{Asking, Outcome},
        confirm::Confirm,
        field::{CURRENT_PASSWORD, given, value},
    },
    words::{account, entering, keeping},
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
                id=Part::Deletion.way_in()
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
    let (asking, password) = (Asking::default(), NodeRef::<html::Input>::new());
    let delete = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let shown = DeleteAccount { current_password: Password(value(password)) };
        if let Err(code) = given(&shown.current_password) {
            return asking.tell(vec![(CURRENT_PASSWORD.to_owned(), code)]);
        }
        asking.begin(async move {
            if desk.proof.send(|| calls::delete(&shown)).await?.is_some() {
                leave_behind(desk.session);
            }
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

/// Guests are asked twice: for them there is no way back.
#[component]
fn ForgetMe(
    /// What the parts of the page share.
    desk: Desk,
) -> impl IntoView {
    let (asking, asked) = (Asking::default(), RwSignal::new(false));
    let go = move |()| {
        asking.begin(async move {
            sign_out(desk.session).await;
            Ok(())
        });
    };
    let part = move || {
        asked.get().then(|| {
            view! {
                <Confirm
                    question=entering::FORGET_ME_TEXT.to_owned()
                    yes=entering::FORGET_ME
                    asking
                    on_yes=go
                    on_no=move |()| asked.set(false)
                />
            }
        })
    };
    view! {
        <button class="plain bad" hidden=asked on:click=move |_| asked.set(true)>
            {entering::FORGET_ME}
        </button>
        {part}
    }
}

//! The passkeys of the account.

use leptos::{ev, html, prelude::*};
use shared::{
    link::check_label,
    passkey::{AddPasskey, Passkey},
    problem::FieldCode,
};

use super::{Desk, Part};
use crate::{
    account::passkey,
    api::{Trouble, account as calls},
    ui::{
        asking::{Asking, Outcome},
        confirm::Confirm,
        field::{Field, value},
    },
    words::{account, keeping},
};

const LABEL: &str = "label";

type Known = RwSignal<Vec<Passkey>>;

async fn read(desk: Desk, known: Known) -> Result<(), Trouble> {
    let found = desk.session.ask(calls::passkeys()).await?;
    // The page may have been left meanwhile.
    let _left = known.try_set(found.passkeys);
    Ok(())
}

#[component]
pub fn PasskeyList(
    /// What the parts of the page share.
    desk: Desk,
) -> impl IntoView {
    let (asking, known) = (Asking::default(), Known::default());
    asking.begin(read(desk, known));
    let rows =
        move || known.get().into_iter().map(|passkey| view! { <Row desk passkey known /> }).collect_view();
    let text = if passkey::are_there() { account::PASSKEYS_TEXT } else { account::NO_PASSKEYS_HERE };
    let part = move || desk.is_open(Part::Passkey).then(|| view! { <Add desk known /> });
    view! {
        <section>
            <h2 id=Part::Passkey.way_in() tabindex="-1">{account::PASSKEYS}</h2>
            <p class="muted">{text}</p>
            <ul class="facts" hidden=move || known.read().is_empty()>{rows}</ul>
            <button
                class="plain"
                hidden=move || !passkey::are_there() || desk.is_open(Part::Passkey)
                on:click=move |_| desk.toggle(Part::Passkey)
            >
                {account::ADD_PASSKEY}
            </button>
            {part}
            <Outcome asking />
        </section>
    }
}

#[component]
fn Row(
    /// What the parts of the page share.
    desk: Desk,
    /// The passkey.
    passkey: Passkey,
    /// All of them.
    known: Known,
) -> impl IntoView {
    let (asking, asked, id) = (Asking::default(), RwSignal::new(false), passkey.id);
    let remove = move |()| {
        asking.begin(async move {
            if desk.proof.send(|| calls::remove_passkey(id)).await?.is_some() {
                read(desk, known).await?;
            }
            Ok(())
        });
    };
    let question = account::remove_passkey(&passkey.label);
    let part = move || {
        asked.get().then(|| {
            view! {
                <Confirm
                    question=question.clone()
                    yes=account::REMOVE
                    asking
                    on_yes=remove
                    on_no=move |()| asked.set(false)
                />
            }
        })
    };
    view! {
        <li>
            <div class="fact">
                <p>
                    <bdi>{passkey.label.clone()}</bdi>
                    <span class="hint">{account::passkey_facts(&passkey)}</span>
                </p>
                <button class="quiet" hidden=asked on:click=move |_| asked.set(true)>
                    {account::REMOVE}
                    <span class="hidden">" "{passkey.label.clone()}</span>
                </button>
            </div>
            {part}
        </li>
    }
}

/// Named first, so that what the browser asks comes last.
#[component]
fn Add(
    /// What the parts of the page share.
    desk: Desk,
    /// All of them.
    known: Known,
) -> impl IntoView {
    let Desk { session, proof, .. } = desk;
    let (asking, label) = (Asking::default(), NodeRef::<html::Input>::new());
    let told = RwSignal::new("");
    let add = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let name = value(label).trim().to_owned();
        // One without a name would not be known again.
        let checked = if name.is_empty() { Err(FieldCode::Blank) } else { check_label(&name) };
        if let Err(code) = checked {
            return asking.tell(vec![(LABEL.to_owned(), code)]);
        }
        told.set("");
        asking.begin(async move {
            let Some(begun) = proof.send(calls::begin_passkey).await? else { return Ok(()) };
            let Some(credential) = passkey::make(&begun.options).await else {
                told.set(account::NO_PASSKEY_MADE);
                return Ok(());
            };
            let made = AddPasskey { registration: begun.id, label: name, credential };
            session.ask(calls::add_passkey(&made)).await?;
            desk.close();
            read(desk, known).await
        });
    };
    view! {
        <form class="form sunken" novalidate on:submit=add>
            <Field
                name=LABEL
                label=account::PASSKEY_NAME
                hint=account::PASSKEY_NAME_HINT.to_owned()
                autocomplete="off"
                value=account::MY_PASSKEY.to_owned()
                node=label
                asking
            />
            <p class="hint" role="status">{told}</p>
            <Outcome asking />
            <div class="choices">
                <button class="primary" aria-disabled=move || asking.busy()>
                    {account::GO_ON}
                </button>
                <button type="button" class="quiet" on:click=move |_| desk.close()>
                    {keeping::CANCEL}
                </button>
            </div>
        </form>
    }
}

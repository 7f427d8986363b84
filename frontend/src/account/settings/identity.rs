//! How one signs in: the name, the password, and where letters go.

use leptos::{ev, html, prelude::*};
use shared::{
    credentials::{ChangePassword, ChangeUsername, Password, check_password},
    user::{Account, ChangeMe, check_email, check_username},
};

use super::{Desk, Part, current::Current};
use crate::{
    api::{Trouble, account as calls, entering},
    session::me::Me,
    ui::{
        asking::{Asking, Outcome},
        field::{CURRENT_PASSWORD, Field, NEW_PASSWORD, faults, given, value},
    },
    words::{self, account, entering as entering_words, keeping},
};

const NEW_USERNAME: &str = "new_username";

type Node = NodeRef<html::Input>;

#[component]
pub fn Identity(
    /// What the parts of the page share.
    desk: Desk,
) -> impl IntoView {
    let session = desk.session;
    let (own, told) = (RwSignal::new(None::<Account>), RwSignal::new(""));
    let reading = Asking::default();
    reading.begin(async move {
        let account = session.ask(entering::me()).await?;
        own.set(Some(account));
        Ok(())
    });
    let username = move || own.with(|own| own.as_ref().map(|own| own.username.clone()).unwrap_or_default());
    let email = move || match own.with(|own| own.as_ref().map(|own| own.email.clone())) {
        Some(email) if email.is_empty() => account::NO_EMAIL.to_owned(),
        email => email.unwrap_or_default(),
    };
    let done = Callback::new(move |(changed, words): (Option<Account>, &'static str)| {
        if let Some(changed) = changed {
            session.know(Me::from(changed.clone()));
            own.set(Some(changed));
        }
        told.set(words);
        desk.close();
    });
    // What was done is not said any more once something else is begun.
    Effect::new(move |_| {
        if desk.open.get().is_some() {
            told.set("");
        }
    });
    view! {
        <section>
            <h2>{entering_words::ACCOUNT}</h2>
            <Outcome asking=reading />
            <Fact desk part=Part::Username label=words::USERNAME fact=Signal::derive(username)>
                <Username desk done />
            </Fact>
            <Fact desk part=Part::Email label=words::EMAIL fact=Signal::derive(email)>
                <Email desk done />
            </Fact>
            <Fact desk part=Part::Password label=words::PASSWORD fact=Signal::stored(String::new())>
                <NewPassword desk done />
            </Fact>
            <p class="hint" role="status">{told}</p>
        </section>
    }
}

/// Something that is so, and can be changed.
#[component]
fn Fact(
    /// What the parts of the page share.
    desk: Desk,
    /// What it is.
    part: Part,
    /// What it is called.
    label: &'static str,
    /// How it is now.
    fact: Signal<String>,
    /// What it is changed with.
    children: ChildrenFn,
) -> impl IntoView {
    let button = move || if desk.is_open(part) { keeping::CANCEL } else { account::CHANGE };
    view! {
        <div class="fact">
            <p>
                <span class="hint">{label}</span>
                <bdi>{fact}</bdi>
            </p>
            <button
                id=part.way_in()
                class="quiet"
                aria-expanded=move || desk.is_open(part).to_string()
                on:click=move |_| desk.toggle(part)
            >
                {button}
                <span class="hidden">" "{label}</span>
            </button>
        </div>
        {move || desk.is_open(part).then(|| children())}
    }
}

/// What there is to say once something was changed, and how it is then if that can be seen.
type Done = Callback<(Option<Account>, &'static str)>;

#[component]
fn Username(
    /// What the parts of the page share.
    desk: Desk,
    /// Hears of it.
    done: Done,
) -> impl IntoView {
    let session = desk.session;
    let (asking, username, password) = (Asking::default(), Node::new(), Node::new());
    let change = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let wanted = ChangeUsername {
            new_username: value(username).trim().to_owned(),
            current_password: Password(value(password)),
        };
        let checks = [
            (NEW_USERNAME, check_username(&wanted.new_username)),
            (CURRENT_PASSWORD, given(&wanted.current_password)),
        ];
        if let Some(found) = faults(checks) {
            return asking.tell(found);
        }
        asking.begin(async move {
            // With two steps the password alone is not enough.
            if desk.proof.send(|| calls::change_username(&wanted)).await?.is_some() {
                done.run((Some(session.ask(entering::me()).await?), account::USERNAME_CHANGED));
            }
            Ok(())
        });
    };
    view! {
        <form class="form sunken" novalidate on:submit=change>
            <Field
                name=NEW_USERNAME
                label=account::NEW_USERNAME
                autocomplete="username"
                value=session.username_now()
                node=username
                asking
            />
            <Current node=password asking />
            <Save asking />
        </form>
    }
}

#[component]
fn Email(
    /// What the parts of the page share.
    desk: Desk,
    /// Hears of it.
    done: Done,
) -> impl IntoView {
    let session = desk.session;
    let (asking, email) = (Asking::default(), Node::new());
    let change = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let wanted = value(email).trim().to_owned();
        if let Some(found) = faults([("email", check_email(&wanted))]) {
            return asking.tell(found);
        }
        asking.begin(async move {
            // Letters are sent only where somebody wanted them who had shown that the account is theirs.
            if !desk.proof.ask().await {
                return Ok(());
            }
            let change = ChangeMe { email: Some(wanted), display_name: None };
            let changed: Result<Account, Trouble> = session.ask(entering::change_me(&change)).await;
            done.run((Some(changed?), account::EMAIL_CHANGED));
            Ok(())
        });
    };
    view! {
        <form class="form sunken" novalidate on:submit=change>
            <Field
                name="email"
                label=words::EMAIL
                hint=account::EMAIL_HINT.to_owned()
                autocomplete="email"
                node=email
                asking
            />
            <Save asking />
        </form>
    }
}

#[component]
fn NewPassword(
    /// What the parts of the page share.
    desk: Desk,
    /// Hears of it.
    done: Done,
) -> impl IntoView {
    let (asking, current, new) = (Asking::default(), Node::new(), Node::new());
    let change = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let wanted =
            ChangePassword { new_password: Password(value(new)), current_password: Password(value(current)) };
        let checks = [
            (CURRENT_PASSWORD, given(&wanted.current_password)),
            (NEW_PASSWORD, check_password(&wanted.new_password)),
        ];
        if let Some(found) = faults(checks) {
            return asking.tell(found);
        }
        asking.begin(async move {
            if desk.proof.send(|| calls::change_password(&wanted)).await?.is_some() {
                done.run((None, account::PASSWORD_CHANGED));
            }
            Ok(())
        });
    };
    view! {
        <form class="form sunken" novalidate on:submit=change>
            <Current node=current asking />
            <Field
                name=NEW_PASSWORD
                label=account::NEW_PASSWORD
                hint=words::password_hint()
                autocomplete="new-password"
                node=new
                asking
            />
            <Save asking />
        </form>
    }
}

#[component]
fn Save(
    /// What is asked.
    asking: Asking,
) -> impl IntoView {
    view! {
        <Outcome asking />
        <div class="choices">
            <button class="primary" aria-disabled=move || asking.busy()>
                {entering_words::SAVE}
            </button>
        </div>
    }
}

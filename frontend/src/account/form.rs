//! The form under the tabs.

use leptos::{ev, html, prelude::*};
use shared::{
    credentials::{Password, SignIn, check_password},
    problem::{FieldCode, ProblemCode},
    user::{Claim, SignUp, check_email, check_username},
};

use super::{passkey, sign_in::Mode};
use crate::{
    api::{Trouble, account as calls},
    session::{Session, use_session},
    ui::{
        asking::{Asking, Outcome, focus_soon},
        field::{CODE, Field, faults, given, value},
    },
    words::{self, account},
};

/// What was filled in. An e-mail address is not asked for when signing in, and a code only of some.
struct Filled {
    mode: Mode,
    email: String,
    username: String,
    password: Password,
    code: String,
}

impl Filled {
    /// What can be seen to be wrong without asking the server.
    fn faults(&self) -> Option<Vec<(String, FieldCode)>> {
        let name_is_given = if self.username.is_empty() { Err(FieldCode::Blank) } else { Ok(()) };
        match self.mode {
            Mode::SignUp => faults([
                ("email", check_email(&self.email)),
                ("username", check_username(&self.username)),
                ("password", check_password(&self.password)),
            ]),
            Mode::SignIn => faults([("username", name_is_given), ("password", given(&self.password))]),
        }
    }

    async fn send(self, session: Session) -> Result<(), Trouble> {
        let Self { mode, email, username, password, code } = self;
        match mode {
            // A guest who signs up stays who they are.
            Mode::SignUp if untrack(|| session.is_guest()) => {
                session.claim(Claim { username, password, email }).await
            }
            Mode::SignUp => session.sign_up(SignUp { email, username, password }).await,
            Mode::SignIn => {
                let one_time_code = Some(code).filter(|code| !code.is_empty());
                session.sign_in(SignIn { username, password, one_time_code }).await
            }
        }
    }
}

#[component]
pub fn AuthForm(
    /// Which of the two.
    mode: Mode,
    /// Whether the person wants another password.
    forgotten: RwSignal<bool>,
) -> impl IntoView {
    let session = use_session();
    let (email, username, password) = (NodeRef::new(), NodeRef::new(), NodeRef::new());
    let code = NodeRef::<html::Input>::new();
    let asking = Asking::default();
    // The password was right, and the account asks for a code beside it.
    let code_wanted = RwSignal::new(false);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let filled = Filled {
            mode,
            email: value(email).trim().to_owned(),
            username: value(username).trim().to_owned(),
            password: Password(value(password)),
            code: value(code).trim().to_owned(),
        };
        if let Some(found) = filled.faults() {
            return asking.tell(found);
        }
        asking.begin(async move {
            match filled.send(session).await {
                Err(trouble) if trouble.code() == Some(ProblemCode::CodeNeeded) => {
                    code_wanted.set(true);
                    focus_soon(asking.field(CODE));
                    Ok(())
                }
                sent => sent,
            }
        });
    };
    let back = move |_| {
        code_wanted.set(false);
        focus_soon(asking.field("password"));
    };
    let signing_up = mode == Mode::SignUp;
    let (hint, secret) = if signing_up {
        ((words::USERNAME_HINT.to_owned(), words::password_hint()), "new-password")
    } else {
        ((String::new(), String::new()), "current-password")
    };
    let email = signing_up.then(|| {
        view! {
            <Field name="email" label=words::EMAIL hint=words::EMAIL_HINT.to_owned() autocomplete="email" node=email asking />
        }
    });
    let label = move || match (asking.is_pending(), code_wanted.get()) {
        (true, _) => words::ONE_MOMENT,
        (false, true) => account::GO_ON,
        (false, false) => mode.word(),
    };
    view! {
        <form class="form" novalidate on:submit=submit>
            // What was filled in stays, to be sent once more with the code.
            <div class="form" hidden=move || code_wanted.get()>
                {email}
                <Field name="username" label=words::USERNAME hint=hint.0 autocomplete="username" node=username asking />
                <Field name="password" label=words::PASSWORD hint=hint.1 autocomplete=secret node=password asking />
            </div>
            <div class="form" hidden=move || !code_wanted.get()>
                <Field
                    name=CODE
                    label=account::CODE
                    hint=account::CODE_HINT.to_owned()
                    autocomplete="one-time-code"
                    node=code
                    asking
                />
            </div>
            <Outcome asking />
            <button class="primary" type="submit" disabled=move || asking.is_held()>
                {label}
            </button>
            <button type="button" class="quiet" hidden=move || !code_wanted.get() on:click=back>
                {account::BACK_TO_SIGN_IN}
            </button>
        </form>
        {(!signing_up).then(|| view! { <OtherWays asking forgotten hidden=code_wanted /> })}
    }
}

/// In by a passkey, or on the way to another password.
#[component]
fn OtherWays(
    /// What is asked of the server.
    asking: Asking,
    /// Whether the person wants another password.
    forgotten: RwSignal<bool>,
    /// Whether they have chosen another way already.
    hidden: RwSignal<bool>,
) -> impl IntoView {
    let session = use_session();
    let told = RwSignal::new("");
    let show = move |_| {
        told.set("");
        asking.begin(async move {
            if let Some(shown) = passkey::show(session).await? {
                session.begin_with(calls::sign_in_by_passkey(&shown).send(None).await?.token).await
            } else {
                told.set(account::NO_PASSKEY_SHOWN);
                Ok(())
            }
        });
    };
    view! {
        <div class="other-ways" hidden=hidden>
            <button class="plain" hidden=!passkey::are_there() on:click=show>
                {account::SIGN_IN_BY_PASSKEY}
            </button>
            <p class="hint" role="status">{told}</p>
            <button class="quiet" on:click=move |_| forgotten.set(true)>
                {account::FORGOTTEN}
            </button>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(mode: Mode, username: &str, password: &str) -> Filled {
        let password = Password(password.to_owned());
        Filled { mode, email: String::new(), username: username.to_owned(), password, code: String::new() }
    }

    #[test]
    fn a_good_sign_up_has_no_faults_and_a_bad_one_names_each() {
        assert_eq!(filled(Mode::SignUp, "ada", "correct horse").faults(), None);
        assert_eq!(
            filled(Mode::SignUp, "a b", "short").faults(),
            Some(vec![
                ("username".to_owned(), FieldCode::BadUsername),
                ("password".to_owned(), FieldCode::TooShort),
            ])
        );
    }

    #[test]
    fn signing_in_judges_no_password_that_was_chosen_before() {
        assert_eq!(filled(Mode::SignIn, "ada", "short").faults(), None);
        assert_eq!(
            filled(Mode::SignIn, "ada", "").faults(),
            Some(vec![("password".to_owned(), FieldCode::Blank)])
        );
    }
}

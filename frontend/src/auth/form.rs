//! The form under the tabs.

use leptos::{ev, prelude::*};
use shared::{
    credentials::{Password, SignIn, check_password},
    problem::FieldCode,
    user::{Claim, SignUp, check_email, check_username},
};

use super::Mode;
use crate::{
    api::Trouble,
    session::{Session, use_session},
    ui::{
        asking::{Asking, Outcome},
        field::{Field, value},
    },
    words,
};

/// What was filled in. An e-mail address is not asked for when signing in.
struct Filled {
    mode: Mode,
    email: String,
    username: String,
    password: Password,
}

impl Filled {
    /// What can be seen to be wrong without asking the server.
    fn faults(&self) -> Vec<(String, FieldCode)> {
        let required = |empty: bool| if empty { Err(FieldCode::Blank) } else { Ok(()) };
        let checks = match self.mode {
            Mode::SignUp => vec![
                ("email", check_email(&self.email)),
                ("username", check_username(&self.username)),
                ("password", check_password(&self.password)),
            ],
            Mode::SignIn => {
                vec![
                    ("username", required(self.username.is_empty())),
                    ("password", required(self.password.0.is_empty())),
                ]
            }
        };
        checks
            .into_iter()
            .filter_map(|(name, check)| check.err().map(|code| (name.to_owned(), code)))
            .collect()
    }

    async fn send(self, session: Session) -> Result<(), Trouble> {
        let Self { mode, email, username, password } = self;
        match mode {
            // A guest who signs up stays who they are.
            Mode::SignUp if untrack(|| session.is_guest()) => {
                session.claim(Claim { username, password, email }).await
            }
            Mode::SignUp => session.sign_up(SignUp { email, username, password }).await,
            Mode::SignIn => session.sign_in(SignIn { username, password, one_time_code: None }).await,
        }
    }
}

#[component]
pub fn AuthForm(
    /// Which of the two.
    mode: Mode,
) -> impl IntoView {
    let session = use_session();
    let (email, username, password) = (NodeRef::new(), NodeRef::new(), NodeRef::new());
    let asking = Asking::default();
    let faults = asking.faults;
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let filled = Filled {
            mode,
            email: value(email).trim().to_owned(),
            username: value(username).trim().to_owned(),
            password: Password(value(password)),
        };
        let found = filled.faults();
        if found.is_empty() {
            asking.begin(filled.send(session));
        } else {
            asking.tell(found);
        }
    };
    let signing_up = mode == Mode::SignUp;
    let (hint, secret) = if signing_up {
        ((words::USERNAME_HINT.to_owned(), words::password_hint()), "new-password")
    } else {
        ((String::new(), String::new()), "current-password")
    };
    let email = signing_up.then(|| {
        view! {
            <Field name="email" label=words::EMAIL hint=words::EMAIL_HINT.to_owned() autocomplete="email" node=email faults />
        }
    });
    view! {
        <form class="form" novalidate on:submit=submit>
            {email}
            <Field name="username" label=words::USERNAME hint=hint.0 autocomplete="username" node=username faults />
            <Field name="password" label=words::PASSWORD hint=hint.1 autocomplete=secret node=password faults />
            <Outcome asking />
            <button class="primary" type="submit" disabled=move || asking.is_pending()>
                {move || if asking.is_pending() { words::ONE_MOMENT } else { mode.word() }}
            </button>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(mode: Mode, username: &str, password: &str) -> Filled {
        let password = Password(password.to_owned());
        Filled { mode, email: String::new(), username: username.to_owned(), password }
    }

    #[test]
    fn a_good_sign_up_has_no_faults_and_a_bad_one_names_each() {
        assert_eq!(filled(Mode::SignUp, "ada", "correct horse").faults(), []);
        assert_eq!(
            filled(Mode::SignUp, "a b", "short").faults(),
            [("username".to_owned(), FieldCode::BadUsername), ("password".to_owned(), FieldCode::TooShort)]
        );
    }

    #[test]
    fn signing_in_judges_no_password_that_was_chosen_before() {
        assert_eq!(filled(Mode::SignIn, "ada", "short").faults(), []);
        assert_eq!(filled(Mode::SignIn, "ada", "").faults(), [("password".to_owned(), FieldCode::Blank)]);
    }
}

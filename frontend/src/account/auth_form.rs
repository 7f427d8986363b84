//! The form to sign up or in.

use leptos::{ev, html, prelude::*};
use shared::{
    credentials::{Password, SignIn, check_password},
    problem::{FieldCode, ProblemCode},
    user::{ClaimAccount, SignUp, check_email, check_username},
};

use super::passkey;
use crate::{
    api::{RequestError, account as calls},
    components::{
        field::{CODE, Field, check_not_empty, collect_errors, input_value},
        form_request::{FormRequest, Outcome, focus_soon},
    },
    session::{Session, use_session},
    strings::{self, account},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMode {
    SignUp,
    SignIn,
}

impl AuthMode {
    pub const fn label(self) -> &'static str {
        match self {
            Self::SignUp => strings::SIGN_UP,
            Self::SignIn => strings::SIGN_IN,
        }
    }
}

/// The content of the form. The email is used to sign up, the code to sign in with a second factor.
struct AuthFormData {
    mode: AuthMode,
    email: String,
    username: String,
    password: Password,
    code: String,
}

impl AuthFormData {
    /// Errors that can be found without the server.
    fn check(&self) -> Option<Vec<(String, FieldCode)>> {
        match self.mode {
            AuthMode::SignUp => collect_errors([
                ("email", check_email(&self.email)),
                ("username", check_username(&self.username)),
                ("password", check_password(&self.password)),
            ]),
            AuthMode::SignIn => collect_errors([
                ("username", check_not_empty(&self.username)),
                ("password", check_not_empty(&self.password.0)),
            ]),
        }
    }

    async fn send(self, session: Session) -> Result<(), RequestError> {
        let Self { mode, email, username, password, code } = self;
        match mode {
            // A guest who signs up keeps the user id.
            AuthMode::SignUp if untrack(|| session.is_guest()) => {
                session.claim(ClaimAccount { username, password, email }).await
            }
            AuthMode::SignUp => session.sign_up(SignUp { email, username, password }).await,
            AuthMode::SignIn => {
                let one_time_code = Some(code).filter(|code| !code.is_empty());
                session.sign_in(SignIn { username, password, one_time_code }).await
            }
        }
    }
}

/// The elements of the form.
#[derive(Clone, Copy, Default)]
struct AuthFields {
    email: NodeRef<html::Input>,
    username: NodeRef<html::Input>,
    password: NodeRef<html::Input>,
    code: NodeRef<html::Input>,
}

impl AuthFields {
    fn read(self, mode: AuthMode) -> AuthFormData {
        AuthFormData {
            mode,
            email: input_value(self.email).trim().to_owned(),
            username: input_value(self.username).trim().to_owned(),
            password: Password(input_value(self.password)),
            code: input_value(self.code).trim().to_owned(),
        }
    }
}

#[component]
pub fn AuthForm(
    mode: AuthMode,
    /// Set when the person wants to reset their password.
    reset_requested: RwSignal<bool>,
) -> impl IntoView {
    let (session, request, fields) = (use_session(), FormRequest::default(), AuthFields::default());
    // The password was right, and the account has a second factor.
    let code_required = RwSignal::new(false);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let data = fields.read(mode);
        match data.check() {
            Some(errors) => request.show_field_errors(errors),
            None => send(data, session, request, code_required),
        }
    };
    let label = move || match (request.is_pending(), code_required.get()) {
        (true, _) => strings::ONE_MOMENT,
        (false, true) => account::CONTINUE,
        (false, false) => mode.label(),
    };
    let is_sign_in = mode == AuthMode::SignIn;
    view! {
        <form class="form" novalidate on:submit=submit>
            <CredentialFields mode fields request hidden=code_required />
            <CodeField node=fields.code request hidden=Signal::derive(move || !code_required.get()) />
            <Outcome request />
            <button class="primary" type="submit" disabled=move || request.is_blocked()>
                {label}
            </button>
            <BackButton request code_required />
        </form>
        {is_sign_in.then(|| view! { <SignInAlternatives request reset_requested hidden=code_required /> })}
    }
}

/// Returns from the code to the credentials.
#[component]
fn BackButton(request: FormRequest, code_required: RwSignal<bool>) -> impl IntoView {
    let back = move |_| {
        code_required.set(false);
        focus_soon(request.field_id("password"));
    };
    view! {
        <button type="button" class="quiet" hidden=move || !code_required.get() on:click=back>
            {account::BACK_TO_SIGN_IN}
        </button>
    }
}

fn send(data: AuthFormData, session: Session, request: FormRequest, code_required: RwSignal<bool>) {
    request.start(async move {
        match data.send(session).await {
            Err(error) if error.code() == Some(ProblemCode::SecondFactorRequired) => {
                code_required.set(true);
                focus_soon(request.field_id(CODE));
                Ok(())
            }
            result => result,
        }
    });
}

/// Hidden, not removed, while the code is asked for: the password is sent again with the code.
#[component]
fn CredentialFields(
    mode: AuthMode,
    fields: AuthFields,
    request: FormRequest,
    hidden: RwSignal<bool>,
) -> impl IntoView {
    let is_sign_up = mode == AuthMode::SignUp;
    let email = is_sign_up.then(|| {
        let hint = strings::EMAIL_HINT.to_owned();
        view! { <Field name="email" label=strings::EMAIL hint autocomplete="email" node=fields.email request /> }
    });
    let (username_hint, password_hint, autocomplete) = if is_sign_up {
        (strings::USERNAME_HINT.to_owned(), strings::password_hint(), "new-password")
    } else {
        (String::new(), String::new(), "current-password")
    };
    view! {
        <div class="form" hidden=hidden>
            {email}
            <Field
                name="username"
                label=strings::USERNAME
                hint=username_hint
                autocomplete="username"
                node=fields.username
                request
            />
            <Field
                name="password"
                label=strings::PASSWORD
                hint=password_hint
                autocomplete=autocomplete
                node=fields.password
                request
            />
        </div>
    }
}

/// The field for a one-time code or a recovery code.
#[component]
pub fn CodeField(node: NodeRef<html::Input>, request: FormRequest, hidden: Signal<bool>) -> impl IntoView {
    view! {
        <div class="form" hidden=hidden>
            <Field
                name=CODE
                label=account::CODE
                hint=account::CODE_HINT.to_owned()
                autocomplete="one-time-code"
                node
                request
            />
        </div>
    }
}

/// Signing in with a passkey, and resetting the password.
#[component]
fn SignInAlternatives(
    request: FormRequest,
    /// Set when the person wants to reset their password.
    reset_requested: RwSignal<bool>,
    hidden: RwSignal<bool>,
) -> impl IntoView {
    let session = use_session();
    let message = RwSignal::new("");
    let use_passkey = move |_| {
        message.set("");
        request.start(async move {
            if let Some(assertion) = passkey::get_assertion(session).await? {
                let response = calls::sign_in_with_passkey(&assertion).send(None).await?;
                session.start_with_token(response.token).await
            } else {
                message.set(account::NO_PASSKEY_USED);
                Ok(())
            }
        });
    };
    view! {
        <div class="auth-alternatives" hidden=hidden>
            <button class="plain" hidden=!passkey::is_supported() on:click=use_passkey>
                {account::SIGN_IN_WITH_PASSKEY}
            </button>
            <p class="hint" role="status">{message}</p>
            <button class="quiet" on:click=move |_| reset_requested.set(true)>
                {account::FORGOT_PASSWORD}
            </button>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(mode: AuthMode, username: &str, password: &str) -> AuthFormData {
        let password = Password(password.to_owned());
        AuthFormData {
            mode,
            email: String::new(),
            username: username.to_owned(),
            password,
            code: String::new(),
        }
    }

    #[test]
    fn sign_up_form_reports_each_invalid_field() {
        assert_eq!(form(AuthMode::SignUp, "ada", "correct horse").check(), None);
        assert_eq!(
            form(AuthMode::SignUp, "a b", "short").check(),
            Some(vec![
                ("username".to_owned(), FieldCode::InvalidUsername),
                ("password".to_owned(), FieldCode::TooShort),
            ])
        );
    }

    #[test]
    fn sign_in_form_accepts_any_existing_password() {
        assert_eq!(form(AuthMode::SignIn, "ada", "short").check(), None);
        assert_eq!(
            form(AuthMode::SignIn, "ada", "").check(),
            Some(vec![("password".to_owned(), FieldCode::Blank)])
        );
    }
}

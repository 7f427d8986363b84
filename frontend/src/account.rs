//! The account program: sign-in, password reset and settings.

mod auth_form;
mod passkey;
mod password_reset;
mod reauth;
mod settings;
mod sign_in;

use leptos::{either::EitherOf3, ev, prelude::*};

use self::{password_reset::PasswordReset, settings::Settings, sign_in::SignInPage};
use crate::{
    components::{IsSignedIn, theme},
    session::Session,
    skeleton, strings,
};

#[component]
pub fn App() -> impl IntoView {
    let session = Session::resume();
    provide_context(session);
    provide_context(IsSignedIn(Signal::derive(move || session.is_signed_in())));
    theme::follow_system_theme();
    session.keep_fresh();
    let _online = window_event_listener(ev::online, move |_| session.refresh_if_stale());
    let (title, page) = match window().location().pathname().unwrap_or_default().trim_end_matches('/') {
        "/settings" => (strings::SETTINGS, EitherOf3::A(view! { <Settings /> })),
        "/reset" => (strings::account::RESET_TITLE, EitherOf3::B(view! { <PasswordReset /> })),
        _ => (strings::SIGN_IN, EitherOf3::C(view! { <SignInPage /> })),
    };
    skeleton::remove_when_mounted();
    document().set_title(&strings::title(0, title));
    page
}

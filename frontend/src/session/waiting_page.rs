//! The page until the server has answered whose session it is, or has ended the session.

use leptos::prelude::*;

use super::{AuthState, use_session};
use crate::{
    components::loading::LoadingPage,
    strings::{self, onboarding},
};

#[component]
pub fn WaitingPage() -> impl IntoView {
    let session = use_session();
    move || {
        let is_signing_out = session.auth_state() == AuthState::SigningOut;
        let text = if is_signing_out { strings::SIGNED_OUT_HERE } else { onboarding::WELCOME_BACK };
        view! { <LoadingPage text is_shown_at_once=is_signing_out /> }
    }
}

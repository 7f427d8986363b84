//! The pages of one's account: signing in, a password that was forgotten, and what is one's own.

mod form;
mod passkey;
mod proof;
mod reset;
mod settings;
mod sign_in;

use leptos::{either::EitherOf3, ev, prelude::*};

use self::{reset::Reset, settings::Settings, sign_in::Auth};
use crate::{session::Session, ui::theme};

#[component]
pub fn App() -> impl IntoView {
    let session = Session::resume();
    provide_context(session);
    theme::follow_system();
    session.watch();
    let _online = window_event_listener(ev::online, move |_| session.refresh());
    match window().location().pathname().unwrap_or_default().trim_end_matches('/') {
        "/settings" => EitherOf3::A(view! { <Settings /> }),
        "/reset" => EitherOf3::B(view! { <Reset /> }),
        _ => EitherOf3::C(view! { <Auth /> }),
    }
}

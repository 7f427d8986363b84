//! Turns two-step sign-in on and off, and shows recovery codes.

use leptos::{either::EitherOf3, ev, html, prelude::*};
use shared::second_factor::{ConfirmSecondFactor, SecondFactorStatus, TotpEnrolment};

use super::{SettingsState, disclosure::Disclosure};
use crate::{
    api::{RequestError, account as calls},
    components::{
        copy_button::CopyButton,
        field::{CODE, Field, check_not_empty, input_value},
        form_request::{FormRequest, Outcome, focus_soon},
        qr_code::QrCodeImage,
    },
    strings::{self, account},
};

#[derive(Clone, PartialEq, Eq)]
enum SecondFactorView {
    Status,
    Enrolment(TotpEnrolment),
    RecoveryCodes(Vec<String>),
}

#[derive(Clone, Copy)]
struct SecondFactorState {
    settings: SettingsState,
    request: FormRequest,
    status: RwSignal<Option<SecondFactorStatus>>,
    view: RwSignal<SecondFactorView>,
    form: Disclosure,
}

impl SecondFactorState {
    fn new(settings: SettingsState) -> Self {
        Self {
            settings,
            request: FormRequest::default(),
            status: RwSignal::new(None),
            view: RwSignal::new(SecondFactorView::Status),
            form: Disclosure::new("second-factor"),
        }
    }

    async fn load(self) -> Result<(), RequestError> {
        let status = self.settings.session.send(calls::get_second_factor()).await?;
        // The page may have been left meanwhile.
        let _set = self.status.try_set(Some(status));
        Ok(())
    }

    fn enroll(self) {
        self.request.start(async move {
            if let Some(enrolment) = self.settings.reauth.send(calls::enroll_second_factor).await? {
                self.form.open();
                self.view.set(SecondFactorView::Enrolment(enrolment));
            }
            Ok(())
        });
    }

    fn disable(self) {
        self.request.start(async move {
            if self.settings.reauth.send(calls::disable_second_factor).await?.is_some() {
                self.load().await?;
            }
            Ok(())
        });
    }

    fn renew_recovery_codes(self) {
        self.request.start(async move {
            if let Some(renewed) = self.settings.reauth.send(calls::renew_recovery_codes).await? {
                self.view.set(SecondFactorView::RecoveryCodes(renewed.codes));
                self.load().await?;
            }
            Ok(())
        });
    }

    fn on_enrolled(self, recovery_codes: Vec<String>) {
        self.view.set(SecondFactorView::RecoveryCodes(recovery_codes));
        self.form.close();
        self.request.start(self.load());
    }
}

#[component]
pub fn SecondFactorSection(settings: SettingsState) -> impl IntoView {
    let state = SecondFactorState::new(settings);
    state.request.start(state.load());
    let text = move || match *state.status.read() {
        None => String::new(),
        Some(SecondFactorStatus { on: false, .. }) => account::SECOND_FACTOR_OFF.to_owned(),
        Some(SecondFactorStatus { on: true, recovery_codes }) => account::second_factor_on(recovery_codes),
    };
    let content = move || match state.view.get() {
        SecondFactorView::Enrolment(enrolment) if state.form.is_open() => {
            EitherOf3::A(view! { <EnrolmentForm state enrolment /> })
        }
        // Shown whichever form is open: the codes cannot be shown again.
        SecondFactorView::RecoveryCodes(codes) => EitherOf3::B(view! { <RecoveryCodeList state codes /> }),
        _ => EitherOf3::C(view! { <StatusActions state /> }),
    };
    view! {
        <section on:keydown=move |event| state.form.close_on_escape(&event)>
            <h2 id=state.form.opener_id() tabindex="-1">{account::SECOND_FACTOR}</h2>
            <p class="muted">{text}</p>
            {content}
            <Outcome request=state.request />
        </section>
    }
}

#[component]
fn StatusActions(state: SecondFactorState) -> impl IntoView {
    let is_on = move || state.status.read().as_ref().is_some_and(|status| status.on);
    let aria_disabled = move || state.request.aria_disabled();
    view! {
        <div class="button-row" hidden=move || state.status.read().is_none()>
            <button class="plain" hidden=is_on aria-disabled=aria_disabled on:click=move |_| state.enroll()>
                {account::TURN_ON}
            </button>
            <button
                class="plain"
                hidden=move || !is_on()
                aria-disabled=aria_disabled
                on:click=move |_| state.renew_recovery_codes()
            >
                {account::GET_NEW_RECOVERY_CODES}
            </button>
            <button
                class="quiet"
                hidden=move || !is_on()
                aria-disabled=aria_disabled
                on:click=move |_| state.disable()
            >
                {account::TURN_OFF}
            </button>
        </div>
    }
}

/// Shows the secret, and asks for a code that proves that the user's app has it.
#[component]
fn EnrolmentForm(state: SecondFactorState, enrolment: TotpEnrolment) -> impl IntoView {
    let SettingsState { session, reauth } = state.settings;
    let (request, code) = (FormRequest::default(), NodeRef::<html::Input>::new());
    focus_soon(request.field_id(CODE));
    let confirm = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let confirmation = ConfirmSecondFactor { one_time_code: input_value(code).trim().to_owned() };
        if let Err(code) = check_not_empty(&confirmation.one_time_code) {
            return request.show_field_errors(vec![(CODE.to_owned(), code)]);
        }
        request.start(async move {
            if let Some(response) = reauth.send(|| calls::confirm_second_factor(&confirmation)).await? {
                state.on_enrolled(response.codes);
            }
            Ok(())
        });
    };
    view! {
        <form class="form sunken" novalidate on:submit=confirm>
            <EnrolmentSecret enrolment />
            // Password managers need the username beside the code.
            <input
                class="visually-hidden"
                autocomplete="username"
                tabindex="-1"
                aria-hidden="true"
                value=session.username_untracked()
            />
            <FirstCodeField node=code request />
            <Outcome request />
            <EnrolmentActions state request />
        </form>
    }
}

#[component]
fn EnrolmentSecret(enrolment: TotpEnrolment) -> impl IntoView {
    let secret = group_by_four(&enrolment.secret);
    view! {
        <p>{account::SCAN_QR_CODE}</p>
        <QrCodeImage text=Signal::stored(enrolment.uri) label=account::QR_CODE_LABEL />
        <p class="hint">{account::OR_ENTER_KEY} " " <code class="totp-secret">{secret}</code></p>
    }
}

#[component]
fn FirstCodeField(node: NodeRef<html::Input>, request: FormRequest) -> impl IntoView {
    view! {
        <Field
            name=CODE
            label=account::CODE
            hint=account::FIRST_CODE_HINT.to_owned()
            autocomplete="one-time-code"
            node
            request
        />
    }
}

#[component]
fn EnrolmentActions(state: SecondFactorState, request: FormRequest) -> impl IntoView {
    view! {
        <div class="button-row">
            <button class="primary" aria-disabled=move || request.aria_disabled()>
                {account::TURN_ON}
            </button>
            <button type="button" class="quiet" on:click=move |_| state.form.close()>
                {strings::CANCEL}
            </button>
        </div>
    }
}

/// The recovery codes, which are shown only once.
#[component]
fn RecoveryCodeList(state: SecondFactorState, codes: Vec<String>) -> impl IntoView {
    // The browser asks before the page is left.
    let unload = window_event_listener(ev::beforeunload, |event| event.prevent_default());
    on_cleanup(move || unload.remove());
    let done = move |_| {
        state.view.set(SecondFactorView::Status);
        focus_soon(state.form.opener_id());
    };
    let text = Signal::stored(codes.join("\n"));
    let list = codes.into_iter().map(|code| view! { <li><code>{code}</code></li> }).collect_view();
    view! {
        <div class="sunken recovery-codes" role="group" aria-label=account::RECOVERY_CODES>
            <p><strong>{account::RECOVERY_CODES}</strong></p>
            <p class="hint">{account::RECOVERY_CODES_TEXT}</p>
            <ul>{list}</ul>
            <div class="button-row">
                <CopyButton class="primary" text label=account::COPY_CODES />
                <button class="plain" on:click=done>{strings::DONE}</button>
            </div>
        </div>
    }
}

/// Groups are easier to type.
fn group_by_four(secret: &str) -> String {
    let letters: Vec<_> = secret.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_is_shown_in_groups_of_four() {
        assert_eq!(group_by_four("ABCDEFGHIJ"), "ABCD EFGH IJ");
    }
}

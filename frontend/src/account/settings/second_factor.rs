//! What the account asks for beside the password.

use leptos::{either::EitherOf3, ev, html, prelude::*};
use shared::{
    problem::FieldCode,
    second_factor::{Confirm, Enrolment, SecondFactor},
};

use super::{Desk, Part};
use crate::{
    api::account as calls,
    ui::{
        asking::{Asking, Outcome, focus_soon},
        copy::CopyText,
        field::{CODE, Field, value},
        qr::Qr,
    },
    words::{account, keeping, links},
};

/// What is shown while it is turned on, and then once.
#[derive(Clone, PartialEq, Eq)]
enum Showing {
    Nothing,
    Enrolment(Enrolment),
    Codes(Vec<String>),
}

#[component]
pub fn SecondFactorPart(
    /// What the parts of the page share.
    desk: Desk,
) -> impl IntoView {
    let Desk { session, proof, .. } = desk;
    let (asking, now) = (Asking::default(), RwSignal::new(None::<SecondFactor>));
    let showing = RwSignal::new(Showing::Nothing);
    let read = move || async move {
        let found = session.ask(calls::second_factor()).await?;
        let _left = now.try_set(Some(found));
        Ok(())
    };
    asking.begin(read());
    let turn_on = move |_| {
        asking.begin(async move {
            if let Some(begun) = proof.send(calls::begin_second_factor).await? {
                desk.open.set(Some(Part::SecondFactor));
                showing.set(Showing::Enrolment(begun));
            }
            Ok(())
        });
    };
    let turn_off = move |_| {
        asking.begin(async move {
            if proof.send(calls::turn_off_second_factor).await?.is_some() {
                read().await?;
            }
            Ok(())
        });
    };
    let renew = move |_| {
        asking.begin(async move {
            if let Some(fresh) = proof.send(calls::renew_recovery_codes).await? {
                showing.set(Showing::Codes(fresh.codes));
                read().await?;
            }
            Ok(())
        });
    };
    let confirmed = Callback::new(move |codes| {
        showing.set(Showing::Codes(codes));
        desk.close();
        asking.begin(read());
    });
    let done = Callback::new(move |()| {
        showing.set(Showing::Nothing);
        focus_soon(Part::SecondFactor.way_in());
    });
    let is_on = move || now.read().as_ref().is_some_and(|now| now.on);
    let text = move || match *now.read() {
        None => String::new(),
        Some(SecondFactor { on: false, .. }) => account::SECOND_FACTOR_OFF.to_owned(),
        Some(SecondFactor { on: true, recovery_codes }) => account::second_factor_on(recovery_codes),
    };
    let part = move || match showing.get() {
        Showing::Enrolment(begun) if desk.is_open(Part::SecondFactor) => {
            EitherOf3::A(view! { <Enrol desk begun confirmed /> })
        }
        // Whatever else is unfolded: they are never shown again.
        Showing::Codes(codes) => EitherOf3::B(view! { <Codes codes done /> }),
        _ => EitherOf3::C(view! {
            <div class="choices" hidden=move || now.read().is_none()>
                <button class="plain" hidden=is_on aria-disabled=move || asking.busy() on:click=turn_on>
                    {account::TURN_ON}
                </button>
                <button class="plain" hidden=move || !is_on() aria-disabled=move || asking.busy() on:click=renew>
                    {account::NEW_CODES}
                </button>
                <button class="quiet" hidden=move || !is_on() aria-disabled=move || asking.busy() on:click=turn_off>
                    {account::TURN_OFF}
                </button>
            </div>
        }),
    };
    view! {
        <section>
            <h2 id=Part::SecondFactor.way_in() tabindex="-1">{account::SECOND_FACTOR}</h2>
            <p class="muted">{text}</p>
            {part}
            <Outcome asking />
        </section>
    }
}

/// A device takes the secret, and shows that it makes the right codes.
#[component]
fn Enrol(
    /// What the parts of the page share.
    desk: Desk,
    /// What the device takes.
    begun: Enrolment,
    /// Hears of the recovery codes.
    confirmed: Callback<Vec<String>>,
) -> impl IntoView {
    let Desk { session, proof, .. } = desk;
    let (asking, code) = (Asking::default(), NodeRef::<html::Input>::new());
    let secret = grouped(&begun.secret);
    let confirm = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let shown = Confirm { one_time_code: value(code).trim().to_owned() };
        if shown.one_time_code.is_empty() {
            return asking.tell(vec![(CODE.to_owned(), FieldCode::Blank)]);
        }
        asking.begin(async move {
            if let Some(fresh) = proof.send(|| calls::confirm_second_factor(&shown)).await? {
                confirmed.run(fresh.codes);
            }
            Ok(())
        });
    };
    view! {
        <form class="form sunken" novalidate on:submit=confirm>
            <p>{account::SCAN}</p>
            <Qr text=Signal::stored(begun.uri) label=account::SCAN_QR />
            <p class="hint">{account::OR_TYPE} " " <code class="secret">{secret}</code></p>
            <input class="hidden" autocomplete="username" tabindex="-1" aria-hidden="true" value=session.username_now() />
            <Field
                name=CODE
                label=account::CODE
                hint=account::FIRST_CODE_HINT.to_owned()
                autocomplete="one-time-code"
                node=code
                asking
            />
            <Outcome asking />
            <div class="choices">
                <button class="primary" aria-disabled=move || asking.busy()>
                    {account::TURN_ON}
                </button>
                <button type="button" class="quiet" on:click=move |_| desk.close()>
                    {keeping::CANCEL}
                </button>
            </div>
        </form>
    }
}

/// Shown once, to be kept where the device is not.
#[component]
fn Codes(
    /// The codes.
    codes: Vec<String>,
    /// Hears that they are kept elsewhere.
    done: Callback<()>,
) -> impl IntoView {
    // The browser asks whoever leaves now.
    let asking = window_event_listener(ev::beforeunload, |event| event.prevent_default());
    on_cleanup(move || asking.remove());
    let text = Signal::stored(codes.join("\n"));
    let list = codes.into_iter().map(|code| view! { <li><code>{code}</code></li> }).collect_view();
    view! {
        <div class="sunken codes" role="group" aria-label=account::RECOVERY_CODES>
            <p><strong>{account::RECOVERY_CODES}</strong></p>
            <p class="hint">{account::RECOVERY_CODES_TEXT}</p>
            <ul>{list}</ul>
            <div class="choices">
                <CopyText class="primary" text label=account::COPY_CODES />
                <button class="plain" on:click=move |_| done.run(())>{links::DONE}</button>
            </div>
        </div>
    }
}

/// In groups that can be typed off.
fn grouped(secret: &str) -> String {
    let letters: Vec<_> = secret.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_in_groups_of_four() {
        assert_eq!(grouped("ABCDEFGHIJ"), "ABCD EFGH IJ");
    }
}

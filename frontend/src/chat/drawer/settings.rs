//! How the chat is, and how long.

use leptos::prelude::*;
use shared::chat::{ChangeSettings, Chat};

use super::{
    about::About,
    choice::{Choice, Offer, Switch},
    farewell::Farewell,
};
use crate::{
    api::keeping as calls,
    chat::{act::Act, room::Room},
    chats::mute::MuteSwitch,
    ui::asking::Outcome,
    words::keeping,
};

const SLOW: [u32; 7] = [0, 5, 10, 30, 60, 300, 3_600];
const KEPT_DAYS: [u32; 5] = [0, 1, 7, 30, 365];
const ENDS_IN: [u64; 4] = [0, 86_400, 604_800, 2_592_000];
/// Stands for the moment that was set.
const AS_SET: &str = "set";

#[component]
pub fn Settings(
    /// The chat.
    room: Room,
) -> impl IntoView {
    let keeps_order = Memo::new(move |_| room.myself().keeps_order());
    view! {
        {move || keeps_order.get().then(|| view! { <Kept room /> })}
        <section>
            <h3>{keeping::FOR_YOU}</h3>
            <MuteSwitch uri=Signal::derive(move || room.uri()) />
            <Farewell room />
        </section>
    }
}

/// What those who keep order may change; what only the owner may is shown to the others.
#[component]
fn Kept(
    /// The chat.
    room: Room,
) -> impl IntoView {
    view! {
        <section>
            <h3>{keeping::ABOUT}</h3>
            <About room />
        </section>
        <section>
            <h3>{keeping::ORDER}</h3>
            <Order room />
        </section>
        <section>
            <h3>{keeping::LIFETIME}</h3>
            <Lifetime room />
        </section>
    }
}

/// A part of the settings, as it is now.
fn of<T: PartialEq + Send + Sync + Clone + Default + 'static>(room: Room, part: fn(Chat) -> T) -> Signal<T> {
    Memo::new(move |_| room.chat().map(part).unwrap_or_default()).into()
}

fn locked(room: Room) -> Signal<Option<&'static str>> {
    Memo::new(move |_| (!room.myself().owns()).then_some(keeping::OWNER_ONLY)).into()
}

fn change(room: Room, act: Act, change: &ChangeSettings) {
    act.begin(calls::change_settings(&room.uri_now(), change), |_| ());
}

#[component]
fn Order(
    /// The chat.
    room: Room,
) -> impl IntoView {
    let act = Act::new(room);
    let slow = of(room, |chat| chat.slow_seconds);
    let speeds = Signal::derive(move || among(&SLOW, slow.get(), keeping::every));
    let set = move |setting: ChangeSettings| change(room, act, &setting);
    let none = ChangeSettings::default;
    view! {
        <Choice
            id="slow"
            label=keeping::SLOW
            hint=keeping::SLOW_HINT
            offers=speeds
            chosen=Signal::derive(move || slow.get().to_string())
            choose=move |value: String| set(ChangeSettings { slow_seconds: value.parse().ok(), ..none() })
        />
        <Switch
            label=keeping::APPROVAL
            hint=keeping::APPROVAL_HINT
            on=of(room, |chat| chat.approval)
            locked=Signal::stored(None)
            act
            turn=move |on| set(ChangeSettings { approval: Some(on), ..none() })
        />
        <Switch
            label=keeping::GUESTS
            hint=keeping::GUESTS_HINT
            on=of(room, |chat| chat.guests)
            locked=locked(room)
            act
            turn=move |on| set(ChangeSettings { guests: Some(on), ..none() })
        />
        <Switch
            label=keeping::CLOSED
            hint=keeping::CLOSED_HINT
            on=of(room, |chat| chat.closed)
            locked=locked(room)
            act
            turn=move |on| set(ChangeSettings { closed: Some(on), ..none() })
        />
        <Outcome asking=act />
    }
}

#[component]
fn Lifetime(
    /// The chat.
    room: Room,
) -> impl IntoView {
    let act = Act::new(room);
    let kept = of(room, |chat| chat.retention_days.unwrap_or_default());
    let ends = of(room, |chat| chat.expires_at);
    let endings = Signal::derive(move || {
        let set = ends.get().map(|at| (AS_SET.to_owned(), keeping::ends_on(at)));
        let offers = ENDS_IN.into_iter().map(|seconds| (seconds.to_string(), keeping::ends_in(seconds)));
        set.into_iter().chain(offers).collect::<Vec<Offer>>()
    });
    let set = move |setting: ChangeSettings| change(room, act, &setting);
    let none = ChangeSettings::default;
    view! {
        <Choice
            id="kept"
            label=keeping::KEEP
            offers=Signal::derive(move || among(&KEPT_DAYS, kept.get(), keeping::kept))
            chosen=Signal::derive(move || kept.get().to_string())
            locked=locked(room)
            choose=move |value: String| set(ChangeSettings { retention_days: value.parse().ok(), ..none() })
        />
        <Choice
            id="ends"
            label=keeping::ENDS
            offers=endings
            chosen=Signal::derive(move || ends.get().map_or_else(|| "0".to_owned(), |_| AS_SET.to_owned()))
            locked=locked(room)
            choose=move |value: String| {
                if let Ok(seconds) = value.parse() {
                    set(ChangeSettings { expires_in: Some(seconds), ..none() });
                }
            }
        />
        <Outcome asking=act />
    }
}

/// The usual values, and the one that is set though it is none of them.
fn among(usual: &[u32], set: u32, words: fn(u32) -> String) -> Vec<Offer> {
    let mut values = usual.to_vec();
    if !values.contains(&set) {
        values.push(set);
        values.sort_unstable();
    }
    values.into_iter().map(|value| (value.to_string(), words(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_among_what_can_be_chosen() {
        let values =
            |set| among(&SLOW, set, keeping::every).into_iter().map(|(value, _)| value).collect::<Vec<_>>();
        assert_eq!(values(0), ["0", "5", "10", "30", "60", "300", "3600"]);
        assert_eq!(values(7)[..3], ["0", "5", "7"]);
    }
}

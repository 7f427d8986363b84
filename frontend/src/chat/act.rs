//! Something that is asked of the server by hand, and what is told of it beside the hand.

use leptos::{prelude::*, task::spawn_local};
use serde::de::DeserializeOwned;

use super::room::Room;
use crate::{
    api::{Call, Request, Trouble},
    ui::wait::Wait,
    words,
};

/// Takes in the text of an answer.
type Hearing = Box<dyn FnOnce(&str) -> Result<(), Trouble>>;

#[derive(Clone, Copy)]
pub struct Act {
    room: Room,
    pending: RwSignal<bool>,
    trouble: RwSignal<Option<Trouble>>,
    wait: Wait,
}

impl Act {
    pub fn new(room: Room) -> Self {
        Self { room, pending: RwSignal::new(false), trouble: RwSignal::new(None), wait: Wait::default() }
    }

    /// Whether nothing can be asked for now.
    pub fn is_busy(self) -> bool {
        self.pending.get() || self.wait.is_on()
    }

    /// As an attribute. A button that is disabled would lose the focus, so it only says that it is.
    pub fn busy(self) -> Option<&'static str> {
        self.is_busy().then_some("true")
    }

    /// Asks, unless an answer is awaited still.
    pub fn begin<A: DeserializeOwned + 'static>(self, request: Request<A>, done: impl FnOnce(A) + 'static) {
        self.carry(request.into_call(), Box::new(move |text| Request::answer(text).map(done)));
    }

    /// Knows nothing of what is asked, so that there is only one of it in the client.
    fn carry(self, call: Call, done: Hearing) {
        if untrack(|| self.is_busy()) {
            return;
        }
        self.pending.set(true);
        self.trouble.set(None);
        spawn_local(async move {
            let answer = self.room.carry(call).await;
            // What it stood beside may be gone.
            if self.pending.try_set(false).is_some() {
                return;
            }
            if let Err(trouble) = answer.and_then(|text| done(&text)) {
                self.wait.begin(trouble.retry_after());
                self.trouble.set(Some(trouble));
            }
        });
    }
}

/// What went wrong, and for how long to wait.
#[component]
pub fn Outcome(
    /// What was asked for.
    act: Act,
) -> impl IntoView {
    let told = move || act.trouble.get().map(|trouble| words::keeping::refused(&trouble)).unwrap_or_default();
    view! {
        <p role="alert" class="error">{told}</p>
        <p class="muted">{move || act.wait.words()}</p>
    }
}

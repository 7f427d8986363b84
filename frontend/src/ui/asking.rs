//! Something that is asked of the server by a button: whether it is under way, and what came of it.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::{FutureExt, future::LocalBoxFuture};
use leptos::{prelude::*, task::spawn_local};
use shared::problem::{FieldCode, ProblemCode};
use wasm_bindgen::JsCast;

use super::{field::Faults, wait::Wait};
use crate::{api::Trouble, words};

/// Tells the fields of two forms apart that ask for the same.
static FORMS: AtomicU32 = AtomicU32::new(0);

#[derive(Clone, Copy)]
pub struct Asking {
    form: u32,
    pending: RwSignal<bool>,
    trouble: RwSignal<Option<Trouble>>,
    pub faults: Faults,
    wait: Wait,
}

impl Default for Asking {
    fn default() -> Self {
        Self {
            form: FORMS.fetch_add(1, Ordering::Relaxed),
            pending: RwSignal::default(),
            trouble: RwSignal::default(),
            faults: Faults::default(),
            wait: Wait::default(),
        }
    }
}

impl Asking {
    /// The element of a field.
    pub fn field(self, name: &str) -> String {
        format!("{name}-{}", self.form)
    }

    /// Begins, unless it cannot be asked now. What was filled in stays where it is, whatever comes of it.
    pub fn begin(self, asked: impl Future<Output = Result<(), Trouble>> + 'static) {
        self.run(asked.boxed_local());
    }

    /// Knows nothing of what is asked, so that there is only one of it in the client.
    fn run(self, asked: LocalBoxFuture<'static, Result<(), Trouble>>) {
        if untrack(|| self.is_held()) {
            return;
        }
        self.trouble.set(None);
        self.pending.set(true);
        spawn_local(async move {
            let answer = asked.await;
            // The page may have been left meanwhile.
            if self.pending.try_set(false).is_none()
                && let Err(refused) = answer
            {
                self.show(refused);
            }
        });
    }

    pub fn is_pending(self) -> bool {
        self.pending.get()
    }

    /// Whether it cannot be asked now.
    pub fn is_held(self) -> bool {
        self.pending.get() || self.wait.is_on()
    }

    /// The same as an attribute. A button that is disabled would lose the focus, so it only says that it is.
    pub fn busy(self) -> Option<&'static str> {
        self.is_held().then_some("true")
    }

    /// Whether what it stood beside has been left.
    pub fn is_gone(self) -> bool {
        self.pending.is_disposed()
    }

    /// Puts each part of a refusal where it belongs: beside its field, or above the button.
    fn show(self, refused: Trouble) {
        self.wait.begin(refused.retry_after());
        match refused {
            Trouble::Refused(problem)
                if problem.code == ProblemCode::Invalid
                    && problem.errors.iter().any(|error| element(&self.field(&error.field)).is_some()) =>
            {
                self.tell(problem.errors.into_iter().map(|error| (error.field, error.code)).collect());
            }
            refused => self.trouble.set(Some(refused)),
        }
    }

    /// Says what is wrong, and leads the person to the first of it.
    pub fn tell(self, found: Vec<(String, FieldCode)>) {
        if let Some((name, _)) = found.first() {
            focus(&self.field(name));
        }
        self.trouble.set(None);
        self.faults.set(found);
    }
}

/// What came of it, in words.
#[component]
pub fn Outcome(
    /// What was asked.
    #[prop(into)]
    asking: Asking,
) -> impl IntoView {
    let told = move || asking.trouble.read().as_ref().map(words::refused);
    // The seconds are not part of the alert: counting aloud would drown everything else.
    view! {
        <div class="outcome">
            <p role="alert" class="error">{told}</p>
            <p class="error">{move || asking.wait.words()}</p>
        </div>
    }
}

/// Once what was just shown can take the focus.
pub fn focus_soon(id: impl Into<String>) {
    let id = id.into();
    request_animation_frame(move || focus(&id));
}

pub fn focus(id: &str) {
    if let Some(element) = element(id) {
        // An element that cannot take the focus leaves it where it is.
        let _focused = element.focus();
    }
}

fn element(id: &str) -> Option<web_sys::HtmlElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

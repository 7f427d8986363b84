//! State of a request that a form or a button sends: pending, waiting, failed.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::{FutureExt, future::LocalBoxFuture};
use leptos::{prelude::*, task::spawn_local};
use shared::problem::{FieldCode, ProblemCode};
use wasm_bindgen::JsCast;

use super::countdown::Countdown;
use crate::{request_error::RequestError, strings::errors};

/// Numbers the forms of a page, so that their fields have different element ids.
static NEXT_FORM: AtomicU32 = AtomicU32::new(0);

/// Field names with their errors.
pub type FieldErrors = RwSignal<Vec<(String, FieldCode)>>;

#[derive(Clone, Copy)]
pub struct FormRequest {
    form: u32,
    pending: RwSignal<bool>,
    error: RwSignal<Option<RequestError>>,
    pub field_errors: FieldErrors,
    countdown: Countdown,
}

impl Default for FormRequest {
    fn default() -> Self {
        Self {
            form: NEXT_FORM.fetch_add(1, Ordering::Relaxed),
            pending: RwSignal::default(),
            error: RwSignal::default(),
            field_errors: FieldErrors::default(),
            countdown: Countdown::default(),
        }
    }
}

impl FormRequest {
    /// The element id of a field.
    pub fn field_id(self, name: &str) -> String {
        format!("{name}-{}", self.form)
    }

    /// Runs the request unless [`FormRequest::is_blocked`]. The fields keep their content, whatever the result.
    pub fn start(self, request: impl Future<Output = Result<(), RequestError>> + 'static) {
        self.run(request.boxed_local());
    }

    /// Not generic, so that the client contains it only once.
    fn run(self, request: LocalBoxFuture<'static, Result<(), RequestError>>) {
        if untrack(|| self.is_blocked()) {
            return;
        }
        self.error.set(None);
        self.pending.set(true);
        spawn_local(async move {
            let result = request.await;
            // `try_set` returns the value if the page was left meanwhile.
            if self.pending.try_set(false).is_none()
                && let Err(error) = result
            {
                self.show_error(error);
            }
        });
    }

    pub fn is_pending(self) -> bool {
        self.pending.get()
    }

    /// Whether a request is pending, or the server asked to wait.
    pub fn is_blocked(self) -> bool {
        self.pending.get() || self.countdown.is_running()
    }

    /// [`FormRequest::is_blocked`] as the value of `aria-disabled`: a button with `disabled` would lose the focus.
    pub fn aria_disabled(self) -> Option<&'static str> {
        self.is_blocked().then_some("true")
    }

    /// Whether the component that owns it was removed.
    pub fn is_disposed(self) -> bool {
        self.pending.is_disposed()
    }

    /// Shows the errors of fields beside the fields of this form, and any other error above the button.
    fn show_error(self, error: RequestError) {
        self.countdown.start(error.retry_after());
        match error {
            RequestError::Rejected(problem)
                if problem.code == ProblemCode::Invalid
                    && problem.errors.iter().any(|error| element(&self.field_id(&error.field)).is_some()) =>
            {
                let errors = problem.errors.into_iter().map(|error| (error.field, error.code));
                self.show_field_errors(errors.collect());
            }
            error => self.error.set(Some(error)),
        }
    }

    /// Shows the errors and focuses the first field that has one.
    pub fn show_field_errors(self, errors: Vec<(String, FieldCode)>) {
        if let Some((name, _)) = errors.first() {
            focus(&self.field_id(name));
        }
        self.error.set(None);
        self.field_errors.set(errors);
    }
}

/// The error of a request and the time until it can be sent again.
#[component]
pub fn Outcome(#[prop(into)] request: FormRequest) -> impl IntoView {
    let message = move || request.error.read().as_ref().map(|error| errors::for_request(error.problem()));
    // The countdown is outside the alert, or assistive technology would announce every second.
    view! {
        <div class="outcome">
            <p role="alert" class="error">{message}</p>
            <p class="error">{move || request.countdown.text()}</p>
        </div>
    }
}

/// Focuses an element that is about to be rendered.
pub fn focus_soon(id: impl Into<String>) {
    let id = id.into();
    request_animation_frame(move || focus(&id));
}

pub fn focus(id: &str) {
    if let Some(element) = element(id) {
        // If the element cannot be focused, the focus stays.
        let _focused = element.focus();
    }
}

/// Whether the element that had the focus is gone.
pub fn is_focus_lost() -> bool {
    document().active_element().is_none_or(|element| element.tag_name() == "BODY")
}

fn element(id: &str) -> Option<web_sys::HtmlElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

//! Views whose code is loaded when they are first shown, and functions whose code is loaded when they are first called. With
//! the feature `split`, each name given to [`lazy_view!`] or [`lazy_fn!`] is a WebAssembly module of its own; without,
//! everything is in one module.

use std::{future::Future, pin::Pin};

use futures_util::FutureExt;
pub use leptos::wasm_split::SplitLoaderError;
use leptos::{
    either::EitherOf3,
    prelude::*,
    reactive::{computed::ScopedFuture, spawn_local_scoped_with_cancellation},
    task::spawn_local,
};

use crate::{api, skeleton, strings::errors};

/// Defines an asynchronous function that loads a module and calls its code.
macro_rules! lazy_fn {
    ($module:ident, $visibility:vis fn $name:ident($($argument:ident: $type:ty),*) -> $output:ty $body:block) => {
        #[cfg(feature = "split")]
        #[leptos::wasm_split::wasm_split($module, wasm_split_path = ::leptos::wasm_split, fallible)]
        $visibility fn $name($($argument: $type),*) -> Result<$output, $crate::lazy_view::SplitLoaderError> {
            Ok($body)
        }

        #[cfg(not(feature = "split"))]
        $visibility async fn $name($($argument: $type),*) -> Result<$output, $crate::lazy_view::SplitLoaderError> {
            Ok($body)
        }
    };
}
pub(crate) use lazy_fn;

/// Defines an asynchronous function that loads a module and creates a view of it.
macro_rules! lazy_view {
    ($module:ident, $visibility:vis fn $name:ident($($argument:ident: $type:ty),*) $view:block) => {
        $crate::lazy_view::lazy_fn! {
            $module,
            $visibility fn $name($($argument: $type),*) -> leptos::prelude::AnyView {
                leptos::prelude::IntoAny::into_any($view)
            }
        }
    };
}
pub(crate) use lazy_view;

pub type ViewFuture = Pin<Box<dyn Future<Output = Result<AnyView, SplitLoaderError>>>>;

#[derive(Clone, Copy, PartialEq)]
enum LoadState {
    Loading,
    Loaded,
    Failed,
}

/// What is known of a view that is being loaded.
#[derive(Clone, Copy)]
struct Loading {
    state: RwSignal<LoadState>,
    view: StoredValue<Option<AnyView>, LocalStorage>,
}

impl Loading {
    fn start(self, owner: &Owner, view: ViewFuture) {
        let mut view = owner.with(|| ScopedFuture::new_untracked(view));
        // A module that was loaded before is shown at once.
        if let Some(result) = (&mut view).now_or_never() {
            self.finish(result);
        } else {
            self.state.set(LoadState::Loading);
            // Not if something else is shown by then: the view would miss its context.
            owner.with(|| spawn_local_scoped_with_cancellation(async move { self.finish(view.await) }));
        }
    }

    fn finish(self, result: Result<AnyView, SplitLoaderError>) {
        let state = if result.is_ok() { LoadState::Loaded } else { LoadState::Failed };
        self.view.set_value(result.ok());
        self.state.set(state);
        if state == LoadState::Failed {
            skeleton::hide();
            spawn_local(reload_if_outdated());
        }
    }
}

/// The modules of a page that was left open while the server was upgraded are gone.
pub async fn reload_if_outdated() {
    if api::is_page_outdated().await {
        // If the browser refuses, the button remains.
        let _reloaded = window().location().reload();
    }
}

/// Shows a spinner while a view is loaded, and offers to try again if that fails.
#[component]
pub fn LazyView<F>(
    /// Calls a function that [`lazy_view!`] defined.
    load: F,
    /// Class of the element around the spinner.
    class: &'static str,
) -> impl IntoView
where
    F: Fn() -> ViewFuture + 'static,
{
    show_loading(StoredValue::new_local(Box::new(load)), class)
}

/// One function for all views, which makes the client smaller.
fn show_loading(
    load: StoredValue<Box<dyn Fn() -> ViewFuture>, LocalStorage>,
    class: &'static str,
) -> impl IntoView {
    let loading = Loading { state: RwSignal::new(LoadState::Loading), view: StoredValue::new_local(None) };
    let owner = Owner::current().unwrap_or_default();
    let start = move || loading.start(&owner, load.with_value(|load| load()));
    start();
    move || match loading.state.get() {
        LoadState::Loaded => EitherOf3::A(loading.view.write_value().take()),
        LoadState::Loading => EitherOf3::B(view! {
            <div class=class aria-busy="true">
                <span class="spinner" aria-hidden="true"></span>
            </div>
        }),
        LoadState::Failed => {
            let start = start.clone();
            EitherOf3::C(view! {
                <div class=class>
                    <p role="alert">{errors::PART_NOT_LOADED}</p>
                    <button class="primary" on:click=move |_| start()>
                        {errors::TRY_AGAIN}
                    </button>
                </div>
            })
        }
    }
}

//! How a file is shown before it is sent: a small image, or an icon, with name and size.

use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};
use shared::file::size_text;
use uuid::Uuid;

use super::{
    file_store,
    local_file::{LocalFile, ObjectUrl},
};
use crate::components::icon::{Icon, SvgIcon};

/// How often a file is looked for: another tab may be about to store it.
const ATTEMPTS: u8 = 3;
/// Milliseconds between two attempts.
const ATTEMPT_INTERVAL: u32 = 1_000;

/// What is known of a file of this browser.
#[derive(Clone, Copy)]
pub struct FilePreview {
    pub name: RwSignal<String>,
    size: RwSignal<u64>,
    /// `None` unless the browser can show it.
    image: RwSignal<Option<ObjectUrl>, LocalStorage>,
}

impl FilePreview {
    /// `on_missing` is called if the file is gone.
    pub fn load(id: Uuid, on_missing: impl FnOnce() + 'static) -> Self {
        let preview = Self {
            name: RwSignal::new(String::new()),
            size: RwSignal::new(0),
            image: RwSignal::new_local(None),
        };
        spawn_local(async move {
            for _ in 0..ATTEMPTS {
                if let Some(file) = file_store::get(id).await {
                    return preview.show(&file);
                }
                TimeoutFuture::new(ATTEMPT_INTERVAL).await;
            }
            on_missing();
        });
        preview
    }

    /// Also if the file is gone.
    pub fn is_loading(self) -> bool {
        self.name.read().is_empty()
    }

    /// The view may be gone by now.
    fn show(self, file: &LocalFile) {
        self.name.try_set(file.name());
        self.size.try_set(file.size());
        self.image.try_set(ObjectUrl::new(file).filter(|_| file.is_image()));
    }
}

pub fn show_preview(FilePreview { name, size, image }: FilePreview) -> AnyView {
    let picture = move || match image.read().as_ref().map(|image| image.url().to_owned()) {
        // The name is beside it. A format that the browser does not know gets the icon.
        Some(url) => view! { <img src=url alt="" on:error=move |_| image.set(None) /> }.into_any(),
        None => view! { <SvgIcon icon=Icon::Attach /> }.into_any(),
    };
    view! {
        <span class="file-picture">{picture}</span>
        <span class="file-name">
            <bdi prop:textContent=name></bdi>
            <span class="hint" prop:textContent=move || size_text(size.get())></span>
        </span>
    }
    .into_any()
}

/// Shows each file. One function for all lists, which makes the client smaller.
pub fn list_files(ids: Signal<Vec<Uuid>>, show: Callback<Uuid, AnyView>) -> AnyView {
    view! { <For each=move || ids.get() key=|id| *id children=move |id| show.run(id) /> }.into_any()
}

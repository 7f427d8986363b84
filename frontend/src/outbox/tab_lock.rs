//! A lock that all tabs of the browser share (Web Locks API). The browser releases the lock of a tab that is closed.

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use js_sys::{Function, Promise, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;

/// Released when dropped.
pub struct TabLock {
    release: Function,
}

impl Drop for TabLock {
    fn drop(&mut self) {
        // Resolving a promise does not fail.
        let _resolved = self.release.call0(&JsValue::NULL);
    }
}

/// Waits while another tab holds the lock. `None` if the browser has no locks, as without https, or denies them.
pub async fn acquire(name: &str) -> Option<TabLock> {
    let locks = Reflect::get(&window().navigator(), &"locks".into()).ok()?;
    let request: Function = Reflect::get(&locks, &"request".into()).ok()?.dyn_into().ok()?;
    let (sender, granted) = oneshot::channel();
    let mut sender = Some(sender);
    // The lock is held until the promise is resolved.
    let hold = move || {
        Promise::new(&mut |release, _| {
            if let Some(sender) = sender.take() {
                // If the receiver is gone, this drops the lock.
                let _sent = sender.send(TabLock { release });
            }
        })
    };
    let ended = request.call2(&locks, &name.into(), &Closure::once_into_js(hold)).ok()?;
    match select(granted, JsFuture::from(ended.dyn_into::<Promise>().ok()?)).await {
        Either::Left((lock, _)) => lock.ok(),
        Either::Right(_) => None,
    }
}

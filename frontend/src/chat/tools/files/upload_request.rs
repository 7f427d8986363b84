//! Uploads a file with `XMLHttpRequest`, because `fetch` does not tell the progress.

use std::ops::RangeInclusive;

use futures_channel::mpsc::unbounded;
use futures_util::{
    StreamExt,
    future::{Either, select},
};
use gloo_timers::future::TimeoutFuture;
use shared::problem::ProblemCode;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, EventTarget};

use super::local_file::LocalFile;
use crate::{
    api::{self, RequestError},
    chat::tools::listener::Listener,
    js::{call, construct, field},
};

/// After so many milliseconds without progress, the upload counts as failed.
const STALLED_AFTER: u32 = 60_000;
const PAYLOAD_TOO_LARGE: u16 = 413;
/// What a proxy answers while the server is not there.
const GATEWAY_ERRORS: RangeInclusive<u16> = 502..=504;

/// Ends the upload when it is dropped.
struct Upload(EventTarget);

impl Drop for Upload {
    fn drop(&mut self) {
        call(&self.0, "abort", &[]);
    }
}

/// `on_progress` gets the part of the file that was sent, from 0 to 1.
pub async fn put(
    path: &str,
    token: Option<&str>,
    file: &LocalFile,
    on_progress: impl Fn(f64) + 'static,
) -> Result<(), RequestError> {
    send(path, token, file, on_progress).await.unwrap_or(Err(RequestError::Unreachable))
}

/// `None` if the browser refuses, or the server sends nothing for too long.
async fn send(
    path: &str,
    token: Option<&str>,
    file: &LocalFile,
    on_progress: impl Fn(f64) + 'static,
) -> Option<Result<(), RequestError>> {
    let upload = Upload(construct("XMLHttpRequest", &[])?.unchecked_into());
    let request = &upload.0;
    call(request, "open", &[&"PUT".into(), &path.into()])?;
    if let Some(token) = token {
        call(request, "setRequestHeader", &[&"Authorization".into(), &format!("JWT {token}").into()])?;
    }
    let (sender, mut progress) = unbounded();
    let ended = sender.clone();
    let on_event = Box::new(move |event: Event| {
        on_progress(read_fraction(&event));
        // The receiver is gone when the upload was ended.
        let _sent = sender.unbounded_send(false);
    });
    let _progress = Listener::new(&field(request, "upload")?.unchecked_into(), "progress", on_event)?;
    let _end = Listener::new(
        request,
        "loadend",
        Box::new(move |_| {
            let _sent = ended.unbounded_send(true);
        }),
    )?;
    call(request, "send", &[&file.0])?;
    loop {
        match select(progress.next(), TimeoutFuture::new(STALLED_AFTER)).await {
            Either::Left((Some(true), _)) => return Some(read_response(request)),
            Either::Left((Some(false), _)) => {}
            Either::Left((None, _)) | Either::Right(_) => return None,
        }
    }
}

fn read_fraction(event: &JsValue) -> f64 {
    let number = |name| field(event, name).and_then(|number| number.as_f64()).unwrap_or_default();
    number("loaded") / number("total").max(1.0)
}

fn read_response(request: &JsValue) -> Result<(), RequestError> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a status of HTTP; 0 without"
    )]
    let status = field(request, "status").and_then(|status| status.as_f64()).unwrap_or_default() as u16;
    if (200..300).contains(&status) {
        return Ok(());
    }
    let text = field(request, "responseText").and_then(|text| text.as_string()).unwrap_or_default();
    match api::decode_error(&text) {
        // A proxy in front of the server allows less.
        RequestError::Unreachable if status == PAYLOAD_TOO_LARGE => {
            Err(RequestError::from_code(ProblemCode::TooLarge))
        }
        RequestError::Unreachable if status >= 400 && !GATEWAY_ERRORS.contains(&status) => {
            Err(RequestError::from_code(ProblemCode::Internal))
        }
        error => Err(error),
    }
}

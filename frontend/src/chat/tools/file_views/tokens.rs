//! The token that lets the browser load the files of the open chat by plain URLs.

use std::cell::RefCell;

use futures_util::{FutureExt, future::LocalBoxFuture, future::Shared};
use shared::file::FileToken;

use crate::{api::downloads::create_file_token, chat::state::sync::SyncStore, clock};

/// A token that expires within this, in milliseconds, is replaced.
const RENEWED_BEFORE: i64 = 60_000;

type SharedRequest = Shared<LocalBoxFuture<'static, Option<FileToken>>>;

thread_local! {
    /// The URI of the chat, and the request for its token.
    static REQUEST: RefCell<Option<(String, SharedRequest)>> = const { RefCell::new(None) };
}

/// Requests a token, unless there is one that is current and not `refused`. `None` if that fails.
pub async fn get(sync: SyncStore, refused: Option<&str>) -> Option<String> {
    let uri = sync.current_uri();
    let known = REQUEST.with_borrow(|request| {
        let (_, request) = request.as_ref().filter(|(of, _)| *of == uri)?;
        let is_usable = request.peek().is_none_or(|token| is_current(token.as_ref(), refused));
        is_usable.then(|| request.clone())
    });
    let request = known.unwrap_or_else(|| {
        let sent = sync.session().send(create_file_token(&uri));
        let request = async { sent.await.ok() }.boxed_local().shared();
        REQUEST.set(Some((uri, request.clone())));
        request
    });
    request.await.map(|token| token.token)
}

fn is_current(token: Option<&FileToken>, refused: Option<&str>) -> bool {
    token.is_some_and(|FileToken { token, expires_at }| {
        refused != Some(token) && expires_at.timestamp_millis() > clock::now() + RENEWED_BEFORE
    })
}

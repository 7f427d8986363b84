//! Loading a chat that may not be joined yet, and joining it.

use futures_util::future::join3;
use leptos::prelude::*;
use shared::{
    chat::ChatPreview, chat_list::ReadPositionsResponse, member::MembershipStatus, problem::ProblemCode,
};

use super::sync::{LoadedChat, SyncStore};
use crate::{
    api::{self, auth},
    components::form_request::FormRequest,
    request_error::RequestError,
};

pub(super) enum FetchedChat {
    Member(Box<LoadedChat>),
    NonMember(ChatPreview),
}

impl SyncStore {
    /// Joins nothing: non-members get the preview.
    pub(super) async fn fetch(self, uri: String) -> Result<FetchedChat, RequestError> {
        let session = self.session();
        let preview = session.send(auth::get_chat_preview(&uri)).await?;
        match preview.status {
            Some(MembershipStatus::Member) => {
                let join = session.send(auth::join_chat(&uri, session.username_untracked()));
                let newest = session.send(api::get_latest_messages(&uri));
                let (joined, newest, positions) =
                    join3(join, newest, session.send(api::get_read_positions(&uri))).await;
                // Without read positions only the unread line is missing.
                let positions = positions.unwrap_or_default();
                Ok(FetchedChat::Member(Box::new(LoadedChat { joined: joined?, newest: newest?, positions })))
            }
            Some(MembershipStatus::Banned) => Err(RequestError::from_code(ProblemCode::Banned)),
            _ => Ok(FetchedChat::NonMember(preview)),
        }
    }

    pub(super) fn on_loaded(&self, fetched: Result<FetchedChat, RequestError>) {
        match fetched {
            Ok(FetchedChat::Member(loaded)) => self.on_joined(*loaded),
            Ok(FetchedChat::NonMember(preview)) => self.on_previewed(preview),
            Err(error) => self.on_load_failed(error),
        }
    }

    /// Joins the chat or requests to join it. A user who is not signed in becomes a guest of this name.
    pub fn join(&self, form: FormRequest, guest_name: String) {
        let store = *self;
        let generation = self.next_generation();
        form.start(async move {
            store.session().ensure_guest(&guest_name).await?;
            store.socket().start();
            let joined = store.send_join().await;
            if !store.is_current(generation) {
                return Ok(());
            }
            match joined {
                Ok(loaded) => store.on_joined(loaded),
                Err(error) => store.on_join_rejected(error)?,
            }
            Ok(())
        });
    }

    async fn send_join(self) -> Result<LoadedChat, RequestError> {
        let session = self.session();
        let joined = session.send(auth::join_chat(&self.current_uri(), session.username_untracked())).await?;
        let newest = session.send(api::get_latest_messages(&joined.uri)).await?;
        Ok(LoadedChat { joined, newest, positions: ReadPositionsResponse::default() })
    }

    /// A final rejection gets a page of its own. Any other is returned, to be shown above the button.
    fn on_join_rejected(&self, error: RequestError) -> Result<(), RequestError> {
        match error.code() {
            Some(ProblemCode::JoinPending) => self.set_status(Some(MembershipStatus::Pending), None),
            Some(ProblemCode::JoinRejected) => {
                self.set_status(Some(MembershipStatus::Rejected), Some(error.retry_after()));
            }
            Some(_) if error.is_permanent() => self.on_load_failed(error),
            _ => return Err(error),
        }
        Ok(())
    }

    /// Withdraws the request to join.
    pub fn cancel_join_request(&self, form: FormRequest) {
        let store = *self;
        form.start(async move {
            store.session().send(auth::leave_chat(&store.current_uri())).await?;
            store.set_status(None, None);
            Ok(())
        });
    }

    fn set_status(&self, status: Option<MembershipStatus>, retry_after: Option<u64>) {
        self.access.update(|access| {
            if let Some(preview) = &mut access.preview {
                (preview.status, preview.retry_after) = (status, retry_after);
            }
        });
    }

    /// Loads the chat if a request to join is pending: its approval may have been missed.
    pub fn check_join_request(&self) {
        let pending = Some(MembershipStatus::Pending);
        let is_pending = |preview: &ChatPreview| preview.status == pending;
        if self.access.with_untracked(|access| access.preview.as_ref().is_some_and(is_pending)) {
            self.load();
        }
    }

    /// The chat as non-members see it.
    pub fn preview(&self) -> Option<ChatPreview> {
        self.access.with(|access| access.preview.clone())
    }

    pub(super) fn set_preview(&self, preview: Option<ChatPreview>) {
        self.access.update(|access| access.preview = preview);
    }

    pub(super) fn has_preview(&self) -> bool {
        self.access.with_untracked(|access| access.preview.is_some())
    }
}

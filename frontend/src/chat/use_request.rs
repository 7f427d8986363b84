//! A request about the open chat: whether it is running, and its error.

use serde::de::DeserializeOwned;

use super::state::{sync::SyncStore, use_sync};
use crate::{
    api::{ApiRequest, RawRequest},
    components::form_request::FormRequest,
    request_error::RequestError,
};

/// Decodes the body of a response and passes it on.
type ResponseHandler = Box<dyn FnOnce(&str) -> Result<(), RequestError>>;

#[derive(Clone, Copy)]
pub struct ChatRequest {
    sync: SyncStore,
    form: FormRequest,
}

/// Must be called while a component is being created.
pub fn use_chat_request() -> ChatRequest {
    ChatRequest { sync: use_sync(), form: FormRequest::default() }
}

impl ChatRequest {
    /// Whether no request can be started now.
    pub fn is_blocked(self) -> bool {
        self.form.is_blocked()
    }

    /// The value of the `aria-disabled` attribute.
    pub fn aria_disabled(self) -> Option<&'static str> {
        self.form.aria_disabled()
    }

    /// Sends the request, unless one is running. `on_success` is not called if the component is gone by then.
    pub fn send<R: DeserializeOwned + 'static>(
        self,
        request: ApiRequest<R>,
        on_success: impl FnOnce(R) + 'static,
    ) {
        self.start(request.into_raw(), Box::new(move |text| ApiRequest::decode(text).map(on_success)));
    }

    /// Not generic, so that its code exists once in the client.
    fn start(self, request: RawRequest, on_response: ResponseHandler) {
        let Self { sync, form } = self;
        form.start(async move {
            let text = sync.session().send_raw(request).await?;
            // Without a socket, nothing else brings the change into the timeline.
            if !sync.has_socket() {
                sync.fetch_changes();
            }
            if form.is_disposed() { Ok(()) } else { on_response(&text) }
        });
    }
}

impl From<ChatRequest> for FormRequest {
    fn from(request: ChatRequest) -> Self {
        request.form
    }
}

//! The one type in which all changes of a chat are sent.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    chat::Chat,
    id::{ChatId, Head},
    member::Member,
    message::Message,
};

/// The most rows in one [`Changes`].
pub const CHANGES_MAX: i64 = 500;

/// Every row of a chat whose revision lies in `(after, head]`, in its present state.
///
/// The response of `GET /api/chats/<uri>/changes/?after=<head>&epoch=<epoch>`, and a frame pushed over the WebSocket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Changes {
    /// The chat.
    pub chat_id: ChatId,
    /// The state of the database that `after` and `head` belong to.
    pub epoch: Uuid,
    /// The changes begin after this head.
    pub after: Head,
    /// The head after these changes.
    pub head: Head,
    /// Whether there are further changes after `head`: request them next.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// The chat's settings, if they changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<Chat>,
    /// The members that changed.
    pub members: Vec<Member>,
    /// The messages that changed.
    pub messages: Vec<Message>,
}

/// The cursor from which to list the changes of a chat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub struct ChangesQuery {
    /// The client's head.
    #[serde(default)]
    pub after: Head,
    /// The epoch of `after`. If it differs from the server's, the response is `stale_cursor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Uuid>,
}

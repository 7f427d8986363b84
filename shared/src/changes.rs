//! The one shape in which everything that happens in a chat travels.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{chat::Chat, member::Member, message::Message};

/// The most rows in one [`Changes`]; more follow when it says so.
pub const CHANGES_MAX: i64 = 500;

/// Every row of a chat whose revision lies in `(after, head]`, in its present state.
///
/// It is the answer to `GET /api/chats/<uri>/changes/?after=<head>&epoch=<epoch>` and the frame pushed on the socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Changes {
    /// The chat's address.
    pub uri: String,
    /// Names the state of the database in which `after` and `head` count.
    pub epoch: Uuid,
    /// These are the changes after this number,
    pub after: i64,
    /// up to and with this one.
    pub head: i64,
    /// There are further changes after `head`: ask again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// The chat's own settings, if they changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<Chat>,
    /// The memberships that changed.
    pub members: Vec<Member>,
    /// The messages that changed.
    pub messages: Vec<Message>,
}

/// From where the changes of a chat are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub struct Since {
    /// The number up to which the caller knows the chat.
    #[serde(default)]
    pub after: i64,
    /// The epoch that the number is from. Another one than the server's is answered with `start_afresh`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Uuid>,
}

//! Something that is asked of the server about the open chat.

use serde::de::DeserializeOwned;

use super::room::Room;
use crate::{
    api::{Call, Request, Trouble},
    ui::asking::Asking,
};

/// Takes in the text of an answer.
type Hearing = Box<dyn FnOnce(&str) -> Result<(), Trouble>>;

#[derive(Clone, Copy)]
pub struct Act {
    room: Room,
    asking: Asking,
}

impl Act {
    pub fn new(room: Room) -> Self {
        Self { room, asking: Asking::default() }
    }

    /// Whether nothing can be asked for now.
    pub fn is_busy(self) -> bool {
        self.asking.is_held()
    }

    /// As an attribute.
    pub fn busy(self) -> Option<&'static str> {
        self.asking.busy()
    }

    /// Asks, unless an answer is awaited still.
    pub fn begin<A: DeserializeOwned + 'static>(self, request: Request<A>, done: impl FnOnce(A) + 'static) {
        self.carry(request.into_call(), Box::new(move |text| Request::answer(text).map(done)));
    }

    /// Knows nothing of what is asked, so that there is only one of it in the client.
    fn carry(self, call: Call, done: Hearing) {
        let Self { room, asking } = self;
        asking.begin(async move {
            let text = room.carry(call).await?;
            if asking.is_gone() { Ok(()) } else { done(&text) }
        });
    }
}

impl From<Act> for Asking {
    fn from(act: Act) -> Self {
        act.asking
    }
}

//! Before the chat: seeing whose it is, knocking, coming in.

use futures_util::future::join3;
use leptos::prelude::*;
use shared::{
    chat::{Joined, Preview},
    member::Standing,
    message::History,
    problem::ProblemCode,
    your_chats::ReadPositions,
};

use super::Room;
use crate::{
    api::{self, Trouble, entering},
    ui::asking::Asking,
};

/// A chat as it is read for somebody who is in it.
pub type Read = (Joined, History, ReadPositions);

/// Where the way to a chat led.
pub enum Arrived {
    In(Box<Read>),
    Before(Preview),
}

impl Room {
    /// Looking changes nothing: whoever is in the chat goes in, everybody else stands before it.
    pub(super) async fn arrive(self, uri: &str) -> Result<Arrived, Trouble> {
        let preview = self.session.ask(entering::preview(uri)).await?;
        match preview.standing {
            Some(Standing::In) => {
                let join = self.session.ask(entering::join(uri, self.session.username_now()));
                let (joined, newest, positions) = join3(
                    join,
                    self.session.ask(api::newest(uri)),
                    self.session.ask(api::read_positions(uri)),
                )
                .await;
                // Without them nothing is missing but a line.
                Ok(Arrived::In(Box::new((joined?, newest?, positions.unwrap_or_default()))))
            }
            Some(Standing::Banned) => Err(Trouble::refused(ProblemCode::Banned)),
            _ => Ok(Arrived::Before(preview)),
        }
    }

    /// The one tap: whoever is nobody yet becomes a guest of this name, and is in, or has knocked.
    pub fn come_in(self, asking: Asking, name: String) {
        let turn = self.next_turn();
        asking.begin(async move {
            self.session.be_somebody(&name).await?;
            self.live.start();
            let entered = self.join().await;
            if self.turn.get_value() != turn {
                return Ok(());
            }
            match entered {
                Ok((joined, newest)) => self.settle((joined, newest, ReadPositions::default())),
                Err(trouble) => self.stay_out(trouble)?,
            }
            Ok(())
        });
    }

    async fn join(self) -> Result<(Joined, History), Trouble> {
        let uri = self.uri.get_untracked();
        let joined = self.session.ask(entering::join(&uri, self.session.username_now())).await?;
        let newest = self.session.ask(api::newest(&joined.uri)).await?;
        Ok((joined, newest))
    }

    /// What lasts gets a page of its own; what passes stands above the button.
    fn stay_out(self, trouble: Trouble) -> Result<(), Trouble> {
        match trouble.code() {
            Some(ProblemCode::Knocking) => self.stand(Some(Standing::Knocking)),
            Some(ProblemCode::NotLetIn) => {
                self.stand(Some(Standing::Refused));
                return Err(trouble);
            }
            Some(code) if is_final(code) => self.fail(trouble),
            _ => return Err(trouble),
        }
        Ok(())
    }

    /// Takes the knocking back.
    pub fn go_away(self, asking: Asking) {
        asking.begin(async move {
            self.session.ask(entering::leave(&self.uri.get_untracked())).await?;
            self.stand(None);
            Ok(())
        });
    }

    fn stand(self, standing: Option<Standing>) {
        self.door.update(|door| {
            if let Some(door) = door {
                door.standing = standing;
            }
        });
    }

    /// Looks whether one was let in, after one may have missed to be told.
    pub fn ask_at_the_door(self) {
        let knocking = Some(Standing::Knocking);
        if self.door.with_untracked(|door| door.as_ref().is_some_and(|door| door.standing == knocking)) {
            self.enter();
        }
    }

    /// The chat as it is from outside.
    pub fn door(self) -> Option<Preview> {
        self.door.get()
    }

    pub(super) fn is_before_the_door(self) -> bool {
        self.door.with_untracked(Option::is_some)
    }
}

/// Whether no try of the same person with the same address can end otherwise.
pub fn is_final(code: ProblemCode) -> bool {
    matches!(
        code,
        ProblemCode::Banned
            | ProblemCode::ChatNotFound
            | ProblemCode::ChatEnded
            | ProblemCode::LinkRevoked
            | ProblemCode::LinkClosed
            | ProblemCode::LinkExpired
            | ProblemCode::LinkUsedUp
    )
}

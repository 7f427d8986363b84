//! What changed in a chat, read from its tables.

use diesel_async::AsyncPgConnection;
use shared::changes::{CHANGES_MAX, Changes};
use uuid::Uuid;

use super::{chats::Found, members, messages};
use crate::problem::Error;

/// How many bytes of text one answer holds: it waits in memory until the client has taken it.
const BYTES_MAX: usize = 256 * 1024;

/// The changes of `chat` after `after`, up to the head that `chat` was found with.
///
/// The head was read first. A row that changes while the others are being read has a higher number: it may come along
/// in its new state, which does no harm, and it will come again.
pub async fn since(
    connection: &mut AsyncPgConnection,
    chat: &Found,
    epoch: Uuid,
    after: i64,
) -> Result<Changes, Error> {
    let settings = chat.settings();
    let mut changes = Changes {
        uri: chat.uri.clone(),
        epoch,
        after,
        head: chat.head,
        more: false,
        chat: (settings.revision > after).then_some(settings),
        members: members::changed(connection, chat.id, after, CHANGES_MAX + 1).await?,
        messages: messages::changed(connection, chat, after, CHANGES_MAX + 1).await?,
    };
    shorten(&mut changes, usize::try_from(CHANGES_MAX).unwrap_or(usize::MAX));
    Ok(changes)
}

/// Keeps the first `most` rows, and of those about as many as make a frame of [`BYTES_MAX`], but never parts rows of one
/// number.
fn shorten(changes: &mut Changes, most: usize) {
    let members = changes.members.iter().map(|member| (member.revision, 0));
    let messages = changes.messages.iter().map(|message| (message.revision, message.message.len()));
    let mut rows: Vec<_> = members.chain(messages).collect();
    rows.sort_unstable();
    let mut bytes = 0;
    let mut fits = |(place, (_, length)): (usize, &(i64, usize))| {
        let is_full = place == most || (bytes > BYTES_MAX && place > 0);
        bytes += length;
        !is_full
    };
    let kept = rows.iter().enumerate().take_while(|row| fits((row.0, row.1))).count();
    let Some((next, _)) = rows.get(kept) else { return };
    let head = changes.head.min(next - 1);
    changes.head = head;
    changes.more = true;
    changes.members.retain(|member| member.revision <= head);
    changes.messages.retain(|message| message.revision <= head);
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use shared::{message::Message, user::User};

    use super::*;

    fn message(revision: i64) -> Message {
        Message {
            id: revision,
            seq: revision,
            revision,
            client_id: Uuid::nil(),
            created_at: DateTime::UNIX_EPOCH,
            user: User { id: 1, username: "ada".into(), ..User::default() },
            message: "tea?".into(),
            event: None,
            deleted: false,
        }
    }

    fn changes(revisions: &[i64]) -> Changes {
        Changes {
            uri: "tea".into(),
            epoch: Uuid::nil(),
            after: 0,
            head: 9,
            more: false,
            chat: None,
            members: Vec::new(),
            messages: revisions.iter().copied().map(message).collect(),
        }
    }

    #[test]
    fn what_fits_is_left_alone() {
        let mut all = changes(&[1, 2, 9]);
        shorten(&mut all, 3);
        assert_eq!(all, changes(&[1, 2, 9]));
    }

    #[test]
    fn what_does_not_fit_ends_before_the_first_row_left_out() {
        let mut cut = changes(&[1, 4, 6, 8]);
        shorten(&mut cut, 2);
        assert_eq!((cut.head, cut.more, cut.messages.len()), (5, true, 2));
    }

    #[test]
    fn rows_of_one_number_stay_together() {
        let mut cut = changes(&[1, 4, 4, 8]);
        shorten(&mut cut, 2);
        assert_eq!((cut.head, cut.messages.len()), (3, 1));
    }
}

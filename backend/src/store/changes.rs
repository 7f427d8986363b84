//! The changes of a chat since a sequence number.

use diesel_async::AsyncPgConnection;
use shared::{
    changes::{CHANGES_MAX, Changes},
    id::{Head, Seq},
};
use uuid::Uuid;

use super::{
    chats::{ChatRow, HeadAdvance},
    error::StoreError,
    members, messages,
};

/// How many bytes of texts and reactions one response holds: it stays in memory until the client has received it.
const BYTES_MAX: usize = 256 * 1024;

/// The changes of `chat` after `after`, up to the head that `chat` was read with.
///
/// The head was read first. A row that changes while the others are read has a higher number: it may be included in its
/// new state, which is harmless, and it is sent again later.
pub async fn list_since(
    connection: &mut AsyncPgConnection,
    chat: &ChatRow,
    epoch: Uuid,
    after: Head,
) -> Result<Changes, StoreError> {
    let unchanged =
        HeadAdvance { chat_id: chat.id, after, head: chat.head }.into_changes(epoch, Vec::new(), Vec::new());
    if after == chat.head {
        return Ok(unchanged);
    }
    let settings = chat.settings();
    let mut changes = Changes {
        chat: (settings.revision.as_head() > after).then_some(settings),
        members: members::list_changed(connection, chat.id, after, CHANGES_MAX + 1).await?,
        messages: messages::list_changed(connection, chat, after, CHANGES_MAX + 1).await?,
        ..unchanged
    };
    truncate(&mut changes, usize::try_from(CHANGES_MAX).unwrap_or(usize::MAX));
    Ok(changes)
}

/// Keeps the first `rows_max` rows, and of those about as many as fit into [`BYTES_MAX`], but never separates rows with
/// the same number.
fn truncate(changes: &mut Changes, rows_max: usize) {
    let members = changes.members.iter().map(|member| (member.revision, 0));
    let messages = changes.messages.iter().map(|message| (message.revision, message.content_size()));
    let mut rows: Vec<_> = members.chain(messages).collect();
    rows.sort_unstable();
    let mut bytes = 0;
    let mut fits = |(index, (_, length)): (usize, &(Seq, usize))| {
        let is_full = index == rows_max || (bytes > BYTES_MAX && index > 0);
        bytes += length;
        !is_full
    };
    let kept = rows.iter().enumerate().take_while(|row| fits((row.0, row.1))).count();
    let Some((next, _)) = rows.get(kept) else { return };
    let head = changes.head.min(next.preceding_head());
    changes.head = head;
    changes.more = true;
    changes.members.retain(|member| member.revision.as_head() <= head);
    changes.messages.retain(|message| message.revision.as_head() <= head);
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use shared::{
        id::{ChatId, MessageId},
        mentions::Mentions,
        message::Message,
        user::User,
    };

    use super::*;

    fn message(revision: Seq) -> Message {
        Message {
            id: MessageId::default(),
            seq: revision,
            revision,
            client_id: Uuid::nil(),
            created_at: DateTime::UNIX_EPOCH,
            user: User { username: "ada".into(), ..User::default() },
            message: "tea?".into(),
            reply_to: None,
            mentions: Mentions::default(),
            edited_at: None,
            event: None,
            deleted: false,
            files: Vec::new(),
            reactions: Vec::new(),
        }
    }

    fn changes(revisions: &[i64]) -> Changes {
        Changes {
            chat_id: ChatId::new(1),
            epoch: Uuid::nil(),
            after: Head::default(),
            head: Head::new(9),
            more: false,
            chat: None,
            members: Vec::new(),
            messages: revisions.iter().map(|revision| message(Seq::new(*revision))).collect(),
        }
    }

    #[test]
    fn changes_within_limit_are_unchanged() {
        let mut all = changes(&[1, 2, 9]);
        truncate(&mut all, 3);
        assert_eq!(all, changes(&[1, 2, 9]));
    }

    #[test]
    fn truncated_changes_end_before_first_left_out_row() {
        let mut cut = changes(&[1, 4, 6, 8]);
        truncate(&mut cut, 2);
        assert_eq!((cut.head.get(), cut.more, cut.messages.len()), (5, true, 2));
    }

    #[test]
    fn rows_with_one_number_stay_together() {
        let mut cut = changes(&[1, 4, 4, 8]);
        truncate(&mut cut, 2);
        assert_eq!((cut.head.get(), cut.messages.len()), (3, 1));
    }
}

//! Where in a chat its new messages begin.

/// A message: its place, and whether it is one's own.
type Place = (i64, bool);

/// The first message of others after `left_off`, among the loaded ones. Nothing while it may lie before the oldest of
/// them, which is given if it is not the first of all: what is not loaded cannot be marked.
pub fn first_unread(
    mut messages: impl Iterator<Item = Place>,
    oldest: Option<i64>,
    left_off: i64,
) -> Option<i64> {
    let reaches_back = oldest.is_none_or(|oldest| oldest <= left_off);
    let first = messages.find(|(seq, own)| *seq > left_off && !own)?;
    reaches_back.then_some(first.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAT: [Place; 4] = [(3, false), (4, true), (5, false), (6, false)];

    #[test]
    fn the_line_stands_before_the_first_message_of_another_that_was_not_read() {
        assert_eq!(first_unread(CHAT.into_iter(), Some(3), 3), Some(5), "one's own is not news");
        assert_eq!(first_unread(CHAT.into_iter(), Some(3), 5), Some(6));
        assert_eq!(first_unread(CHAT.into_iter(), Some(3), 6), None);
    }

    #[test]
    fn it_stands_nowhere_while_it_may_lie_before_what_is_loaded() {
        assert_eq!(first_unread(CHAT.into_iter(), Some(3), 1), None);
        assert_eq!(first_unread(CHAT.into_iter(), None, 1), Some(3));
    }
}

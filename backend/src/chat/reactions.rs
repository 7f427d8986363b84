//! Reactions to messages. Each is a numbered change of its message.

use shared::{
    id::{Seq, UserId},
    member::Role,
    message::{Message, REACTION_KINDS_MAX, REACTION_USERS_MAX, REACTIONS_PER_USER_MAX, Reaction},
    problem::ProblemCode,
};

use super::transaction::ChatTransaction;
use crate::{
    error::ApiError,
    store::messages::reactions::{self, UserReaction},
};

/// Adds a reaction of the user, unless it is there already; returns the message as it is then.
pub async fn add(
    transaction: &mut ChatTransaction<'_>,
    user_id: UserId,
    seq: Seq,
    emoji: &str,
) -> Result<Message, ApiError> {
    let (mut message, own) = find_message(transaction, user_id, seq).await?;
    if own.iter().any(|own| own == emoji) {
        return Ok(message);
    }
    check_open(transaction)?;
    if own.len() >= REACTIONS_PER_USER_MAX {
        return Err(ProblemCode::ReactionLimitReached.into());
    }
    count_up(&mut message.reactions, user_id, emoji)?;
    message.revision = transaction.next_seq();
    let (connection, chat_id) = (&mut *transaction.connection, transaction.chat.id);
    let reaction = UserReaction { chat_id, seq, emoji, user_id };
    reactions::insert(connection, reaction, message.revision).await?;
    reactions::update_message(connection, chat_id, seq, &message.reactions, message.revision).await?;
    Ok(message)
}

/// Removes a reaction of the user, if there is one; returns the message as it is then.
pub async fn remove(
    transaction: &mut ChatTransaction<'_>,
    user_id: UserId,
    seq: Seq,
    emoji: &str,
) -> Result<Message, ApiError> {
    let (mut message, own) = find_message(transaction, user_id, seq).await?;
    if !own.iter().any(|own| own == emoji) {
        return Ok(message);
    }
    check_open(transaction)?;
    message.revision = transaction.next_seq();
    let (connection, chat_id) = (&mut *transaction.connection, transaction.chat.id);
    reactions::delete(connection, UserReaction { chat_id, seq, emoji, user_id }).await?;
    if count_down(&mut message.reactions, user_id, emoji)
        && let Some(reaction) = message.reactions.iter_mut().find(|reaction| reaction.emoji == emoji)
    {
        reaction.users = reactions::list_first_users(connection, chat_id, seq, emoji).await?;
    }
    reactions::update_message(connection, chat_id, seq, &message.reactions, message.revision).await?;
    Ok(message)
}

/// A message to which the user may react, and the emoji with which they did.
async fn find_message(
    transaction: &mut ChatTransaction<'_>,
    user_id: UserId,
    seq: Seq,
) -> Result<(Message, Vec<String>), ApiError> {
    transaction.require_role(user_id, Role::Writer).await?;
    let message = transaction.find_text(seq).await?;
    let chat_id = transaction.chat.id;
    let own = reactions::list_of_user(transaction.connection, chat_id, seq, user_id).await?;
    Ok((message, own))
}

fn check_open(transaction: &ChatTransaction<'_>) -> Result<(), ProblemCode> {
    if transaction.chat.closed { Err(ProblemCode::ChatClosed) } else { Ok(()) }
}

fn count_up(reactions: &mut Vec<Reaction>, user_id: UserId, emoji: &str) -> Result<(), ProblemCode> {
    if let Some(reaction) = reactions.iter_mut().find(|reaction| reaction.emoji == emoji) {
        reaction.count = reaction.count.saturating_add(1);
        if reaction.users.len() < REACTION_USERS_MAX {
            reaction.users.push(user_id);
        }
        return Ok(());
    }
    if reactions.len() >= REACTION_KINDS_MAX {
        return Err(ProblemCode::ReactionKindsLimitReached);
    }
    reactions.push(Reaction { emoji: emoji.to_owned(), count: 1, users: vec![user_id] });
    Ok(())
}

/// Returns whether another user takes the place of this one among those that the reaction names.
fn count_down(reactions: &mut Vec<Reaction>, user_id: UserId, emoji: &str) -> bool {
    let Some(reaction) = reactions.iter_mut().find(|reaction| reaction.emoji == emoji) else { return false };
    let named = reaction.users.len();
    reaction.count = reaction.count.saturating_sub(1);
    reaction.users.retain(|user| *user != user_id);
    let has_unnamed = usize::try_from(reaction.count).is_ok_and(|count| count > reaction.users.len());
    let needs_user = reaction.users.len() < named && has_unnamed;
    reactions.retain(|reaction| reaction.count > 0);
    needs_user
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: UserId = UserId::new(1);
    const BRIAN: UserId = UserId::new(2);

    fn counts(reactions: &[Reaction]) -> Vec<(&str, u32, &[UserId])> {
        reactions.iter().map(|it| (it.emoji.as_str(), it.count, it.users.as_slice())).collect()
    }

    #[test]
    fn emoji_keep_the_order_of_their_first_use() {
        let mut all = Vec::new();
        for (user_id, emoji) in [(ADA, "👍"), (BRIAN, "🫖"), (BRIAN, "👍")] {
            count_up(&mut all, user_id, emoji).unwrap();
        }
        assert_eq!(counts(&all), [("👍", 2, &[ADA, BRIAN][..]), ("🫖", 1, &[BRIAN])]);
        assert!(!count_down(&mut all, ADA, "👍"));
        assert_eq!(counts(&all), [("👍", 1, &[BRIAN][..]), ("🫖", 1, &[BRIAN])]);
        assert!(!count_down(&mut all, BRIAN, "👍"));
        assert_eq!(counts(&all), [("🫖", 1, &[BRIAN][..])]);
    }

    #[test]
    fn only_first_users_are_named() {
        let mut all = Vec::new();
        let users: Vec<_> = (1..=25).map(UserId::new).collect();
        for user_id in &users {
            count_up(&mut all, *user_id, "👍").unwrap();
        }
        assert_eq!(counts(&all), [("👍", 25, &users[..20])]);
        assert!(!count_down(&mut all, users[22], "👍"), "they are not named");
        assert_eq!(counts(&all), [("👍", 24, &users[..20])]);
        assert!(count_down(&mut all, ADA, "👍"), "another one takes the place");
        assert_eq!(counts(&all), [("👍", 23, &users[1..20])]);
    }

    #[test]
    fn message_has_at_most_50_kinds_of_reactions() {
        let mut all = Vec::new();
        for number in 0..REACTION_KINDS_MAX {
            count_up(&mut all, ADA, &number.to_string()).unwrap();
        }
        assert_eq!(count_up(&mut all, BRIAN, "more"), Err(ProblemCode::ReactionKindsLimitReached));
        assert_eq!(count_up(&mut all, BRIAN, "7"), Ok(()));
    }
}

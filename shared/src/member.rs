//! Members: users in a chat.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::{
    id::{Seq, UserId},
    time::{DateTime, Utc},
    user::User,
};

/// What a member may do, in increasing order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May read.
    Reader,
    /// May read and post.
    Writer,
    /// May also moderate.
    Moderator,
    /// May do everything.
    Owner,
}

/// A user's relation to a chat. Only a [`MembershipStatus::Member`] may read and post; other statuses are sent so that
/// all clients have the same state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MembershipStatus {
    /// Is in the chat.
    #[default]
    Member,
    /// Has asked to join and waits for approval.
    Pending,
    /// The join request was rejected.
    Rejected,
    /// Has left; may join again.
    Left,
    /// Was removed; may join again.
    Removed,
    /// Was banned; may not join by any link.
    Banned,
}

impl MembershipStatus {
    /// The default, which is not serialized.
    pub fn is_member(&self) -> bool {
        *self == Self::Member
    }
}

/// A user in a chat: the fields of [`User`] and those of the membership.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(from = "MemberFields")]
pub struct Member {
    /// The user.
    #[serde(flatten)]
    pub user: User,
    /// The user's role in this chat.
    pub role: Role,
    /// Left out for members.
    #[serde(default, skip_serializing_if = "MembershipStatus::is_member")]
    pub status: MembershipStatus,
    /// The chat's head when the user joined.
    pub seq: Seq,
    /// The chat's head when the membership, or the user's name, last changed.
    pub revision: Seq,
    /// When the user joined.
    pub created_at: DateTime<Utc>,
}

/// A [`Member`] as it is sent. Deserializing a flattened field takes code for fields of every type, which the client would
/// carry for this one type.
#[derive(Deserialize)]
struct MemberFields {
    id: UserId,
    username: String,
    email: String,
    first_name: String,
    last_name: String,
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    avatar: String,
    #[serde(default)]
    guest: bool,
    role: Role,
    #[serde(default)]
    status: MembershipStatus,
    seq: Seq,
    revision: Seq,
    created_at: DateTime<Utc>,
}

impl From<MemberFields> for Member {
    fn from(fields: MemberFields) -> Self {
        let MemberFields { id, username, email, first_name, last_name, display_name, avatar, guest, .. } =
            fields;
        let user = User { id, username, email, first_name, last_name, display_name, avatar, guest };
        let MemberFields { role, status, seq, revision, created_at, .. } = fields;
        Self { user, role, status, seq, revision, created_at }
    }
}

/// The name of a user, with the username if a member of a higher role, or who joined earlier, has the same name. `own` is the
/// membership of the user.
pub fn distinct_name<'a>(
    user: &User,
    own: Option<&Member>,
    mut members: impl Iterator<Item = &'a Member>,
) -> String {
    let rank = |member: &Member| (Reverse(member.role), member.seq);
    let own = own.filter(|own| own.status.is_member()).map(rank);
    let is_name_of_other = members.any(|other| {
        other.user.id != user.id
            && other.status.is_member()
            && own.is_none_or(|own| rank(other) < own)
            && other.user.name().eq_ignore_ascii_case(user.name())
    });
    let name = user.name();
    if is_name_of_other { format!("{name} ({})", user.username) } else { name.to_owned() }
}

/// `PUT /api/chats/<uri>/members/<user_id>/`: exactly one field.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateMember {
    /// The new role. Only the owner changes roles, except the owner's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// `member` approves a join request, `rejected` rejects it; `removed` and `banned` end a membership; `left` lifts a
    /// ban.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<MembershipStatus>,
}

/// `PUT /api/chats/<uri>/owner/`
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TransferOwnership {
    /// The new owner, a member. The former owner becomes a moderator.
    pub user_id: UserId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn member_json_is_flat_and_round_trips() {
        let user = User {
            id: UserId::new(7),
            username: "ada".into(),
            email: "ada@example.org".into(),
            first_name: "Ada".into(),
            last_name: "L".into(),
            display_name: "Ada L.".into(),
            avatar: "ada.webp".into(),
            guest: true,
        };
        let member = Member {
            user,
            role: Role::Moderator,
            status: MembershipStatus::Banned,
            seq: Seq::new(2),
            revision: Seq::new(3),
            created_at: DateTime::UNIX_EPOCH,
        };
        let json = serde_json::to_value(&member).unwrap();
        assert_eq!(json["username"], "ada");
        assert_eq!(serde_json::from_value::<Member>(json).unwrap(), member);
    }
}

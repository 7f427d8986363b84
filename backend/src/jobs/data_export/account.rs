//! The export of an account: its data, and the user's messages in each chat.

use shared::id::{ChatId, Seq, UserId};

use super::{PAGE_SIZE, archive::ZipArchive, progress::Progress};
use crate::store::{
    Db, avatars,
    data_exports::account,
    files::{self, FileScope, PostedFiles},
};

/// Each message is written once.
pub const PASSES: i64 = 1;

/// Returns the files of the messages, or none if the export was deleted meanwhile.
pub async fn write(
    db: &Db,
    user_id: UserId,
    archive: &mut ZipArchive,
    progress: &mut Progress,
) -> anyhow::Result<Option<PostedFiles>> {
    let mut connection = db.get().await?;
    let chats = account::list_chats(&mut connection, user_id).await?;
    let messages = account::count_messages(&mut connection, user_id, &chats).await?;
    let posted = files::find_posted(&mut connection, FileScope::User(user_id)).await?;
    if !progress.start(messages + posted.count).await? {
        return Ok(None);
    }
    let document = account::account_document(&mut connection, user_id).await?;
    let memberships = account::chats_document(&mut connection, user_id).await?;
    let avatar = avatars::find_for_user(&mut connection, user_id).await?;
    drop(connection);

    archive.add_json("account.json", document).await?;
    archive.add_json("chats.json", memberships).await?;
    if let Some(avatar) = avatar {
        archive.add("avatar.jpg", avatar).await?;
    }
    for chat_id in chats {
        if !write_messages(db, user_id, chat_id, archive, progress).await? {
            return Ok(None);
        }
    }
    Ok(Some(posted))
}

/// Writes the user's messages in one chat; false if the export was deleted meanwhile.
async fn write_messages(
    db: &Db,
    user_id: UserId,
    chat_id: ChatId,
    archive: &mut ZipArchive,
    progress: &mut Progress,
) -> anyhow::Result<bool> {
    let name = format!("messages/{chat_id}.json");
    let mut after = Seq::default();
    loop {
        // A connection is held for one page only.
        let page = account::messages_page(&mut *db.get().await?, user_id, chat_id, after, PAGE_SIZE).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        let count = page.len();
        archive.add_rows(&name, page).await?;
        if !progress.add(count).await? {
            return Ok(false);
        }
    }
    archive.end_rows().await?;
    Ok(true)
}

//! What follows the deletion of a user: publishes it, gives their chats another owner, removes their export files.

use std::sync::Arc;

use futures_util::FutureExt;
use shared::{id::UserId, member::Member};

use super::data_export::DataExporter;
use crate::{
    chat::ownership,
    chat_commands::ChatCommands,
    error::ApiError,
    store::{Db, chats::HeadAdvance, members},
};

/// How many chats without an owner get one in one run.
const CHATS_MAX: i64 = 100;

pub struct AccountRemoval {
    pub(super) db: Db,
    chats: Arc<ChatCommands>,
    pub(super) exporter: Arc<DataExporter>,
}

impl AccountRemoval {
    pub fn new(db: Db, chats: Arc<ChatCommands>, exporter: Arc<DataExporter>) -> Self {
        Self { db, chats, exporter }
    }

    /// Completes the removal of a user who has left these chats. Parts that fail are retried by the background job.
    pub async fn finish(&self, user_id: UserId, left: Vec<(HeadAdvance, Member)>) {
        self.chats.publish_removed_user(user_id, left).await;
        if let Err(error) = self.reassign_ownerless_chats().await {
            tracing::warn!(%error, "cannot reassign the chats of a removed user");
        }
        if let Err(error) = self.exporter.run_once().await {
            tracing::warn!(%error, "cannot delete the export files of a removed user");
        }
    }

    /// Gives chats whose owner was removed another owner.
    pub async fn reassign_ownerless_chats(&self) -> Result<(), ApiError> {
        let chats = members::list_ownerless_chats(&mut *self.db.get().await?, CHATS_MAX).await?;
        for members::OwnerlessChat { chat_id, former_owner_id } in chats {
            let reassigned = self.chats.run_transaction(None, chat_id, move |transaction| {
                ownership::reassign_owner(transaction, former_owner_id).boxed()
            });
            if let Err(error) = reassigned.await {
                tracing::warn!(%error, %chat_id, "cannot reassign a chat without an owner");
            }
        }
        Ok(())
    }
}

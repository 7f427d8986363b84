//! Publishes stored batches to the hub, and replies to the senders.

use std::{collections::HashSet, time::Duration};

use shared::{changes::Changes, message::Message, problem::ProblemCode, socket::ServerFrame};

use super::{IngestedPost, PendingPost, PostOrigin};
use crate::{
    error::{ApiError, Rejection},
    realtime::hub::{Hub, flush_batch::FlushBatch, frame},
};

/// A committed batch.
pub struct StoredBatch {
    pub changes: Vec<Changes>,
    pub replies: Vec<(PendingPost, Result<IngestedPost, ApiError>)>,
}

/// Publishes the changes and replies to the senders; both leave a connection in one write.
pub async fn publish_batch(hub: &Hub, stored: StoredBatch) {
    let mut batch = FlushBatch::default();
    for changes in stored.changes {
        hub.publish(changes, &mut batch);
    }
    for (post, result) in stored.replies {
        post.reply(result, &mut batch);
    }
    batch.flush().await;
}

/// Handles a batch of which it is unknown whether it was stored: subscribers read the chats again, and the senders are
/// told to retry, which cannot store a message twice.
pub fn fail_batch(hub: &Hub, batch: Vec<PendingPost>, error: &ApiError) {
    let code = error.code();
    if let ApiError::Internal(error) = error {
        tracing::error!(error = format!("{error:#}"), "cannot store a batch");
    }
    let chats: HashSet<_> = batch.iter().map(|post| post.chat_id).collect();
    for chat_id in chats {
        hub.invalidate(chat_id);
    }
    reject_batch(batch, code);
}

/// Rejects a batch of which nothing was stored.
pub fn reject_batch(batch: Vec<PendingPost>, code: ProblemCode) {
    let mut flush_batch = FlushBatch::default();
    for post in batch {
        let rejection = Rejection::new(code).retry_after(Duration::from_secs(2));
        post.reply(Err(rejection.into()), &mut flush_batch);
    }
}

impl PendingPost {
    fn reply(self, result: Result<IngestedPost, ApiError>, batch: &mut FlushBatch) {
        let connection = match self.origin {
            // If the request was cancelled, the client will retry.
            PostOrigin::Request(sender) => return drop(sender.send(result)),
            PostOrigin::Socket(connection) => connection,
        };
        let client_id = self.post.client_id;
        let reply = match result {
            Ok(IngestedPost { message: Message { seq, revision, .. }, .. }) => {
                ServerFrame::Posted { client_id, seq, revision }
            }
            Err(error) => ServerFrame::Refused {
                client_id: Some(client_id),
                chat_id: Some(self.chat_id),
                uri: None,
                problem: error.problem(),
            },
        };
        if let Some(frame) = frame::text(&reply) {
            batch.push_required(&connection, frame);
        }
    }
}

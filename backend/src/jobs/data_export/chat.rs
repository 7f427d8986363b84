//! The export of a chat: its settings, members and messages, as JSON and as pages to read.
//!
//! Everything is read in one snapshot of the database, so that the export is the chat as it was at one head: all changes up to
//! that number are in it, and none after it.

use std::{collections::HashMap, sync::Arc};

use chrono::Utc;
use diesel_async::AsyncPgConnection;
use serde_json::{Value, json};
use shared::{
    id::{ChatId, Head, Seq},
    message::Message,
};
use tokio::task::spawn_blocking;

use super::{
    PAGE_SIZE,
    archive::ZipArchive,
    chat_page::{ChatPage, ChatPages, MESSAGE_BYTES, PART_BYTES, page_name},
    progress::Progress,
};
use crate::store::{
    Db, StoreError,
    chats::{self, ChatRow},
    data_exports,
    files::{self, FileScope, PostedFiles},
    members,
    messages::{self, parts},
};

/// Each message is written as JSON, and on a page.
pub const PASSES: i64 = 2;
const MESSAGES: &str = "messages.json";

/// Returns the files of the messages, or none if the export was deleted meanwhile.
pub async fn write(
    db: &Db,
    chat_id: ChatId,
    archive: &mut ZipArchive,
    progress: &mut Progress,
) -> anyhow::Result<Option<PostedFiles>> {
    let mut connection = db.get().await?;
    connection
        .build_transaction()
        .read_only()
        .repeatable_read()
        .run(async move |connection| {
            data_exports::prepare_reading(connection).await?;
            let chat = chats::find_active(connection, chat_id).await?;
            ChatExport { connection, chat, archive, progress }.write().await
        })
        .await
}

/// A chat in a snapshot of the database, and where it is written to.
struct ChatExport<'a> {
    connection: &'a mut AsyncPgConnection,
    chat: ChatRow,
    archive: &'a mut ZipArchive,
    progress: &'a mut Progress,
}

/// Methods return false or none if the export was deleted meanwhile.
impl ChatExport<'_> {
    async fn write(mut self) -> anyhow::Result<Option<PostedFiles>> {
        let pages = Arc::new(self.read_pages().await?);
        let messages: i64 = pages.parts.iter().map(|part| part.rows).sum();
        let posted = files::find_posted(self.connection, FileScope::Chat(self.chat.id)).await?;
        if !self.progress.start(messages + posted.count).await? {
            return Ok(None);
        }
        self.archive.add_json("chat.json", chat_document(&pages, self.chat.head)).await?;
        if !self.write_messages().await? {
            return Ok(None);
        }
        // A chat without messages has a page, too.
        for index in 0..pages.parts.len().max(1) {
            if !self.write_page(&pages, index).await? {
                return Ok(None);
            }
        }
        Ok(Some(posted))
    }

    async fn read_pages(&mut self) -> Result<ChatPages, StoreError> {
        let Self { connection, chat, .. } = self;
        let mut pins = messages::list_undeleted(connection, chat, &chat.pins).await?;
        pins.sort_by_key(|message| chat.pins.iter().rev().position(|pin| *pin == message.seq));
        Ok(ChatPages {
            chat: chat.settings(),
            members: members::list_changed(connection, chat.id, Head::default(), i64::MAX).await?,
            parts: parts::split(connection, chat, MESSAGE_BYTES, PART_BYTES).await?,
            pins,
            exported_at: Utc::now(),
        })
    }

    async fn write_messages(&mut self) -> anyhow::Result<bool> {
        let mut after = Seq::default();
        loop {
            let messages =
                messages::list_after(self.connection, &self.chat, after, Seq::MAX, PAGE_SIZE).await?;
            let Some(last) = messages.last() else { break };
            after = last.seq;
            let count = messages.len();
            self.archive.add_rows(MESSAGES, messages).await?;
            if !self.progress.add(count).await? {
                return Ok(false);
            }
        }
        if after == Seq::default() {
            self.archive.add(MESSAGES, b"[]\n".to_vec()).await?;
        }
        self.archive.end_rows().await?;
        Ok(true)
    }

    async fn write_page(&mut self, pages: &Arc<ChatPages>, index: usize) -> anyhow::Result<bool> {
        let mut page = ChatPage::new(pages, index);
        self.archive.add(&page_name(index), page.start()).await?;
        let mut after = pages.parts.get(index).map_or(Seq::MAX, |part| part.seq.preceding_head().as_seq());
        let end = pages.parts.get(index + 1).map_or(Seq::MAX, |part| part.seq);
        loop {
            let messages = messages::list_after(self.connection, &self.chat, after, end, PAGE_SIZE).await?;
            let Some(last) = messages.last() else { break };
            after = last.seq;
            let count = messages.len();
            let quoted = self.find_quoted(&messages).await?;
            let (written, html) = spawn_blocking(move || {
                let html = page.append(&messages, &quoted);
                (page, html)
            })
            .await?;
            page = written;
            self.archive.append(html).await?;
            if !self.progress.add(count).await? {
                return Ok(false);
            }
        }
        self.archive.append(page.finish()).await?;
        Ok(true)
    }

    /// The messages that these reply to, except deleted and expired ones.
    async fn find_quoted(&mut self, messages: &[Message]) -> Result<HashMap<Seq, Message>, StoreError> {
        let seqs: Vec<_> = messages.iter().filter_map(|message| message.reply_to).collect();
        if seqs.is_empty() {
            return Ok(HashMap::new());
        }
        let quoted = messages::list_undeleted(self.connection, &self.chat, &seqs).await?;
        Ok(quoted.into_iter().map(|message| (message.seq, message)).collect())
    }
}

/// Without the URI: an archive may be passed on, and the URI would admit its readers to the chat.
fn chat_document(ChatPages { chat, members, exported_at, .. }: &ChatPages, head: Head) -> Value {
    let mut settings = json!(chat);
    if let Some(settings) = settings.as_object_mut() {
        settings.remove("uri");
    }
    let members: Vec<_> = members.iter().filter(|member| member.status.is_member()).collect();
    json!({ "exported_at": exported_at, "head": head, "chat": settings, "members": members })
}

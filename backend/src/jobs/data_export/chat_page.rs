//! The pages of an exported chat, to read in a browser: HTML without scripts that loads nothing.
//!
//! A long chat has several pages, because a browser keeps every element of a page in memory: 100,000 messages on one page are
//! a million of them. Each page is about as large as [`PART_BYTES`], and they link to each other.

mod files;
mod html;
mod message;
mod message_text;
mod names;
mod style;

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use shared::{
    chat::Chat,
    id::{Seq, UserId},
    member::{Member, Role},
    message::Message,
    user_color::{hue, initial},
};

use self::{
    html::{Html, grouped},
    names::Names,
    style::{STYLE, content_security_policy},
};
use crate::store::messages::parts::MessagePart;

/// What a message adds to a page beside its text, about.
pub const MESSAGE_BYTES: i64 = 300;
/// The size of a page, about: some 4,500 short messages, which a phone opens at once.
pub const PART_BYTES: i64 = 1_500_000;

/// The name of a chat without one.
const UNNAMED: &str = "Chat";
/// Characters of a pinned message that its link shows.
const EXCERPT_MAX: usize = 200;
/// Characters of a message that are read for that. Formatting that is cut off here is not shown.
const EXCERPT_SOURCE_MAX: usize = 1_000;

/// The name of a page in the archive.
pub fn page_name(page: usize) -> String {
    if page == 0 { "index.html".to_owned() } else { format!("page-{}.html", page + 1) }
}

/// What the pages of a chat have in common.
pub struct ChatPages {
    pub chat: Chat,
    /// Of all statuses.
    pub members: Vec<Member>,
    /// One for each page.
    pub parts: Vec<MessagePart>,
    /// The pinned messages, the one that was pinned last first.
    pub pins: Vec<Message>,
    pub exported_at: DateTime<Utc>,
}

impl ChatPages {
    fn title(&self) -> &str {
        if self.chat.name.is_empty() { UNNAMED } else { &self.chat.name }
    }

    /// The page of a message. None if the message is older than all that are exported.
    fn find_page(&self, seq: Seq) -> Option<usize> {
        self.parts.partition_point(|part| part.seq <= seq).checked_sub(1)
    }
}

/// The message before the next one, for the heading of days and for groups.
#[derive(Clone, Copy)]
struct PreviousMessage {
    at: DateTime<Utc>,
    /// None for an event.
    author: Option<UserId>,
}

/// A page that is being written, part by part.
pub struct ChatPage {
    pages: Arc<ChatPages>,
    page: usize,
    names: Names,
    previous: Option<PreviousMessage>,
}

impl ChatPage {
    pub fn new(pages: &Arc<ChatPages>, page: usize) -> Self {
        let names = Names::new(pages.members.clone());
        Self { pages: Arc::clone(pages), page, names, previous: None }
    }

    /// The beginning of the page.
    pub fn start(&mut self) -> Vec<u8> {
        let (pages, mut html) = (Arc::clone(&self.pages), Html::default());
        html.markup("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        html.markup("<meta http-equiv=\"Content-Security-Policy\" content=\"");
        html.text(content_security_policy()).markup("\">\n");
        html.markup("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        html.markup("<meta name=\"color-scheme\" content=\"light dark\">\n");
        html.markup("<meta name=\"referrer\" content=\"no-referrer\">\n<title>").text(pages.title());
        if self.page > 0 {
            html.markup(", page ").value(self.page + 1);
        }
        html.markup("</title>\n<style>")
            .markup(STYLE.as_str())
            .markup("</style>\n</head>\n<body>\n<header>\n");
        html.markup("<h1 dir=\"auto\">").text(pages.title()).markup("</h1>\n");
        if self.page == 0 {
            self.append_summary(&mut html);
            self.append_members(&mut html);
            self.append_pins(&mut html);
            self.append_contents(&mut html);
        }
        self.append_navigation(&mut html, "Pages, top");
        html.markup("</header>\n<main>\n");
        if pages.parts.is_empty() {
            html.markup("<p class=\"event\">No messages yet</p>\n");
        }
        html.into_bytes()
    }

    /// The end of the page.
    pub fn finish(self) -> Vec<u8> {
        let mut html = Html::default();
        if self.previous.is_some() {
            html.markup("</section>\n");
        }
        html.markup("</main>\n");
        if self.pages.parts.len() > 1 {
            html.markup("<footer>\n");
            self.append_navigation(&mut html, "Pages, bottom");
            html.markup("</footer>\n");
        }
        html.markup("</body>\n</html>\n");
        html.into_bytes()
    }

    fn append_summary(&self, html: &mut Html) {
        let ChatPages { chat, parts, exported_at, .. } = &*self.pages;
        if !chat.topic.is_empty() {
            html.markup("<p dir=\"auto\">").text(&chat.topic).markup("</p>\n");
        }
        let total = parts.iter().map(|part| part.messages).sum();
        html.markup("<p class=\"note\">").text(&count(total, "message", "messages"));
        if let (Some(first), Some(last)) = (parts.first(), parts.last()) {
            html.markup(", ").text(&date_range(first.starts_at, last.ends_at));
        }
        html.markup(". Exported from Chatire on ").text(&date(*exported_at)).markup(" at ");
        html.value(exported_at.format("%H:%M")).markup(". All times are in UTC.</p>\n");
    }

    fn append_members(&mut self, html: &mut Html) {
        let members = self.names.list_members();
        let people = count(i64::try_from(members.len()).unwrap_or(i64::MAX), "person", "people");
        html.markup("<details>\n<summary>").text(&people).markup("</summary>\n<ul class=\"people\">\n");
        for Member { user, role, .. } in members {
            html.markup("<li>");
            append_avatar(html, user.id, user.name());
            html.markup("<span><bdi>").text(user.name()).markup("</bdi> <span class=\"note\">@");
            html.text(&user.username).markup(role_note(role)).markup("</span></span></li>\n");
        }
        html.markup("</ul>\n</details>\n");
    }

    fn append_pins(&mut self, html: &mut Html) {
        let pages = Arc::clone(&self.pages);
        if pages.pins.is_empty() {
            return;
        }
        let pins = i64::try_from(pages.pins.len()).unwrap_or(i64::MAX);
        let title = count(pins, "pinned message", "pinned messages");
        html.markup("<details>\n<summary>").text(&title).markup("</summary>\n<ul class=\"links\">\n");
        for pin in &pages.pins {
            let Some(page) = pages.find_page(pin.seq) else { continue };
            html.markup("<li><a href=\"");
            self.append_url(html, page, pin.seq);
            html.markup("\"><bdi class=\"author\">").text(self.names.show(&pin.user));
            html.markup("</bdi> <span dir=\"auto\">").text(&excerpt(pin)).markup("</span></a></li>\n");
        }
        html.markup("</ul>\n</details>\n");
    }

    /// Appends the URL of a message, which is on `page`.
    fn append_url(&self, html: &mut Html, page: usize, seq: Seq) {
        if page != self.page {
            html.text(&page_name(page));
        }
        html.markup("#m-").value(seq);
    }

    /// Links to all pages.
    fn append_contents(&self, html: &mut Html) {
        let pages = &*self.pages;
        if pages.parts.len() < 2 {
            return;
        }
        html.markup("<details>\n<summary>").value(pages.parts.len()).markup(" pages</summary>\n");
        html.markup("<ol class=\"links\">\n");
        for (page, part) in pages.parts.iter().enumerate() {
            html.markup("<li><a href=\"").text(&page_name(page)).markup("\">");
            html.text(&date_range(part.starts_at, part.ends_at)).markup("</a> <span class=\"note\">");
            html.text(&count(part.messages, "message", "messages")).markup("</span></li>\n");
        }
        html.markup("</ol>\n</details>\n");
    }

    /// Links to the pages beside this one.
    fn append_navigation(&self, html: &mut Html, label: &'static str) {
        let pages = &*self.pages;
        if pages.parts.len() < 2 {
            return;
        }
        html.markup("<nav aria-label=\"").markup(label).markup("\">\n");
        if let Some(previous) = self.page.checked_sub(1) {
            html.markup("<a rel=\"prev\" href=\"").text(&page_name(previous)).markup("\">Earlier</a>\n");
        }
        html.markup("<span class=\"note\">Page ").value(self.page + 1).markup(" of ");
        html.value(pages.parts.len()).markup("</span>\n");
        if self.page + 1 < pages.parts.len() {
            let next = page_name(self.page + 1);
            html.markup("<a rel=\"next\" href=\"").text(&next).markup("\">Later</a>\n");
        }
        html.markup("</nav>\n");
    }
}

/// The first letter of the name, on the colour of the user.
fn append_avatar(html: &mut Html, user_id: UserId, name: &str) {
    html.markup("<span class=\"avatar h").value(hue(user_id)).markup("\" aria-hidden=\"true\">");
    html.text(&initial(name).map(String::from).unwrap_or_default()).markup("</span>");
}

const fn role_note(role: Role) -> &'static str {
    match role {
        Role::Owner => ", owner",
        Role::Moderator => ", moderator",
        Role::Writer => "",
        Role::Reader => ", read-only",
    }
}

/// The beginning of a message, on one line and without its formatting; the names of its files if it has no text.
fn excerpt(message: &Message) -> String {
    if message.message.trim().is_empty() {
        let names: Vec<_> = message.files.iter().map(|file| file.name.as_str()).collect();
        return names.join(", ");
    }
    let start: String = message.message.chars().take(EXCERPT_SOURCE_MAX).collect();
    markdown::plain_text(&start, &|id| message.mentions.name(id)).chars().take(EXCERPT_MAX).collect()
}

fn count(number: i64, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{} {many}", grouped(number)) }
}

fn day(at: DateTime<Utc>) -> NaiveDate {
    at.date_naive()
}

/// 30 November 2026
fn date(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y").to_string()
}

fn date_range(start: DateTime<Utc>, end: DateTime<Utc>) -> String {
    if day(start) == day(end) { date(start) } else { format!("{} to {}", date(start), date(end)) }
}

/// For attributes: 2026-11-30T14:02:03.004Z
fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

//! The messages of a page.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use shared::{
    event::Event,
    id::Seq,
    message::{Message, Reaction},
};

use super::{
    ChatPage, PreviousMessage, append_avatar, day, excerpt, files, html::Html, message_text, timestamp,
};

/// Messages of one author stand together if there is less than this between them, as in the client.
const GROUP_GAP: TimeDelta = TimeDelta::minutes(5);
/// How many people who reacted are named.
const REACTION_NAMES_MAX: usize = 5;

impl ChatPage {
    /// The next messages. `quoted` are those that they reply to, unless deleted or expired.
    pub fn append(&mut self, messages: &[Message], quoted: &HashMap<Seq, Message>) -> Vec<u8> {
        let mut html = Html::default();
        for message in messages {
            self.append_day(&mut html, message.created_at);
            match &message.event {
                Some(event) => self.append_event(&mut html, message, event.clone()),
                None => self.append_message(&mut html, message, quoted),
            }
            let author = message.event.is_none().then_some(message.user.id);
            self.previous = Some(PreviousMessage { at: message.created_at, author });
        }
        html.into_bytes()
    }

    /// Begins a section if the message is the first of its day.
    fn append_day(&self, html: &mut Html, at: DateTime<Utc>) {
        if let Some(previous) = self.previous {
            if day(previous.at) == day(at) {
                return;
            }
            html.markup("</section>\n");
        }
        html.markup("<section>\n<h2><time datetime=\"").value(day(at)).markup("\">");
        html.value(at.format("%A, %-d %B %Y")).markup("</time></h2>\n");
    }

    /// Names are isolated, so that their direction does not change the sentence.
    fn append_event(&mut self, html: &mut Html, message: &Message, mut event: Event) {
        if let Some(target) = event.target_mut() {
            let name = self.names.show_by_id(target.id).unwrap_or(&target.name);
            target.name = format!("\u{2068}{name}\u{2069}");
        }
        html.markup("<p class=\"event\" id=\"m-").value(message.seq).markup("\"><bdi>");
        html.text(self.names.show(&message.user)).markup("</bdi> ").text(&event.to_sentence());
        html.markup(" <time datetime=\"").text(&timestamp(message.created_at)).markup("\">");
        html.value(message.created_at.format("%H:%M")).markup("</time></p>\n");
    }

    fn append_message(&mut self, html: &mut Html, message: &Message, quoted: &HashMap<Seq, Message>) {
        let Message { seq, user, created_at, .. } = message;
        let is_in_group = self.previous.is_some_and(|previous| {
            let is_same_day = day(previous.at) == day(*created_at);
            is_same_day && previous.author == Some(user.id) && *created_at - previous.at < GROUP_GAP
        });
        html.markup("<article id=\"m-").value(seq);
        html.markup(if is_in_group { "\">" } else { "\" class=\"first\">" });
        let name = self.names.show(user);
        if !is_in_group {
            append_avatar(html, user.id, user.name());
        }
        html.markup("<bdi class=\"author\">").text(name).markup("</bdi>");
        html.markup("<div class=\"body\">");
        self.append_quote(html, message, quoted);
        if message.deleted {
            html.markup("<p class=\"deleted\">Message deleted</p>");
        } else {
            files::append_files(html, *seq, &message.files);
            message_text::append_text(html, &message.message, &message.mentions);
        }
        self.append_reactions(html, &message.reactions);
        html.markup("</div>");
        self.append_meta(html, message);
        html.markup("</article>\n");
    }

    /// The time, which is a link to the message, and marks.
    fn append_meta(&self, html: &mut Html, Message { seq, created_at, edited_at, .. }: &Message) {
        html.markup("<div class=\"meta\"><a href=\"#m-").value(seq).markup("\"><time datetime=\"");
        html.text(&timestamp(*created_at)).markup("\">").value(created_at.format("%H:%M"));
        html.markup("</time></a>");
        if edited_at.is_some() {
            html.markup(" <span>edited</span>");
        }
        if self.pages.chat.pins.contains(seq) {
            html.markup(" <span>pinned</span>");
        }
        html.markup("</div>");
    }

    fn append_quote(&mut self, html: &mut Html, message: &Message, quoted: &HashMap<Seq, Message>) {
        let Some(seq) = message.reply_to else { return };
        let Some(page) = self.pages.find_page(seq) else {
            html.markup("<p class=\"quote\">This message is gone</p>");
            return;
        };
        html.markup("<a class=\"quote\" href=\"");
        self.append_url(html, page, seq);
        html.markup("\">");
        match quoted.get(&seq) {
            Some(quoted) => {
                html.markup("<bdi class=\"author\">").text(self.names.show(&quoted.user));
                html.markup("</bdi> <span dir=\"auto\">").text(&excerpt(quoted)).markup("</span>");
            }
            None => {
                html.markup("Message deleted");
            }
        }
        html.markup("</a>");
    }

    fn append_reactions(&mut self, html: &mut Html, reactions: &[Reaction]) {
        if reactions.is_empty() {
            return;
        }
        html.markup("<ul class=\"reactions\">");
        for Reaction { emoji, count, users } in reactions {
            html.markup("<li><span class=\"emoji\">").text(emoji).markup("</span> ");
            let mut named = 0;
            for user_id in users.iter().take(REACTION_NAMES_MAX) {
                let Some(name) = self.names.show_by_id(*user_id) else { continue };
                html.markup(if named > 0 { ", <bdi>" } else { "<bdi>" }).text(name).markup("</bdi>");
                named += 1;
            }
            match count.saturating_sub(named) {
                0 => html.markup("</li>"),
                more if named == 0 => html.value(more).markup("</li>"),
                more => html.markup(" and ").value(more).markup(" more</li>"),
            };
        }
        html.markup("</ul>");
    }
}

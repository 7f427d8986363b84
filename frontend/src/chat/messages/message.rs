//! One row of the list: a message or an event, below the separator of its day.

use leptos::{either::Either, ev, prelude::*};
use shared::{id::Seq, problem::ProblemCode};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::{action_menu::ActionMenu, body::fill_bubble, seen_by::SeenBy, versions::message_versions};
use crate::{
    chat::{
        state::{
            rows::{DeliveryStatus, MessageItem, MessageKind, RowLayout, day_id},
            use_draft,
        },
        tools::{self, Task},
    },
    clock,
    components::{
        avatar::avatar,
        elements::{ElementAttributes, append, append_with_text, insert_view},
        focus_stops::focus_in_place,
        icon::{Icon, SvgIcon, SvgIconProps},
    },
    lazy_view::LazyView,
    strings,
};

/// The attribute of a button with what it does to the message; its value is the id of the message.
pub const ACTION: &str = "data-action";
const MENU_BUTTON: &str = ".message-menu-button";
const EDITED_MARK: &str = ".edited";

/// The elements stay as long as the message does, and so does a focus on them. [`show_content`] fills them.
#[component]
pub fn MessageRow(item: RwSignal<MessageItem>, layout: RwSignal<RowLayout>) -> impl IntoView {
    let MessageItem { sent_at, kind, .. } = *item.read_untracked();
    let separators = move || {
        let RowLayout { starts_day, is_first_unread, is_first_unsent, .. } = layout.get();
        let day = move || strings::dates::day_label(sent_at);
        if !starts_day {
            move_day_focus(sent_at);
        }
        (
            is_first_unsent.then(|| view! { <SeenBy is_above_unsent=true /> }),
            starts_day.then(|| {
                view! {
                    <h2 class="day-separator">
                        <button
                            id=day_id(sent_at)
                            title=strings::dates::JUMP_TO_DATE
                            aria-haspopup="dialog"
                            prop:textContent=day
                        ></button>
                    </h2>
                }
            }),
            is_first_unread.then(|| view! { <p class="unread-line">{strings::chat_list::NEW_MESSAGES}</p> }),
        )
    };
    let content = if kind == MessageKind::Event {
        let id = item.read_untracked().element_id();
        Either::Left(view! { <p class="event" id=id></p> })
    } else {
        show_pending_files(&item.read_untracked());
        Either::Right(view! { <MessageArticle item /> })
    };
    view! {
        {separators}
        {content}
    }
}

/// If the label of this day has the focus, and another message of the day has a label by now, that gets it.
fn move_day_focus(sent_at: i64) {
    let Some(focused) = document().active_element().filter(|it| it.id() == day_id(sent_at)) else { return };
    let Ok(labels) = document().query_selector_all(".day-separator > button") else { return };
    let others = (0..labels.length()).filter_map(|index| labels.item(index)?.dyn_into::<HtmlElement>().ok());
    let mut same_day = others.filter(|it| **it != focused && it.text_content() == focused.text_content());
    if let Some(label) = same_day.next() {
        focus_in_place(&label);
    }
}

#[component]
fn MessageArticle(item: RwSignal<MessageItem>) -> impl IntoView {
    let (is_menu_open, has_versions_open) = (RwSignal::new(false), RwSignal::new(false));
    let (id, is_own) = (item.read_untracked().element_id(), item.read_untracked().is_own);
    // Shown anew when the message is edited once more.
    let shown_edit = Memo::new(move |_| item.read().edited_at.filter(|_| has_versions_open.get()));
    let versions = move || {
        let seq = item.read_untracked().seq;
        let is_open = shown_edit.get().is_some();
        set_expanded(item, EDITED_MARK, is_open);
        is_open.then(|| {
            view! { <LazyView load=move || Box::pin(message_versions(seq)) class="message-versions" /> }
        })
    };
    let menu = move || {
        let is_open = is_menu_open.get();
        set_expanded(item, MENU_BUTTON, is_open);
        is_open.then(|| view! { <ActionMenu is_open=is_menu_open item /> })
    };
    let on_click = move |event: ev::MouseEvent| {
        for (button, is_open) in [(MENU_BUTTON, is_menu_open), (EDITED_MARK, has_versions_open)] {
            if is_on(&event, button) {
                is_open.update(|is_open| *is_open = !*is_open);
            }
        }
    };
    view! {
        // Focused by the arrow keys and by tapping.
        <article id=id tabindex="-1" class="message" data-own=is_own.to_string() on:click=on_click>
            <span class="author">
                <bdi></bdi>
            </span>
            <div class="bubble-line">
                <div class="bubble"></div>
            </div>
            <footer class="message-meta"></footer>
            {menu}
            {versions}
        </article>
    }
}

/// Shows the files of a pending message, once that is in the page.
fn show_pending_files(item: &MessageItem) {
    if item.has_pending_files {
        tools::start(Task::ShowFiles(item.client_id, use_draft().outbox()));
    }
}

fn is_on(event: &ev::MouseEvent, button: &str) -> bool {
    let clicked = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    clicked.is_some_and(|clicked| clicked.closest(button).ok().flatten().is_some())
}

/// Says whether what a button of the message opens is there.
fn set_expanded(item: RwSignal<MessageItem>, button: &str, is_expanded: bool) -> Option<()> {
    let article = document().get_element_by_id(&item.read_untracked().element_id())?;
    article.query_selector(button).ok()??.set_attribute("aria-expanded", &is_expanded.to_string()).ok()
}

/// Shows how a message is grouped with its neighbours.
pub fn show_layout(element: &Element, layout: RowLayout) {
    for (class, is_set) in [("group-start", layout.starts_group), ("group-end", layout.ends_group)] {
        // The name of the class is valid.
        let _is_set = element.class_list().toggle_with_force(class, is_set);
    }
}

/// Fills the element of a message or an event, in place of what it contained. The same files stay.
pub fn show_content(element: &Element, item: &MessageItem, has_same_files: bool) -> Option<()> {
    let full_time = clock::full(item.sent_at);
    if item.kind == MessageKind::Event {
        element.set_attribute("title", &full_time).ok()?;
        element.set_text_content(Some(&item.text));
        return Some(());
    }
    keep_focus(element.unchecked_ref(), has_same_files);
    element.set_attribute("data-state", data_state(item)).ok()?;
    let find = |selector| element.query_selector(selector).ok().flatten();
    let name = if item.is_own { strings::YOU } else { &item.name };
    find("bdi")?.set_text_content(Some(name));
    let (line, bubble) = (find(".bubble-line")?, find(".bubble")?);
    // The style sheet shows it beside the last message of a group.
    if !item.is_own {
        let former = line.previous_element_sibling()?;
        insert_view(element, avatar(item.author_id, &item.name, &item.avatar), Some(&line));
        if former.class_list().contains("avatar") {
            former.remove();
        }
    }
    bubble.set_attribute("title", &full_time).ok()?;
    fill_bubble(&bubble, item, &text(item), has_same_files);
    while let Some(button) = bubble.next_element_sibling() {
        button.remove();
    }
    show_button(&line, item)?;
    show_meta(&find(".message-meta")?, item)?;
    for (part, button) in [(".message-actions", MENU_BUTTON), (".message-versions", EDITED_MARK)] {
        if let (Some(_), Some(button)) = (find(part), find(button)) {
            button.set_attribute("aria-expanded", "true").ok()?;
        }
    }
    Some(())
}

/// Moves the focus from the content of the message, which is about to be replaced, to the message.
fn keep_focus(article: &HtmlElement, has_same_files: bool) {
    let focused = document().active_element();
    let content =
        focused.and_then(|focused| focused.closest(".files, .bubble-line, .message-meta").ok().flatten());
    let content = content.filter(|content| !(has_same_files && content.class_list().contains("files")));
    if content.is_some_and(|content| article.contains(Some(&content))) {
        // A message can always be focused.
        let _focused = article.focus();
    }
}

/// The button beside the bubble.
fn show_button(line: &Element, item: &MessageItem) -> Option<()> {
    if item.kind == MessageKind::Undoable {
        return append_action(line, "undo", strings::UNDO, &item.seq.to_string());
    }
    if item.kind == MessageKind::Text && item.seq > Seq::default() {
        // Visible while the message is hovered, tapped or focused.
        const ATTRIBUTES: ElementAttributes = &[
            ("class", "icon-button message-menu-button"),
            ("aria-label", strings::moderation::MESSAGE_ACTIONS),
            ("aria-expanded", "false"),
        ];
        append_icon(&append(line, "button", ATTRIBUTES)?, Icon::More);
    }
    Some(())
}

fn append_action(parent: &Element, action: &'static str, label: &str, id: &str) -> Option<()> {
    let button = append(parent, "button", &[("class", "quiet")])?;
    button.set_attribute(ACTION, action).ok()?;
    button.set_attribute("value", id).ok()?;
    button.set_text_content(Some(label));
    Some(())
}

fn data_state(item: &MessageItem) -> &'static str {
    match (item.kind, item.status) {
        (MessageKind::Deleted(_) | MessageKind::Undoable, _) => "deleted",
        (_, DeliveryStatus::Sent) => "sent",
        (_, DeliveryStatus::Failed(_) | DeliveryStatus::NotDeleted(_)) => "failed",
        _ => "sending",
    }
}

fn text(item: &MessageItem) -> String {
    match item.kind {
        MessageKind::Deleted(count) => strings::moderation::deleted_messages(count),
        MessageKind::Undoable => strings::MESSAGE_DELETED.to_owned(),
        MessageKind::Text | MessageKind::Event => item.text.clone(),
    }
}

/// The time of the message, whether it was edited, and its delivery status.
fn show_meta(meta: &Element, item: &MessageItem) -> Option<()> {
    meta.set_text_content(None);
    let &MessageItem { sent_at, status, kind, .. } = item;
    if item.is_pinned {
        append_icon(meta, Icon::Pin);
        append_with_text(meta, "span", HIDDEN, strings::PINNED)?;
    }
    if item.edited_at.is_some() {
        // Shows and hides the former texts.
        const ATTRIBUTES: ElementAttributes =
            &[("class", "edited"), ("title", strings::EARLIER_VERSIONS), ("aria-expanded", "false")];
        append_with_text(meta, "button", ATTRIBUTES, strings::EDITED)?;
    }
    let time = append(meta, "time", &[])?;
    time.set_attribute("datetime", &clock::iso(sent_at)).ok()?;
    time.set_attribute("title", &clock::full(sent_at)).ok()?;
    time.set_text_content(Some(&clock::time(sent_at)));
    if kind == MessageKind::Text && (item.is_own || matches!(status, DeliveryStatus::NotDeleted(_))) {
        let (icon, text) = describe_status(status);
        append_icon(meta, icon);
        let attributes = if status == DeliveryStatus::Sent { HIDDEN } else { &[] };
        append_with_text(meta, "span", attributes, &text)?;
    }
    show_retry_buttons(meta, item)
}

const HIDDEN: ElementAttributes = &[("class", "visually-hidden")];

fn append_icon(parent: &Element, icon: Icon) {
    insert_view(parent, SvgIcon(SvgIconProps { icon }), None);
}

fn describe_status(status: DeliveryStatus) -> (Icon, String) {
    match status {
        DeliveryStatus::Sending => (Icon::Clock, strings::SENDING.to_owned()),
        DeliveryStatus::Uploading => (Icon::Clock, strings::uploads::UPLOADING.to_owned()),
        DeliveryStatus::Held => (Icon::Clock, strings::WAITING_FOR_SLOW_MODE.to_owned()),
        DeliveryStatus::Offline => (Icon::Clock, strings::WAITING_FOR_CONNECTION.to_owned()),
        DeliveryStatus::Sent => (Icon::Check, strings::SENT.to_owned()),
        DeliveryStatus::Failed(code) => {
            let reason = strings::errors::for_code(code);
            (Icon::Warning, strings::author_and_text(strings::NOT_SENT, reason))
        }
        DeliveryStatus::NotDeleted(code) => (Icon::Warning, strings::not_deleted(code)),
    }
}

/// The buttons of a message that waits or could not be sent.
fn show_retry_buttons(meta: &Element, item: &MessageItem) -> Option<()> {
    let actions: &[(&str, &str)] = match item.status {
        // To send it again would fail again.
        DeliveryStatus::Failed(ProblemCode::FileNotFound) => {
            &[("cancel", strings::EDIT), ("discard", strings::DELETE)]
        }
        DeliveryStatus::Failed(_) => &[("retry", strings::RETRY), ("discard", strings::DELETE)],
        DeliveryStatus::Uploading | DeliveryStatus::Held | DeliveryStatus::Offline => {
            &[("cancel", strings::CANCEL)]
        }
        DeliveryStatus::Sending | DeliveryStatus::Sent | DeliveryStatus::NotDeleted(_) => return Some(()),
    };
    let buttons = append(meta, "span", &[("class", "retry-actions")])?;
    for (action, label) in actions {
        append_action(&buttons, action, label, &item.client_id.to_string())?;
    }
    Some(())
}

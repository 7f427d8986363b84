//! The open chat as the server has it: opened, kept up to date by the sync rule, and closed.

use gloo_timers::{callback::Timeout, future::TimeoutFuture};
use leptos::{prelude::*, task::spawn_local};
use shared::{
    changes::{Changes, ChangesQuery},
    chat::{Chat, ChatPreview, JoinResponse, is_valid_uri},
    chat_list::ReadPositionsResponse,
    id::{ChatId, Seq, UserId},
    member::{Member, MembershipStatus, Role},
    mentions::Mentions,
    message::{Message, MessagePage},
    problem::ProblemCode,
    socket::{ClientFrame, ServerFrame},
    sync::ApplyResult,
    timeline::{Part, Timeline},
    user::User,
};

use super::quotes::Quote;
use crate::{
    api,
    chat::permissions::CurrentMember,
    listeners::Listeners,
    request_error::RequestError,
    session::Session,
    socket::{SocketClient, SocketEvent},
};

/// How long to wait before subscribing again at a busy server, or repeating a request that did not reach it, in
/// milliseconds.
const RETRY_DELAY: u32 = 3_000;

/// What a chat page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatStage {
    Loading,
    /// The user is no member, and may join.
    Join,
    Open,
    /// The membership ended while the chat was open.
    Removed(MembershipStatus),
    Failed(RequestError),
}

/// What the other stores are told, after [`SyncStore`] has changed.
pub enum SyncEvent {
    /// The chat was closed, or another one is being opened.
    Reset,
    /// The timeline was loaded.
    Joined(ReadPositionsResponse),
    /// Changes were applied; before them, the newest message had this sequence number.
    Applied(Seq),
    /// The chat had this URI before.
    UriChanged(String),
}

#[derive(Clone, Copy)]
pub struct SyncStore {
    /// 0 until the chat is loaded.
    chat_id: RwSignal<ChatId>,
    uri: RwSignal<String>,
    timeline: RwSignal<Option<Timeline>>,
    pub(super) access: RwSignal<Access>,
    user_id: RwSignal<UserId>,
    inner: StoredValue<Inner, LocalStorage>,
}

/// Why the chat is not shown, as far as there is a reason.
#[derive(Default)]
pub(super) struct Access {
    /// What became of the membership, if it ended while the chat was open.
    ended: Option<MembershipStatus>,
    /// The chat as non-members see it.
    pub(super) preview: Option<ChatPreview>,
    error: Option<RequestError>,
}

/// A chat as it is loaded for a member.
pub(super) struct LoadedChat {
    pub joined: JoinResponse,
    pub newest: MessagePage,
    pub positions: ReadPositionsResponse,
}

struct Inner {
    socket: SocketClient,
    listeners: Listeners<SyncEvent>,
    /// The URI that the chat was opened with; the chat may have changed its own since.
    opened_uri: String,
    /// Counts how often the chat was loaded: the response to an earlier load is stale.
    generation: u32,
    fetch: FetchState,
    /// The messages that [`SyncStore::load_quoted`] has been asked for.
    loading_quotes: Vec<Seq>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FetchState {
    Idle,
    Running,
    /// More was missed since the request was sent.
    RunningStale,
}

impl SyncStore {
    pub fn new(socket: SocketClient) -> Self {
        let inner = Inner {
            socket,
            listeners: Listeners::default(),
            opened_uri: String::new(),
            generation: 0,
            fetch: FetchState::Idle,
            loading_quotes: Vec::new(),
        };
        let store = Self {
            chat_id: RwSignal::new(ChatId::default()),
            uri: RwSignal::new(String::new()),
            timeline: RwSignal::new(None),
            access: RwSignal::new(Access::default()),
            user_id: RwSignal::new(UserId::default()),
            inner: StoredValue::new_local(inner),
        };
        socket.subscribe(move |event| store.handle_event(event));
        store
    }

    pub fn subscribe(&self, listener: impl Fn(&SyncEvent) + 'static) {
        self.inner.update_value(|inner| inner.listeners.add(listener));
    }

    fn emit(&self, event: &SyncEvent) {
        self.inner.with_value(|inner| inner.listeners.clone()).call(event);
    }

    pub fn socket(&self) -> SocketClient {
        self.inner.with_value(|inner| inner.socket)
    }

    pub fn session(&self) -> Session {
        self.socket().session()
    }

    // Opening and closing

    /// Opens the chat for members, and the join screen for everybody else.
    pub fn open(&self, uri: String) {
        let is_possible = is_valid_uri(&uri);
        self.inner.update_value(|inner| inner.opened_uri.clone_from(&uri));
        self.clear();
        self.uri.set(uri);
        self.emit(&SyncEvent::Reset);
        if is_possible {
            self.socket().start();
            self.load();
        } else {
            self.access
                .update(|access| access.error = Some(RequestError::from_code(ProblemCode::ChatNotFound)));
        }
    }

    pub fn close(&self) {
        self.socket().send(&ClientFrame::Unsubscribe { chat_id: self.current_chat_id() });
        self.clear();
        self.emit(&SyncEvent::Reset);
        self.inner.update_value(|inner| inner.opened_uri = self.current_uri());
    }

    fn clear(&self) {
        self.next_generation();
        self.access.set(Access::default());
        self.chat_id.set(ChatId::default());
        self.timeline.set(None);
    }

    /// Loads the chat from the server; what is known of it stays in view until then.
    pub fn load(&self) {
        let store = *self;
        let (generation, uri) = (self.next_generation(), self.current_uri());
        self.access.update(|access| (access.error, access.ended) = (None, None));
        spawn_local(async move {
            let loaded = store.fetch(uri).await;
            if store.is_current(generation) {
                store.on_loaded(loaded);
            }
        });
    }

    pub(super) fn on_joined(&self, loaded: LoadedChat) {
        let LoadedChat { joined, newest, positions } = loaded;
        self.user_id.set(joined.user.id);
        self.chat_id.set(joined.chat.id);
        // The URI that led here may be an invite link or a former URI.
        self.change_uri(joined.uri.clone());
        self.timeline.set(Some(Timeline::open(joined, newest)));
        self.set_preview(None);
        self.emit(&SyncEvent::Joined(positions));
        self.send_subscribe();
    }

    pub(super) fn on_previewed(&self, preview: ChatPreview) {
        self.timeline.set(None);
        self.set_preview(Some(preview));
    }

    /// A chat that is known stays in view while the server is away, unless it is closed to this user for good.
    pub(super) fn on_load_failed(&self, error: RequestError) {
        let is_permanent = error.is_permanent();
        if is_permanent {
            self.timeline.set(None);
            self.set_preview(None);
        }
        if is_permanent || (!self.is_open() && !self.has_preview()) {
            self.access.update(|access| access.error = Some(error));
        }
    }

    /// The membership began, changed or ended, here or on another device.
    fn on_membership(&self, status: MembershipStatus) {
        if status.is_member() {
            if self.access.with_untracked(|access| access.ended.is_some()) {
                self.load();
            }
        } else if self.is_open() {
            self.next_generation();
            self.access.update(|access| access.ended = Some(status));
            self.timeline.set(None);
        }
    }

    /// The user left the chat on this page.
    pub fn on_left(&self) {
        self.on_membership(MembershipStatus::Left);
    }

    pub fn on_deleted(&self) {
        self.next_generation();
        self.timeline.set(None);
        self.access.update(|access| access.error = Some(RequestError::from_code(ProblemCode::ChatDeleted)));
    }

    pub(super) fn next_generation(&self) -> u32 {
        self.inner.update_value(|inner| {
            inner.fetch = FetchState::Idle;
            inner.loading_quotes.clear();
            inner.generation = inner.generation.wrapping_add(1);
        });
        self.generation()
    }

    pub(super) fn generation(&self) -> u32 {
        self.inner.with_value(|inner| inner.generation)
    }

    pub(super) fn is_current(&self, generation: u32) -> bool {
        self.generation() == generation
    }

    pub fn stage(&self) -> ChatStage {
        let access = self.access.read();
        match (access.ended, &access.error) {
            (Some(status), _) => ChatStage::Removed(status),
            (None, Some(error)) => ChatStage::Failed(error.clone()),
            _ if self.timeline.with(Option::is_some) => ChatStage::Open,
            _ if access.preview.is_some() => ChatStage::Join,
            _ => ChatStage::Loading,
        }
    }

    // Its id and URI

    pub(super) fn chat_id(&self) -> ChatId {
        self.chat_id.get()
    }

    /// See [`SyncStore::chat_id`]; does not track it.
    pub(super) fn current_chat_id(&self) -> ChatId {
        self.chat_id.get_untracked()
    }

    /// Whether this is the chat with this id. Does not track.
    pub(super) fn is_chat(&self, chat_id: ChatId) -> bool {
        self.current_chat_id() == chat_id
    }

    pub fn uri(&self) -> String {
        self.uri.get()
    }

    /// See [`SyncStore::uri`]; does not track it.
    pub fn current_uri(&self) -> String {
        self.uri.get_untracked()
    }

    fn has_uri(&self, uri: &str) -> bool {
        self.uri.with_untracked(|current| current == uri)
    }

    /// The path of the chat's page.
    pub fn path(&self) -> String {
        format!("/chats/{}", self.uri.read())
    }

    /// The full URL of the chat's page, to be shown and shared.
    pub fn page_url(&self) -> String {
        window().location().origin().unwrap_or_default() + &self.path()
    }

    /// The URI that the chat at `uri` was opened with. It stays the same when the chat's URI changes, so that the page
    /// does not open the chat again.
    pub fn opened_uri(&self, uri: String) -> String {
        if self.has_uri(&uri) { self.inner.with_value(|inner| inner.opened_uri.clone()) } else { uri }
    }

    pub fn was_opened_as(&self, uri: &str) -> bool {
        self.inner.with_value(|inner| inner.opened_uri == uri)
    }

    pub fn change_uri(&self, uri: String) {
        if self.has_uri(&uri) {
            return;
        }
        let before = self.current_uri();
        self.uri.set(uri);
        self.emit(&SyncEvent::UriChanged(before));
    }

    // Receiving changes

    fn handle_event(&self, event: &SocketEvent) {
        match event {
            SocketEvent::Opened if self.is_open() => self.send_subscribe(),
            SocketEvent::Opened => {
                self.check_join_request();
                let error = self.access.with_untracked(|access| access.error.clone());
                if error == Some(RequestError::Unreachable) {
                    self.load();
                }
            }
            SocketEvent::Poll => {
                self.check_join_request();
                self.poll();
            }
            SocketEvent::Frame(frame) => self.handle_frame(frame),
            SocketEvent::Closed | SocketEvent::PollAnswered => {}
        }
    }

    fn handle_frame(&self, frame: &ServerFrame) {
        match frame {
            // The id of a chat is not known before it is joined, so this may be about another one.
            ServerFrame::Membership { .. } if self.has_preview() => self.check_join_request(),
            ServerFrame::Changes(changes) if self.is_chat(changes.chat_id) => {
                self.on_changes(changes.clone());
            }
            ServerFrame::Resync { chat_id } if self.is_chat(*chat_id) => self.fetch_changes(),
            ServerFrame::Membership { chat_id, status } if self.is_chat(*chat_id) => {
                self.on_membership(*status);
            }
            ServerFrame::Gone { chat_id } if self.is_chat(*chat_id) => self.on_deleted(),
            ServerFrame::Refused { client_id: None, chat_id, uri, problem }
                if chat_id.is_some_and(|chat_id| self.is_chat(chat_id))
                    || uri.as_deref().is_some_and(|uri| self.has_uri(uri)) =>
            {
                self.on_rejected(RequestError::Rejected(problem.clone()));
            }
            _ => {}
        }
    }

    fn on_changes(&self, changes: Changes) {
        match self.apply(changes) {
            ApplyResult::Gap => self.fetch_changes(),
            ApplyResult::Mismatch => self.load(),
            // If there are more changes, the server sends them unasked.
            ApplyResult::Applied | ApplyResult::Ignored => {}
        }
    }

    fn apply(&self, changes: Changes) -> ApplyResult {
        let newest_before = self.newest_seq();
        let has_settings = changes.chat.is_some();
        let result = self.timeline.try_maybe_update(|timeline| {
            let result = timeline.as_mut().map_or(ApplyResult::Ignored, |timeline| timeline.apply(changes));
            (result == ApplyResult::Applied, result)
        });
        let result = result.unwrap_or(ApplyResult::Ignored);
        if result == ApplyResult::Applied {
            let uri = self.with_timeline_untracked(|timeline| timeline.map(|t| t.uri().to_owned()));
            if let Some(uri) = uri.filter(|_| has_settings) {
                self.change_uri(uri);
            }
            self.emit(&SyncEvent::Applied(newest_before));
        }
        result
    }

    pub fn fetch_changes(&self) {
        let store = *self;
        let before = self.fetch_state();
        let is_idle = before == FetchState::Idle;
        self.set_fetch_state(if is_idle { FetchState::Running } else { FetchState::RunningStale });
        if is_idle {
            spawn_local(async move {
                store.run_fetch().await;
            });
        }
    }

    fn poll(&self) {
        let store = *self;
        if !self.is_open() || self.fetch_state() != FetchState::Idle {
            return;
        }
        self.set_fetch_state(FetchState::Running);
        spawn_local(async move {
            let is_answered = store.run_fetch().await;
            store.socket().report_poll(is_answered);
        });
    }

    /// Fetches changes until nothing is missing. Returns whether the server answered.
    async fn run_fetch(self) -> bool {
        let generation = self.generation();
        while let Some(query) = self.changes_query() {
            let response = self.session().send(api::get_changes(&self.current_uri(), query)).await;
            if !self.is_current(generation) {
                return true;
            }
            match response {
                Ok(changes) => {
                    let has_more = changes.more;
                    match self.apply(changes) {
                        ApplyResult::Applied if has_more => self.set_fetch_state(FetchState::RunningStale),
                        ApplyResult::Applied | ApplyResult::Ignored | ApplyResult::Gap => {}
                        ApplyResult::Mismatch => {
                            self.load();
                            break;
                        }
                    }
                }
                Err(error) => {
                    self.set_fetch_state(FetchState::Idle);
                    let is_answered = error != RequestError::Unreachable;
                    self.on_rejected(error);
                    return is_answered;
                }
            }
            if self.fetch_state() != FetchState::RunningStale {
                break;
            }
            self.set_fetch_state(FetchState::Running);
        }
        self.set_fetch_state(FetchState::Idle);
        true
    }

    fn on_rejected(&self, error: RequestError) {
        match error.code() {
            Some(ProblemCode::StaleCursor) => self.load(),
            Some(_) if error.is_permanent() => self.on_load_failed(error),
            Some(code) if !code.is_transient() => {}
            _ => self.subscribe_later(),
        }
    }

    /// Subscribing again also delivers the missed changes. Without a socket the next poll does.
    fn subscribe_later(&self) {
        let store = *self;
        let generation = self.generation();
        let subscribe = move || {
            if store.is_current(generation) && store.socket().is_open() {
                store.send_subscribe();
            }
        };
        Timeout::new(RETRY_DELAY, subscribe).forget();
    }

    fn send_subscribe(&self) {
        if let Some(ChangesQuery { after, epoch }) = self.changes_query() {
            // By the URI, because a deleted chat is reported as such only to clients that know its URI.
            let (chat_id, uri) = (None, Some(self.current_uri()));
            let frame = ClientFrame::Subscribe { chat_id, uri, after: Some(after), epoch };
            self.socket().send_expecting_reply(&frame);
        }
    }

    /// `update` returns whether the changes must be fetched again, because it took in a page that was read before them.
    pub(super) fn update_timeline(&self, update: impl FnOnce(&mut Timeline) -> bool) {
        if self.timeline.try_update(|timeline| timeline.as_mut().is_some_and(update)) == Some(true) {
            self.fetch_changes();
        }
    }

    /// Loads the quoted messages that are missing.
    pub fn load_quoted<'a>(&self, quotes: impl Iterator<Item = &'a Quote>) {
        let mut new = Vec::new();
        self.inner.update_value(|inner| {
            for &Quote { seq, .. } in quotes.filter(|quote| quote.is_missing) {
                if !inner.loading_quotes.contains(&seq) {
                    inner.loading_quotes.push(seq);
                    new.push(seq);
                }
            }
        });
        if !new.is_empty() {
            spawn_local(self.fetch_quoted(new));
        }
    }

    async fn fetch_quoted(self, seqs: Vec<Seq>) {
        let generation = self.generation();
        for seq in seqs {
            let mut page = self.session().send(api::get_message(&self.current_uri(), seq)).await;
            while page == Err(RequestError::Unreachable) && self.is_current(generation) {
                TimeoutFuture::new(RETRY_DELAY).await;
                page = self.session().send(api::get_message(&self.current_uri(), seq)).await;
            }
            if !self.is_current(generation) {
                return;
            }
            let Ok(page) = page else { continue };
            self.update_timeline(|timeline| timeline.add_quoted(seq, page));
        }
    }

    fn changes_query(&self) -> Option<ChangesQuery> {
        self.with_timeline_untracked(|timeline| timeline.map(Timeline::changes_query))
    }

    fn fetch_state(&self) -> FetchState {
        self.inner.with_value(|inner| inner.fetch)
    }

    fn set_fetch_state(&self, state: FetchState) {
        self.inner.update_value(|inner| inner.fetch = state);
    }

    // Reading

    pub fn with_timeline<T>(&self, read: impl FnOnce(Option<&Timeline>) -> T) -> T {
        self.timeline.with(|timeline| read(timeline.as_ref()))
    }

    pub fn with_timeline_untracked<T>(&self, read: impl FnOnce(Option<&Timeline>) -> T) -> T {
        self.timeline.with_untracked(|timeline| read(timeline.as_ref()))
    }

    pub fn has_socket(&self) -> bool {
        self.socket().is_open()
    }

    pub(super) fn is_open(&self) -> bool {
        self.timeline.with_untracked(Option::is_some)
    }

    /// The settings of the chat.
    pub fn chat(&self) -> Option<Chat> {
        self.with_timeline(|timeline| timeline.map(|timeline| timeline.chat().clone()))
    }

    pub fn user_id(&self) -> UserId {
        self.user_id.get()
    }

    pub fn current_user_id(&self) -> UserId {
        self.user_id.get_untracked()
    }

    pub fn current_member(&self) -> CurrentMember {
        let user_id = self.user_id();
        let role = self.with_timeline(|timeline| timeline?.member(user_id).map(|member| member.role));
        CurrentMember { user_id, role: role.unwrap_or(Role::Reader) }
    }

    /// The members: the owner first, then in the order in which they joined. Does not track; see
    /// [`SyncStore::members_version`].
    pub fn members(&self) -> Vec<Member> {
        self.with_timeline_untracked(|timeline| {
            timeline.map(|timeline| timeline.members().into_iter().cloned().collect()).unwrap_or_default()
        })
    }

    /// Changes whenever [`SyncStore::members`] does.
    pub fn members_version(&self) -> i64 {
        self.with_timeline(|timeline| {
            let members = timeline.map(Timeline::members).unwrap_or_default();
            members
                .iter()
                .fold(0_i64, |version, member| version.wrapping_mul(31).wrapping_add(member.revision.get()))
        })
    }

    /// See [`Timeline::mentions`]. Does not track.
    pub fn mentions(&self, message: &Message) -> Mentions {
        self.with_timeline_untracked(|timeline| {
            timeline.map(|timeline| timeline.mentions(message)).unwrap_or_default()
        })
    }

    /// The name of a user among the members, see [`Timeline::distinct_name`]. Does not track.
    pub fn distinct_name(&self, user: &User) -> String {
        self.with_timeline_untracked(|timeline| {
            timeline.map(|timeline| timeline.distinct_name(user)).unwrap_or_default()
        })
    }

    pub fn members_with_status(&self, status: MembershipStatus) -> Vec<Member> {
        self.with_timeline(|timeline| {
            timeline.iter().flat_map(|timeline| timeline.members_with_status(status)).cloned().collect()
        })
    }

    /// 0 without messages.
    pub(super) fn newest_seq(&self) -> Seq {
        self.with_timeline_untracked(|timeline| {
            timeline.and_then(|t| t.messages().next_back()).map(|message| message.seq).unwrap_or_default()
        })
    }

    /// See [`Timeline::part`]. Does not track.
    pub(super) fn part(&self, seq: Seq) -> Part {
        self.with_timeline_untracked(|timeline| {
            timeline.map(|timeline| timeline.part(seq)).unwrap_or_default()
        })
    }
}

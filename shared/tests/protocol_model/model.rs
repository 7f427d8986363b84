//! The state machine: every step that can happen, and the properties that must hold in every state.

use stateright::{Model, Property};

use crate::{
    client::{ChangeState, Client, Frame, PostState, changes_since},
    server::{PendingWrite, Server, WriteKind},
};

pub const VIEW_IS_PREFIX: &str = "every view is a prefix of the chat";
pub const STORED_ONCE: &str = "a message is stored once";
pub const ACKNOWLEDGED_IS_STORED: &str = "an acknowledged message is stored with its seq";
pub const ACKNOWLEDGED_CHANGE_IS_STORED: &str = "an acknowledged edit or reaction is stored";
pub const NUMBERS_HAVE_NO_GAP: &str = "numbers of changes have no gap";
pub const CONSISTENT_AT_REST: &str = "at rest every view equals the chat";
pub const COMES_TO_REST: &str = "the system comes to rest";

pub struct Protocol {
    pub clients: usize,
    /// How many of the clients post a message.
    pub writers: usize,
    /// Whether each of them edits it afterwards.
    pub has_edits: bool,
    /// Whether each of the others reacts to the first message.
    pub has_reactions: bool,
    pub faults: FaultBudget,
    pub mutation: Option<Mutation>,
}

/// How many faults of each kind may still happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FaultBudget {
    pub disconnects: u8,
    pub losses: u8,
    pub duplicates: u8,
    pub crashes: u8,
}

/// A deliberate bug, which the properties must detect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutation {
    AppliesAfterGap,
    MovesHeadBack,
    StoresDuplicates,
    AcknowledgesBeforeCommit,
    AssignsSeqBeforeCommit,
    ReadsBeforeSubscribing,
    NeverResends,
    EditsWithoutNumber,
    RemovesRepeatedReaction,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SystemState {
    pub server: Server,
    pub clients: Vec<Client>,
    faults_left: FaultBudget,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A frame arrives at the server; `again` means that it will arrive once more.
    DeliverUp {
        client: usize,
        frame: Frame,
        again: bool,
    },
    /// A frame arrives at the client.
    DeliverDown {
        client: usize,
        frame: Frame,
        again: bool,
    },
    LoseUp(usize, Frame),
    LoseDown(usize, Frame),
    Commit,
    Publish,
    Disconnect(usize),
    Reconnect(usize),
    Crash,
}

impl Model for Protocol {
    type State = SystemState;
    type Action = Step;

    fn init_states(&self) -> Vec<SystemState> {
        let client = |index| {
            let is_writer = index < self.writers;
            Client::new(is_writer, if is_writer { self.has_edits } else { self.has_reactions })
        };
        let clients = (0..self.clients).map(client).collect();
        vec![SystemState { server: Server::default(), clients, faults_left: self.faults }]
    }

    fn actions(&self, state: &SystemState, steps: &mut Vec<Step>) {
        for (index, client) in state.clients.iter().enumerate() {
            if !client.is_connected {
                steps.push(Step::Reconnect(index));
            } else if client.is_broken || state.faults_left.disconnects > 0 {
                steps.push(Step::Disconnect(index));
            }
            state.add_frame_steps(index, steps);
        }
        if !state.server.pending.is_empty() && state.server.committed.is_none() {
            steps.push(Step::Commit);
        }
        if state.server.committed.is_some() {
            steps.push(Step::Publish);
        }
        if state.faults_left.crashes > 0 {
            steps.push(Step::Crash);
        }
    }

    fn next_state(&self, state: &SystemState, step: Step) -> Option<SystemState> {
        let mut state = state.clone();
        let SystemState { server, clients, faults_left } = &mut state;
        match step {
            Step::DeliverUp { client, frame, again } => {
                faults_left.duplicates -= u8::from(again);
                clients[client].up.retain(|other| again || *other != frame);
                clients[client].deliver_up(client, &frame, server, self.mutation);
            }
            Step::DeliverDown { client, frame, again } => {
                faults_left.duplicates -= u8::from(again);
                clients[client].down.retain(|other| again || *other != frame);
                clients[client].deliver_down(frame, self.mutation);
            }
            Step::LoseUp(client, frame) => {
                faults_left.losses -= 1;
                clients[client].is_broken = clients[client].up.remove(&frame);
            }
            Step::LoseDown(client, frame) => {
                faults_left.losses -= 1;
                clients[client].is_broken = clients[client].down.remove(&frame);
            }
            Step::Commit => server.commit(self.mutation),
            Step::Publish => state.publish(),
            Step::Disconnect(client) => {
                faults_left.disconnects -= u8::from(!clients[client].is_broken);
                clients[client].disconnect();
                server.disconnect(client);
            }
            Step::Reconnect(client) => clients[client].reconnect(self.mutation),
            Step::Crash => {
                faults_left.crashes -= 1;
                server.crash();
                clients.iter_mut().for_each(Client::disconnect);
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ACKNOWLEDGED_IS_STORED, |_, state: &SystemState| {
                state.clients.iter().enumerate().all(|(index, client)| match client.post {
                    PostState::Acknowledged(seq) => state.server.find_seq(index) == Some(seq),
                    _ => true,
                })
            }),
            Property::always(STORED_ONCE, |protocol, SystemState { server, .. }: &SystemState| {
                (0..protocol.writers)
                    .all(|author| server.rows.iter().filter(|row| row.author == author).count() <= 1)
            }),
            Property::always(ACKNOWLEDGED_CHANGE_IS_STORED, |_, state: &SystemState| {
                state.clients.iter().enumerate().all(|(index, client)| {
                    client.change != ChangeState::Acknowledged
                        || state.server.is_edited(index)
                        || state.server.has_reaction(index)
                })
            }),
            Property::always(NUMBERS_HAVE_NO_GAP, |_, state: &SystemState| state.server.has_no_gap()),
            Property::always(VIEW_IS_PREFIX, |_, state: &SystemState| {
                state.clients.iter().all(|client| state.is_prefix(client))
            }),
            Property::always(CONSISTENT_AT_REST, |_, state: &SystemState| {
                !state.is_at_rest() || state.is_consistent()
            }),
            Property::eventually(COMES_TO_REST, |_, state: &SystemState| {
                state.is_at_rest() && state.is_all_acknowledged()
            }),
            // Without such states the search would prove nothing about idempotency.
            Property::sometimes(
                "a stored message is posted again",
                |_, SystemState { server, .. }: &SystemState| {
                    server.pending.iter().any(|it| it.kind == WriteKind::Post && server.is_stored(it.author))
                },
            ),
        ]
    }
}

impl SystemState {
    /// What can happen to the frames between the server and one client.
    fn add_frame_steps(&self, client: usize, steps: &mut Vec<Step>) {
        let Client { up, down, .. } = &self.clients[client];
        let again = if self.faults_left.duplicates > 0 { &[false, true][..] } else { &[false] };
        for frame in up {
            steps.extend(again.iter().map(|&again| Step::DeliverUp { client, frame: frame.clone(), again }));
        }
        for frame in down {
            steps.extend(again.iter().map(|&again| Step::DeliverDown {
                client,
                frame: frame.clone(),
                again,
            }));
        }
        if self.faults_left.losses > 0 {
            steps.extend(up.iter().map(|frame| Step::LoseUp(client, frame.clone())));
            steps.extend(down.iter().map(|frame| Step::LoseDown(client, frame.clone())));
        }
    }

    /// Answers the writes of the committed batch and pushes its changes to all subscribers.
    fn publish(&mut self) {
        let Some(batch) = self.server.committed.take() else { return };
        for PendingWrite { author, kind, .. } in batch.writes.iter().filter(|write| write.can_answer) {
            let down = &mut self.clients[*author].down;
            match (kind, self.server.find_seq(*author)) {
                (WriteKind::Post, Some(seq)) => drop(down.insert(Frame::Posted { seq })),
                (WriteKind::Edit | WriteKind::React, _) => drop(down.insert(Frame::Saved)),
                (WriteKind::Post, None) => {}
            }
        }
        if self.server.head > batch.after {
            let changes = changes_since(batch.after, &self.server);
            for client in self.clients.iter_mut().filter(|client| client.is_subscribed) {
                client.down.insert(changes.clone());
            }
        }
    }

    fn is_prefix(&self, client: &Client) -> bool {
        let mut rows = client.view.rows().zip(&self.server.rows);
        client.view.rows().len() <= self.server.rows.len()
            && rows.all(|(row, stored)| row.is_same_or_earlier(stored))
    }

    /// No frame is on its way, and no lost frame is still undetected.
    fn is_at_rest(&self) -> bool {
        let is_quiet = |client: &Client| {
            client.is_connected && !client.is_broken && client.up.is_empty() && client.down.is_empty()
        };
        self.server.pending.is_empty() && self.server.committed.is_none() && self.clients.iter().all(is_quiet)
    }

    fn is_consistent(&self) -> bool {
        let is_current = |client: &Client| {
            client.view.head() == self.server.head && client.view.rows().eq(self.server.rows.iter().copied())
        };
        self.clients.iter().all(is_current)
    }

    fn is_all_acknowledged(&self) -> bool {
        let is_acknowledged = |client: &Client| {
            client.post != PostState::Pending
                && matches!(client.change, ChangeState::None | ChangeState::Acknowledged)
        };
        self.clients.iter().all(is_acknowledged)
    }
}

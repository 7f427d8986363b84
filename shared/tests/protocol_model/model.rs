//! The state machine: every step that can happen, and the properties that must hold in every state.

use stateright::{Model, Property};

use crate::{
    client::{Client, Frame, PostState, changes_since},
    server::Server,
};

pub const VIEW_IS_PREFIX: &str = "every view is a prefix of the chat";
pub const STORED_ONCE: &str = "a message is stored once";
pub const ACKNOWLEDGED_IS_STORED: &str = "an acknowledged message is stored with its seq";
pub const SEQS_HAVE_NO_GAP: &str = "seqs have no gap";
pub const CONSISTENT_AT_REST: &str = "at rest every view equals the chat";
pub const COMES_TO_REST: &str = "the system comes to rest";

pub struct Protocol {
    pub clients: usize,
    /// How many of the clients post a message.
    pub writers: usize,
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
        let clients = (0..self.clients).map(|index| Client::new(index < self.writers)).collect();
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
            Property::always(SEQS_HAVE_NO_GAP, |_, SystemState { server, .. }: &SystemState| {
                server.rows.iter().zip(1..).all(|(row, seq)| row.seq.get() == seq)
            }),
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
                    server.pending.iter().any(|post| server.is_stored(post.author))
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

    /// Answers the posts of the committed batch and pushes its changes to all subscribers.
    fn publish(&mut self) {
        let Some(batch) = self.server.committed.take() else { return };
        for post in batch.posts.iter().filter(|post| post.can_answer) {
            if let Some(seq) = self.server.find_seq(post.author) {
                self.clients[post.author].down.insert(Frame::Posted { seq });
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
        let rows: Vec<_> = client.view.rows().collect();
        self.server.rows.starts_with(&rows)
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
        self.clients.iter().all(|client| client.post != PostState::Pending)
    }
}

//! What can happen, and what must hold whatever does.

use stateright::{Model, Property};

use crate::{
    client::{Client, Frame, Saying, changes},
    server::Server,
};

pub struct Protocol {
    pub clients: usize,
    /// So many of the clients write.
    pub authors: usize,
    pub faults: Faults,
    pub mistake: Option<Mistake>,
}

/// How much may still go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Faults {
    pub cuts: u8,
    pub losses: u8,
    pub doubles: u8,
    pub crashes: u8,
}

/// What an implementation could get wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    AppliesWhatItShouldFetch,
    AppliesWhatItShouldIgnore,
    StoresTwice,
    AnswersBeforeTheCommit,
    NumbersBeforeTheCommit,
    ReadsBeforeItListens,
    SendsNothingAgain,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub server: Server,
    pub clients: Vec<Client>,
    left: Faults,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// A frame arrives at the server, or at the client; `again` says that it will arrive once more.
    ToServer {
        client: usize,
        frame: Frame,
        again: bool,
    },
    ToClient {
        client: usize,
        frame: Frame,
        again: bool,
    },
    LoseToServer(usize, Frame),
    LoseToClient(usize, Frame),
    Commit,
    Tell,
    Cut(usize),
    Reconnect(usize),
    Crash,
}

impl Model for Protocol {
    type State = State;
    type Action = Act;

    fn init_states(&self) -> Vec<State> {
        let clients = (0..self.clients).map(|number| Client::new(number < self.authors)).collect();
        vec![State { server: Server::default(), clients, left: self.faults }]
    }

    fn actions(&self, state: &State, acts: &mut Vec<Act>) {
        for (number, client) in state.clients.iter().enumerate() {
            if !client.connected {
                acts.push(Act::Reconnect(number));
            } else if client.torn || state.left.cuts > 0 {
                acts.push(Act::Cut(number));
            }
            state.frames(number, acts);
        }
        if !state.server.gathering.is_empty() && state.server.committed.is_none() {
            acts.push(Act::Commit);
        }
        if state.server.committed.is_some() {
            acts.push(Act::Tell);
        }
        if state.left.crashes > 0 {
            acts.push(Act::Crash);
        }
    }

    fn next_state(&self, state: &State, act: Act) -> Option<State> {
        let mut state = state.clone();
        let State { server, clients, left } = &mut state;
        match act {
            Act::ToServer { client, frame, again } => {
                left.doubles -= u8::from(again);
                if !again {
                    clients[client].up.remove(&frame);
                }
                clients[client].is_heard(client, &frame, server, self.mistake);
            }
            Act::ToClient { client, frame, again } => {
                left.doubles -= u8::from(again);
                if !again {
                    clients[client].down.remove(&frame);
                }
                clients[client].hears(frame, self.mistake);
            }
            Act::LoseToServer(client, frame) => {
                left.losses -= 1;
                clients[client].torn = clients[client].up.remove(&frame);
            }
            Act::LoseToClient(client, frame) => {
                left.losses -= 1;
                clients[client].torn = clients[client].down.remove(&frame);
            }
            Act::Commit => server.commit(self.mistake),
            Act::Tell => state.tell(),
            Act::Cut(client) => {
                left.cuts -= u8::from(!clients[client].torn);
                clients[client].disconnect();
                server.loses_sight_of(client);
            }
            Act::Reconnect(client) => clients[client].reconnect(self.mistake),
            Act::Crash => {
                left.crashes -= 1;
                server.crash();
                clients.iter_mut().for_each(Client::disconnect);
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("an answered message is stored at its place", |_, state: &State| {
                state.clients.iter().enumerate().all(|(number, client)| match client.saying {
                    Saying::Answered(seq) => state.server.seq_of(number) == Some(seq),
                    _ => true,
                })
            }),
            Property::always("a message is stored once", |protocol, State { server, .. }: &State| {
                (0..protocol.authors)
                    .all(|author| server.rows.iter().filter(|row| row.author == author).count() <= 1)
            }),
            Property::always("numbers have no gap", |_, State { server, .. }: &State| {
                server.rows.iter().zip(1..).all(|(row, seq)| row.seq == seq)
            }),
            Property::always("every view is the beginning of the chat", |_, state: &State| {
                state.clients.iter().all(|client| state.server.rows.starts_with(&client.view))
            }),
            Property::always("whoever has come to rest knows everything", |_, state: &State| {
                !state.is_at_rest() || state.is_equal()
            }),
            Property::eventually("everybody comes to rest", |_, state: &State| {
                state.is_at_rest() && state.is_all_said()
            }),
            // Otherwise the walk would have missed what matters.
            Property::sometimes("what is stored is said again", |_, State { server, .. }: &State| {
                server.gathering.iter().any(|work| server.is_stored(work.author))
            }),
        ]
    }
}

impl State {
    /// What may happen to the frames between the server and one client.
    fn frames(&self, client: usize, acts: &mut Vec<Act>) {
        let Client { up, down, .. } = &self.clients[client];
        let again = if self.left.doubles > 0 { &[false, true][..] } else { &[false] };
        for frame in up {
            acts.extend(again.iter().map(|&again| Act::ToServer { client, frame: frame.clone(), again }));
        }
        for frame in down {
            acts.extend(again.iter().map(|&again| Act::ToClient { client, frame: frame.clone(), again }));
        }
        if self.left.losses > 0 {
            acts.extend(up.iter().map(|frame| Act::LoseToServer(client, frame.clone())));
            acts.extend(down.iter().map(|frame| Act::LoseToClient(client, frame.clone())));
        }
    }

    /// Answers whoever can be answered, and tells whoever is listened for.
    fn tell(&mut self) {
        let Some(commit) = self.server.committed.take() else { return };
        for work in commit.works.iter().filter(|work| work.heard) {
            if let Some(seq) = self.server.seq_of(work.author) {
                self.clients[work.author].down.insert(Frame::Posted { seq });
            }
        }
        if self.server.head > commit.after {
            let told = changes(commit.after, &self.server);
            for client in self.clients.iter_mut().filter(|client| client.listened_for) {
                client.down.insert(told.clone());
            }
        }
    }

    /// Nothing is on its way, and nothing was lost that nobody noticed.
    fn is_at_rest(&self) -> bool {
        let quiet = |client: &Client| {
            client.connected && !client.torn && client.up.is_empty() && client.down.is_empty()
        };
        self.server.gathering.is_empty() && self.server.committed.is_none() && self.clients.iter().all(quiet)
    }

    fn is_equal(&self) -> bool {
        self.clients.iter().all(|client| client.view == self.server.rows)
    }

    fn is_all_said(&self) -> bool {
        self.clients.iter().all(|client| matches!(client.saying, Saying::Nothing | Saying::Answered(_)))
    }
}

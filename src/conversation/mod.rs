//! The one interface that every front end sees, whether it hosts or joins: commands in, events out.
//!
//! `host` and `session` each run a [`Conversation`]; `console` and `gui` each show one. Everything that a peer sent is
//! clean text from here on: see [`crate::wire::text`].
//!
//! - [`event`]: what a conversation tells
//! - [`outbox`]: one's own messages on their way
//! - [`view`]: from what a host sends to events

pub mod event;
pub mod outbox;
pub mod view;

use tokio::sync::mpsc;

pub use event::{Closed, Event, Listening, Question, Refused, RefusedReason, Said, State, Welcomed};
pub use outbox::Outbox;
pub use view::View;

/// Events that may wait for a front end. A slow one delays its own conversation, and nobody else's.
const EVENTS: usize = 256;

/// Commands that may wait for the network.
const COMMANDS: usize = 256;

/// What a front end asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// Say this to everyone. Too long or empty is answered with [`Event::Unsent`].
    Say(String),
    /// The answer to the [`Event::Asked`] before. Ignored when nothing was asked.
    Answer(bool),
    /// Leave. What was said before is given a moment to be acknowledged. A host's room ends with it.
    Leave,
    /// Leave once everything that was said has been acknowledged, for which the host has
    /// [`SILENCE`](crate::wire::limits::SILENCE); for the end of a script.
    Finish,
}

/// A running conversation. Dropping it leaves as [`Command::Leave`] does.
#[derive(Debug)]
pub struct Conversation {
    /// What one asks for.
    pub commands: mpsc::Sender<Command>,
    /// What happens. Ends after [`Event::Closed`] or [`Event::Refused`].
    pub events: mpsc::Receiver<Event>,
}

/// The other end of a [`Conversation`]: held by whoever runs it.
#[derive(Debug)]
pub struct Backstage {
    /// What the front end asks for; `None` when it is gone, which means [`Command::Leave`].
    pub commands: mpsc::Receiver<Command>,
    /// What the front end is told.
    pub events: mpsc::Sender<Event>,
}

impl Backstage {
    /// Tells that a text was not sent, and why.
    pub(crate) async fn unsent(&self, text: String, why: impl Into<String>) {
        let _ = self.events.send(Event::Unsent { text, why: why.into() }).await;
    }

    /// Takes no more commands, and gives back what was to be said by those that nobody got to. Waits for places in the
    /// channel that a front end has reserved and not filled.
    pub async fn give_back(&mut self) {
        self.commands.close();
        while let Some(command) = self.commands.recv().await {
            if let Command::Say(text) = command {
                self.unsent(text, outbox::TOO_LATE).await;
            }
        }
    }
}

impl Conversation {
    /// A conversation and its other end.
    pub fn new() -> (Self, Backstage) {
        let (commands, heard) = mpsc::channel(COMMANDS);
        let (tell, events) = mpsc::channel(EVENTS);
        (Self { commands, events }, Backstage { commands: heard, events: tell })
    }
}

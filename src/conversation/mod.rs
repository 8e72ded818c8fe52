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

use std::sync::Arc;

use tokio::sync::{Notify, mpsc};

pub use event::{Choice, Closed, Event, Listening, Question, Refused, RefusedReason, Said, State, Welcomed};
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
    Say {
        /// What is said.
        text: String,
        /// Whatever number the front end knows it by: it comes back in [`Said::tag`], [`Event::Unsent`] or
        /// [`Event::Delivered`], whichever becomes of it.
        tag: u64,
    },
    /// The answer to the [`Event::Asked`] before. Ignored when nothing was asked.
    Answer(bool),
    /// The answer to [`Question::Which`] in the [`Event::Asked`] before: the place of the chosen one in its list, or none of
    /// them. Ignored when that was not asked.
    Choose(Option<usize>),
    /// Leave once everything that was said has been acknowledged, for which the host, or a connection to it, has
    /// [`SILENCE`](crate::wire::limits::SILENCE); for the end of a script.
    Finish,
}

/// A running conversation. Dropping it leaves as [`Exit::leave`] does.
#[derive(Debug)]
pub struct Conversation {
    /// What one asks for.
    pub commands: mpsc::Sender<Command>,
    /// What happens. Ends after [`Event::Closed`] or [`Event::Refused`].
    pub events: mpsc::Receiver<Event>,
    /// The way out.
    pub exit: Exit,
}

/// The way out of a conversation: beside the commands, so that it is open however many of them wait.
#[derive(Clone, Debug, Default)]
pub struct Exit(Arc<Notify>);

impl Exit {
    /// Leaves. What was said before is given a moment to be acknowledged. A host's room ends with it.
    pub fn leave(&self) {
        self.0.notify_one();
    }
}

/// The other end of a [`Conversation`]: held by whoever runs it.
#[derive(Debug)]
pub struct Backstage {
    commands: mpsc::Receiver<Command>,
    /// What the front end is told.
    pub events: mpsc::Sender<Event>,
    exit: Exit,
}

impl Backstage {
    /// The next command, or `None` when the front end leaves or is gone. Cancel-safe.
    ///
    /// With `takes_commands`, what was asked for before one left comes first. Without, commands wait where they are.
    pub async fn command(&mut self, takes_commands: bool) -> Option<Command> {
        tokio::select! {
            biased;
            command = self.commands.recv(), if takes_commands => command,
            () = self.exit.0.notified() => None,
            () = self.events.closed() => None,
        }
    }

    /// Tells that a text was not sent, and why.
    pub(crate) async fn unsent(&self, text: String, tag: u64, why: impl Into<String>) {
        let _ = self.events.send(Event::Unsent { text, tag, why: why.into() }).await;
    }

    /// Takes no more commands, and gives back what was to be said by those that nobody got to. Waits for places in the
    /// channel that a front end has reserved and not filled.
    pub async fn give_back(&mut self) {
        self.commands.close();
        while let Some(command) = self.commands.recv().await {
            if let Command::Say { text, tag } = command {
                self.unsent(text, tag, outbox::TOO_LATE).await;
            }
        }
    }
}

impl Conversation {
    /// A conversation and its other end.
    pub fn new() -> (Self, Backstage) {
        let (commands, heard) = mpsc::channel(COMMANDS);
        let (tell, events) = mpsc::channel(EVENTS);
        let exit = Exit::default();
        (Self { commands, events, exit: exit.clone() }, Backstage { commands: heard, events: tell, exit })
    }
}

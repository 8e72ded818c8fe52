//! A conversation in a terminal: lines in, transcript out.
//!
//! - `human`: one line each for a person, the sender's name first
//! - `json`: one JSON object each, for scripts and bots
//! - `input`: what is typed

mod human;
mod input;
mod json;

use std::io::{self, IsTerminal, Write};

use tokio::sync::mpsc;

use self::input::Input;
use crate::conversation::{Closed, Command, Conversation, Event};

/// How the transcript is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Style {
    /// For a person.
    Human {
        /// With colours, which only a terminal shows.
        colour: bool,
    },
    /// For a program.
    Json,
}

impl Style {
    /// JSON, or else lines for a person, in colours if they go to a terminal and nobody minds.
    pub fn new(json: bool) -> Self {
        // See no-color.org: any value but an empty one.
        let minds = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        match json {
            true => Self::Json,
            false => Self::Human { colour: io::stdout().is_terminal() && !minds },
        }
    }
}

/// Shows a conversation on standard output and says what comes on standard input, until it ends; gives the last event.
///
/// The end of the input ends a join, once everything has been acknowledged; a host goes on, and so does a join whose
/// input never held a line, as that of a service. Ctrl-C and SIGTERM leave.
pub async fn run(conversation: Conversation, style: Style) -> Event {
    let Conversation { commands, mut events } = conversation;
    let mut transcript = human::Transcript::new(style);
    let mut input = Input::start();
    let mut is_hosting = false;
    // Until there is somebody to hear it or a question to answer, what is typed waits where it is.
    let mut is_heard = false;
    let leave = commands.clone();
    tokio::spawn(async move {
        loop {
            input::stop_signals().await;
            if leave.send(Command::Leave).await.is_err() {
                return;
            }
        }
    });
    loop {
        tokio::select! {
            event = events.recv() => {
                let Some(event) = event else { return Event::Closed(Closed::Left) };
                match event {
                    Event::Listening(_) => is_hosting = true,
                    Event::Welcomed(_) => is_heard = true,
                    Event::Asked(_) => input.expect_answer(),
                    _ => {}
                }
                let lines = match style {
                    Style::Human { .. } => transcript.lines(&event),
                    Style::Json => json::line(&event).into_iter().collect(),
                };
                if write(&lines).is_err() {
                    // Whoever read the transcript is gone.
                    let _ = commands.try_send(Command::Leave);
                }
                if matches!(event, Event::Closed(_) | Event::Refused(_)) {
                    return event;
                }
            }
            more = say(&mut input, &commands), if input.is_open() && (is_heard || input.is_to_answer()) => {
                if !more && !is_hosting && !input.was_always_empty() {
                    let _ = commands.try_send(Command::Leave);
                }
            }
        }
    }
}

/// Passes one line on; `false` at the end of the input. Cancel-safe: a line that cannot be taken yet is not read.
async fn say(input: &mut Input, commands: &mpsc::Sender<Command>) -> bool {
    let Ok(permit) = commands.reserve().await else { return std::future::pending().await };
    match input.next().await {
        Some(command) => {
            permit.send(command);
            true
        }
        None => false,
    }
}

fn write(lines: &[String]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    out.flush()
}

//! A conversation in a terminal: lines in, transcript out.
//!
//! - `human`: one line each for a person, the sender's name first
//! - `json`: one JSON object each, for scripts and bots
//! - `input`: what is typed

mod human;
mod input;
mod json;

use std::io::{self, IsTerminal, Write};

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
    let mut output = Output { style, human: human::Transcript::new(style), is_broken: false };
    let mut input = input::Input::start();
    let mut stops = std::pin::pin!(input::stop_signals());
    let mut is_hosting = false;
    loop {
        tokio::select! {
            event = events.recv() => {
                let Some(event) = event else { return Event::Closed(Closed::Left) };
                is_hosting |= matches!(event, Event::Listening(_));
                output.write(&event);
                match event {
                    Event::Asked(_) => input.expect_answer(),
                    Event::Closed(_) | Event::Refused(_) => return event,
                    _ => {}
                }
                if output.is_broken {
                    let _ = commands.try_send(Command::Leave);
                }
            }
            // A permit first: a line that the conversation cannot take yet stays where it is.
            Ok(permit) = commands.reserve(), if input.is_open() => match input.next().await {
                Some(command) => permit.send(command),
                None if is_hosting || input.was_always_empty() => {}
                None => permit.send(Command::Leave),
            },
            () = &mut stops => {
                let _ = commands.send(Command::Leave).await;
                stops.set(input::stop_signals());
            }
        }
    }
}

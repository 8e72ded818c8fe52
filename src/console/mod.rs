//! A conversation in a terminal: lines in, transcript out.
//!
//! - `human`: one line each for a person, the sender's name first
//! - `json`: one JSON object each, for scripts and bots
//! - [`doctor`]: what the doctor has found
//! - `input`, `output`: what is typed, and what is shown

pub mod doctor;
mod human;
mod input;
mod json;
mod output;

use std::{
    io::{self, IsTerminal},
    time::Duration,
};

use tokio::time::sleep;

use self::{input::Input, output::Output};
use crate::conversation::{Closed, Command, Conversation, Event, Exit, outbox};

/// Who was asked to stop has done so, or is stopped, in this time. Two seconds are promised.
const PATIENCE: Duration = Duration::from_millis(1_900);

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
/// input never held a line, as that of a service. Ctrl-C and SIGTERM leave, and do not wait for anybody to read the
/// transcript.
pub async fn run(conversation: Conversation, style: Style) -> Event {
    let exit = conversation.exit.clone();
    tokio::select! {
        last = show(conversation, style) => last,
        () = stop(exit) => Event::Closed(Closed::Left),
    }
}

/// Leaves when the system or the person asks for it, and comes to an end when they ask again, or when leaving takes long.
async fn stop(exit: Exit) {
    input::stop_signals().await;
    exit.leave();
    tokio::select! {
        () = input::stop_signals() => {}
        () = sleep(PATIENCE) => {}
    }
}

async fn show(conversation: Conversation, style: Style) -> Event {
    let Conversation { commands, mut events, exit } = conversation;
    let mut transcript = human::Transcript::new(style);
    let mut lines = |event: &Event| match style {
        Style::Human { .. } => transcript.lines(event),
        Style::Json => json::line(event).into_iter().collect(),
    };
    let output = Output::start();
    let mut input = Input::start();
    let mut is_hosting = false;
    // Until there is somebody to hear it or a question to answer, what is typed waits where it is.
    let mut is_heard = false;
    // What was typed and could not be taken yet. More is read when there is a place for it.
    let mut next = None;
    loop {
        let is_reading = next.is_none() && input.is_open() && (is_heard || input.is_to_answer());
        tokio::select! {
            event = events.recv() => {
                let event = event.unwrap_or(Event::Closed(Closed::Left));
                match &event {
                    Event::Listening(_) => is_hosting = true,
                    Event::Welcomed(_) => is_heard = true,
                    Event::Asked(question) => input.expect_answer(question),
                    _ => {}
                }
                let is_last = matches!(event, Event::Closed(_) | Event::Refused(_));
                if is_last {
                    for text in next.take().and_then(said).into_iter().chain(input.rest()) {
                        let unsent = Event::Unsent { text, tag: 0, why: outbox::TOO_LATE.to_owned() };
                        let _ = output.write(lines(&unsent)).await;
                    }
                }
                if output.write(lines(&event)).await.is_err() && !is_last {
                    // Whoever read the transcript is gone.
                    exit.leave();
                }
                if is_last {
                    output.finish().await;
                    return event;
                }
            }
            command = input.next(), if is_reading => next = match command {
                // Nobody is there to say yes.
                None if input.is_to_answer() => input.no_answer(),
                None if is_hosting || input.was_always_empty() => None,
                None => Some(Command::Finish),
                command => command,
            },
            // A place that was found is filled at once: a conversation that ends waits for those that are not.
            Ok(place) = commands.reserve(), if next.is_some() => {
                if let Some(command) = next.take() {
                    place.send(command);
                }
            }
        }
    }
}

fn said(command: Command) -> Option<String> {
    match command {
        Command::Say { text, .. } => Some(text),
        _ => None,
    }
}

//! From what was typed to what is valid, and on to whoever does it.
//!
//! - `typed`: what was typed (argh)
//! - `valid`: what is valid
//! - `log`: the log file
//! - `doctor`: what keeps people from talking
//! - `rooms`: the rooms that are announced on this network
//! - `hosts`: the commands about pins and one's own key, which need no network

mod doctor;
mod hosts;
mod log;
mod rooms;
mod typed;
mod valid;

use std::{
    ffi::OsString,
    io::{self, IsTerminal, Write},
    path::Path,
    process::ExitCode,
    sync::Arc,
    thread,
    time::Duration,
};

use argh::FromArgs;

use self::valid::{Front, Request, Task};
#[cfg(feature = "gui")]
use crate::gui;
use crate::{
    console::{self, Style},
    conversation::{Closed, Conversation, Event, RefusedReason},
    host,
    identity::{DataDir, Identity},
    reach::found::helper,
    session,
    transport::warm_up,
};

/// How the program ends. The numbers are an interface: scripts read them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    /// It did what was asked.
    Normal = 0,
    /// Something of this machine's own was in the way.
    Local = 1,
    /// What was typed does not make sense, or may mean several things.
    Usage = 2,
    /// The host could not be reached, or was lost.
    Unreachable = 3,
    /// The host's key is not the expected one.
    IdentityMismatch = 4,
    /// The host refused.
    Refused = 5,
    /// First contact, and nobody said yes.
    FirstContact = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// How the program ends when a conversation ended with this event.
fn exit_after(last: &Event) -> Exit {
    match last {
        Event::Refused(refused) => match refused.reason {
            RefusedReason::IdentityMismatch => Exit::IdentityMismatch,
            RefusedReason::IdentityUnknown => Exit::FirstContact,
            RefusedReason::Unreachable | RefusedReason::WrongProtocol => Exit::Unreachable,
            RefusedReason::Local => Exit::Local,
            RefusedReason::Ambiguous => Exit::Usage,
            _ => Exit::Refused,
        },
        Event::Closed(Closed::Lost { .. } | Closed::Violation { .. }) => Exit::Unreachable,
        Event::Closed(Closed::Removed { .. }) => Exit::Refused,
        _ => Exit::Normal,
    }
}

/// Does what the arguments (the program's own name not among them) ask for.
pub fn run(arguments: impl Iterator<Item = OsString>) -> Exit {
    let Ok(arguments) = arguments.map(OsString::into_string).collect::<Result<Vec<_>, _>>() else {
        return usage("The arguments have to be text in UTF-8.");
    };
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    if arguments == [helper::ARGUMENT] {
        // This program once more, started by itself.
        return if helper::run() == 0 { Exit::Normal } else { Exit::Local };
    }
    let typed = match typed::Parlor::from_args(&["parlor"], &arguments) {
        Ok(typed) => typed,
        Err(early) if early.status.is_ok() => {
            return show(&early.output);
        }
        Err(early) => return usage(early.output.trim_end()),
    };
    if typed.version {
        return show(concat!("parlor ", env!("CARGO_PKG_VERSION"), "\n"));
    }
    let can_ask = io::stdin().is_terminal();
    match Request::new(typed, can_ask) {
        Ok(request) => perform(request),
        Err(error) => usage(&error),
    }
}

fn usage(error: &str) -> Exit {
    eprintln!("{error}\nparlor --help tells what can be typed.");
    Exit::Usage
}

/// Prints an answer. A reader that has seen enough is no error.
fn show(answer: &str) -> Exit {
    let _ = io::stdout().write_all(answer.as_bytes());
    Exit::Normal
}

fn local(error: impl std::fmt::Display) -> Exit {
    eprintln!("{error}");
    Exit::Local
}

fn perform(Request { data_dir, log, task }: Request) -> Exit {
    if let Some(Err(error)) = log.as_ref().map(log::Log::start) {
        return local(error);
    }
    let log = log.as_ref().map(log::Log::path);
    match task {
        Task::ListRooms { json } => rooms::list(&data_dir, json),
        Task::ListHosts => hosts::list(&data_dir),
        Task::ForgetHost(who) => hosts::forget(&data_dir, &who),
        Task::ShowId => hosts::show_id(&data_dir),
        Task::Examine(examination) => doctor::examine(&examination, &data_dir),
        task => match data_dir.identity() {
            Ok(identity) => converse(task, Arc::new(identity), &data_dir, log),
            Err(error) => local(error),
        },
    }
}

/// A conversation, in the window or in the terminal.
fn converse(task: Task, identity: Arc<Identity>, data_dir: &DataDir, log: Option<&Path>) -> Exit {
    host::take_descriptors();
    thread::spawn(warm_up);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return local(error),
    };
    let pins = data_dir.pins();
    let exit = {
        let _guard = runtime.enter();
        match task {
            Task::Host(options, Front::Console { json }) => in_terminal(&runtime, host::host(options, identity), json),
            Task::Join(options, Front::Console { json }) => {
                in_terminal(&runtime, session::join(options, identity, pins), json)
            }
            windowed => window(windowed, identity, data_dir, log, runtime.handle()),
        }
    };
    // A thread that still waits for the terminal or a name server holds nobody up.
    runtime.shutdown_timeout(Duration::from_millis(100));
    exit
}

/// Shows a conversation in the terminal, beside whatever else the runtime does: between threads, each event of a busy room would
/// cost more than all that it says.
fn in_terminal(runtime: &tokio::runtime::Runtime, conversation: Conversation, json: bool) -> Exit {
    let shown = runtime.spawn(console::run(conversation, Style::new(json)));
    match runtime.block_on(shown) {
        Ok(last) => exit_after(&last),
        Err(panic) => local(panic),
    }
}

#[cfg(feature = "gui")]
fn window(
    task: Task,
    identity: Arc<Identity>,
    data_dir: &DataDir,
    log: Option<&Path>,
    runtime: &tokio::runtime::Handle,
) -> Exit {
    let named =
        matches!(task, Task::Host(_, Front::Window { named: true }) | Task::Join(_, Front::Window { named: true }));
    let mut link = String::new();
    let (name, opening) = match task {
        Task::Host(options, _) => (named.then(|| options.name.clone()), gui::Opening::Host(options)),
        Task::Join(options, _) => (named.then(|| options.name.clone()), gui::Opening::Join(options)),
        Task::Choose(given) => {
            link = given;
            (None, gui::Opening::Choose)
        }
        Task::ListRooms { .. } | Task::ListHosts | Task::ForgetHost(_) | Task::ShowId | Task::Examine(_) => {
            (None, gui::Opening::Choose)
        }
    };
    let (pins, runtime, dir, log) =
        (data_dir.pins(), runtime.clone(), data_dir.path().to_owned(), log.map(Path::to_owned));
    let begin_log = |path: &Path| log::Log::at(path.to_owned()).start();
    match gui::run(gui::Start { identity, pins, runtime, name, dir, log, begin_log, opening, link }) {
        Ok(()) => Exit::Normal,
        Err(error) => local(error),
    }
}

#[cfg(not(feature = "gui"))]
fn window(_: Task, _: Arc<Identity>, _: &DataDir, _: Option<&Path>, _: &tokio::runtime::Handle) -> Exit {
    usage("This parlor was built without its window. Add --console to host or join in the terminal.")
}

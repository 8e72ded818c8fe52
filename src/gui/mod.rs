//! The window, drawn by druid: the only module that names it.
//!
//! Events of a conversation come in through `bridge`, change the plain data in `model`, and are drawn by `screen` and
//! `widget`; what a person does goes the other way as a `command` to `app`, which holds the conversation. The network
//! is on its own threads and is never waited for.
//!
//! - `model`: all that is shown, without a display
//! - `screen`, `widget`, `theme`: how it looks
//! - `data`: the model as druid compares it
//! - `command`, `app`: what a person wants, and how it is done
//! - `bridge`: from the network's threads to the window's
//! - `ime`, `desktop`: what GTK has to be told beside druid
//! - `bench`: the window without a display, to be measured (feature `bench`)

mod app;
#[cfg(feature = "bench")]
pub mod bench;
mod bridge;
mod command;
mod data;
#[cfg(target_os = "linux")]
mod desktop;
#[cfg(target_os = "linux")]
mod ime;
mod model;
mod screen;
mod theme;
mod widget;

use std::{cell::RefCell, rc::Rc, sync::Arc};

use druid::{AppLauncher, ExtEventSink, Size, WidgetExt, WindowDesc};

use crate::{
    host,
    identity::{Identity, Name, Pins},
    session,
};
use model::Model;

/// What a window needs to know.
#[derive(Debug)]
pub struct Start {
    /// One's own key.
    pub identity: Arc<Identity>,
    /// The keys that are trusted.
    pub pins: Pins,
    /// Where the network runs.
    pub runtime: tokio::runtime::Handle,
    /// The name that is suggested to whoever has not chosen one.
    pub name: Name,
    /// What to begin with.
    pub opening: Opening,
}

/// What a window begins with.
#[derive(Clone, Debug)]
pub enum Opening {
    /// The start screen.
    Choose,
    /// A room of one's own.
    Host(host::Options),
    /// A room of somebody else's.
    Join(session::Options),
}

impl Opening {
    fn named(mut self, name: &Name) -> Self {
        match &mut self {
            Self::Choose => {}
            Self::Host(options) => options.name = name.clone(),
            Self::Join(options) => options.name = name.clone(),
        }
        self
    }
}

/// The window did not open.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// There is nothing to show it on.
    #[error("There is no display to open a window on. `--console` talks in the terminal instead.")]
    NoDisplay,
    /// The command line has something in it that GTK cannot read.
    #[error("The command line is not UTF-8, which the window's toolkit needs.")]
    Arguments,
    /// The toolkit failed.
    #[error("The window could not be opened: {0}")]
    Toolkit(String),
}

/// Opens the window and blocks until it is closed, by a person or by SIGINT or SIGTERM. The conversation has then ended too,
/// or was given up 1.5 seconds later.
///
/// To be called on the main thread.
///
/// # Errors
///
/// When no window could be opened; nothing was begun then.
pub fn run(start: Start) -> Result<(), WindowError> {
    if std::env::args_os().any(|argument| argument.to_str().is_none()) {
        return Err(WindowError::Arguments);
    }
    #[cfg(target_os = "linux")]
    if !desktop::has_display() {
        return Err(WindowError::NoDisplay);
    }
    let Start { identity, pins, runtime, name, opening } = start;
    let mut model = Model::new(&name, identity.fingerprint());
    #[cfg(target_os = "linux")]
    {
        model.dark = desktop::prefers_dark();
    }
    let opening = match opening {
        Opening::Choose => None,
        opening => Some(opening),
    };
    let root = screen::root().controller(app::Around { opening });
    let window = WindowDesc::new(root)
        .title(|model: &Model, _: &druid::Env| model.title())
        .window_size(Size::new(960.0, 680.0))
        .with_min_size(Size::new(480.0, 360.0));
    let launcher = AppLauncher::with_window(window);
    let sink = launcher.get_external_handle();
    let current = Rc::new(RefCell::new(None));
    let app = app::App {
        identity,
        pins,
        runtime: runtime.clone(),
        sink: sink.clone(),
        current: Rc::clone(&current),
        last: Opening::Choose,
    };
    runtime.spawn(close_when_told(sink));
    let launched = launcher.delegate(app).launch(model);
    let link = current.take();
    if let Some(link) = link {
        link.end(app::FAREWELL);
    }
    launched.map_err(|error| WindowError::Toolkit(error.to_string()))
}

/// Closes the window on SIGINT or SIGTERM, as a person would.
async fn close_when_told(sink: ExtEventSink) {
    told_to_end().await;
    sink.add_idle_callback(|model: &mut Model| model.quit = true);
    // Whoever says it twice does not want to wait.
    told_to_end().await;
    std::process::exit(1);
}

#[cfg(unix)]
async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn told_to_end() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}

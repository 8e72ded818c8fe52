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
//! - `around`: what is done around the whole tree of widgets
//! - `kept`: the files of the settings, and of what was written and not sent
//! - `ime`, `desktop`: what GTK has to be told beside druid
//! - `saving`: the transcript in a file
//! - `keyboard`: the keys that mean the same everywhere
//! - `herald`: the desktop's notifications
//! - `bench`: the window, to be measured (feature `bench`)

mod app;
mod around;
#[cfg(feature = "bench")]
pub mod bench;
mod bridge;
mod command;
mod data;
#[cfg(target_os = "linux")]
mod desktop;
#[cfg(target_os = "linux")]
mod herald;
#[cfg(target_os = "linux")]
mod ime;
mod kept;
mod keyboard;
mod model;
mod saving;
mod screen;
mod theme;
mod widget;

use std::{
    cell::{OnceCell, RefCell},
    path::{Path, PathBuf},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use druid::{AppLauncher, ExtEventSink, Point, Rect, Screen, Size, Widget, WidgetExt, WindowDesc, WindowState};

use crate::{
    host,
    identity::{Identity, Name, Pins},
    session,
};
use model::{
    Model,
    place::{self, Monitor, Place},
};

/// How long the window may take to close once it was told to, with all farewells.
const PATIENCE: Duration = Duration::from_secs(6);

/// How long what was set may take to be written when the window is closed.
const WRITING: Duration = Duration::from_secs(1);

/// What a window needs to know.
#[derive(Debug)]
pub struct Start {
    /// One's own key.
    pub identity: Arc<Identity>,
    /// The keys that are trusted.
    pub pins: Pins,
    /// Where the network runs.
    pub runtime: tokio::runtime::Handle,
    /// The name that was asked for; without one, the one that was chosen in the window before, or else the user's.
    pub name: Option<Name>,
    /// Where key, pins, settings and drafts are kept.
    pub dir: PathBuf,
    /// Where the log is written, if it is.
    pub log: Option<PathBuf>,
    /// Begins to write one into a file; if it cannot, a sentence about why.
    pub begin_log: fn(&Path) -> Result<(), String>,
    /// What to begin with.
    pub opening: Opening,
    /// An invite to fill in, from wherever: a person decides whether to join it.
    pub link: String,
}

/// What a window begins with.
#[derive(Clone, Debug, PartialEq)]
pub enum Opening {
    /// The start screen.
    Choose,
    /// A room of one's own.
    Host(host::Options),
    /// A room of somebody else's.
    Join(session::Options),
}

impl Opening {
    /// The same under another name.
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
/// or was given up 2 seconds later.
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
    let Start { identity, pins, runtime, name, dir, log, begin_log, opening, link } = start;
    let mut found = kept::settings::find(&dir);
    let log = log.or_else(|| found.begin_log(begin_log));
    let name = name.or_else(|| found.settings.name.clone()).unwrap_or_else(Name::default_name);
    let mut model = Model::new(&name, identity.fingerprint());
    model.settings = found.settings;
    model.adjusting = model::adjust::Adjusting { word: found.word, dir: dir.clone(), log, ..model.adjusting };
    let (drafts, last_drafts) = kept::drafts::Keeper::open(dir.clone());
    model.drafts = Rc::new(last_drafts);
    let drafts = Rc::new(drafts);
    #[cfg(target_os = "linux")]
    {
        model.dark_desktop = desktop::prefers_dark();
        desktop::show_icon();
    }
    model.start.fill_in(&link);
    let opening = match opening {
        Opening::Choose => None,
        opening => Some(opening.named(&name)),
    };
    let settings = Rc::new(OnceCell::new());
    let around = around::Around {
        opening,
        settings: Rc::clone(&settings),
        drafts: around::Drafting::new(Rc::clone(&drafts), &model),
        #[cfg(target_os = "linux")]
        herald: herald::Herald::start(&runtime),
    };
    let root = screen::root().controller(around);
    let launcher = AppLauncher::with_window(window(root, model.settings.place));
    let sink = launcher.get_external_handle();
    if found.writable {
        // It was not set before.
        let _ = settings.set(kept::settings::Keeper::telling(dir.clone(), sink.clone()));
    }
    let current = Rc::new(RefCell::new(None));
    let app = app::App {
        identity,
        pins,
        runtime: runtime.clone(),
        sink: sink.clone(),
        current: Rc::clone(&current),
        dir,
        examination: app::Examination::default(),
        looking: None,
    };
    app.look_up(&mut model);
    runtime.spawn(close_when_told(sink));
    let launched = launcher.delegate(app).launch(model);
    let link = current.take();
    let unsent = link.map(|link| link.end(app::FAREWELL)).unwrap_or_default();
    drafts.finish(unsent.iter().map(|said| model::slash::draft_of(said)).collect());
    if let Some(settings) = settings.get() {
        settings.finish(WRITING);
    }
    launched.map_err(|error| WindowError::Toolkit(error.to_string()))
}

/// The window, where it was last if that can still be seen.
fn window(root: impl Widget<Model> + 'static, last: Option<Place>) -> WindowDesc<Model> {
    let monitors: Vec<_> = Screen::get_monitors().iter().map(|monitor| free(&monitor.virtual_work_rect())).collect();
    let (width, height) = place::USUAL;
    let here = match last {
        Some(place) => place.on(&monitors),
        None => Place { width, height, at: None, maximized: false },
    };
    let size = |(width, height): (i32, i32)| Size::new(width.into(), height.into());
    let mut window = WindowDesc::new(root)
        .title(|model: &Model, _: &druid::Env| model.title())
        .window_size(size((here.width, here.height)))
        .with_min_size(size(place::SMALLEST));
    if let Some((x, y)) = here.at {
        window = window.set_position(Point::new(x.into(), y.into()));
    }
    if here.maximized {
        window = window.set_window_state(WindowState::Maximized);
    }
    window
}

fn free(area: &Rect) -> Monitor {
    let whole = |number: f64| number as i32;
    Monitor { at: (whole(area.x0), whole(area.y0)), size: (whole(area.width()), whole(area.height())) }
}

/// A window that is told to close is told again after so long.
const AGAIN: Duration = Duration::from_millis(100);

/// Closes the window, sooner or later: commands from elsewhere may be lost, so it is told again.
async fn keep_closing(sink: ExtEventSink) {
    while sink.submit_command(druid::commands::CLOSE_ALL_WINDOWS, (), druid::Target::Global).is_ok() {
        tokio::time::sleep(AGAIN).await;
    }
}

/// Closes the window on SIGINT or SIGTERM, as a person would.
async fn close_when_told(sink: ExtEventSink) {
    told_to_end().await;
    tokio::spawn(keep_closing(sink));
    // Whoever says it twice does not want to wait; and while a dialog of the toolkit is open, its window does not close.
    let _ = tokio::time::timeout(PATIENCE, told_to_end()).await;
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

//! Where what a person wants meets what the network does: conversations are begun here, told things, and left.

use std::{
    cell::{OnceCell, RefCell},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use druid::{
    AppDelegate, Command as Told, DelegateCtx, Env, Event, ExtEventSink, Handled, Target, Widget, WindowId,
    WindowState, commands,
    widget::{Controller, prelude::*},
};

use super::{
    Opening, command,
    keeper::Keeper,
    keyboard,
    model::{Model, Screen, place::Place},
};
use crate::{
    conversation::Command,
    gui::bridge::Link,
    host,
    identity::{Identity, Pins},
    session,
};

/// How long a conversation may take to end when the window is closed.
pub(super) const FAREWELL: Duration = Duration::from_millis(1500);

/// The conversation that is shown, if there is one. Shared with who closes it after the window is gone.
pub(super) type Current = Rc<RefCell<Option<Link>>>;

/// The hands of the window.
pub(super) struct App {
    pub(super) identity: Arc<Identity>,
    pub(super) pins: Pins,
    pub(super) runtime: tokio::runtime::Handle,
    pub(super) sink: ExtEventSink,
    pub(super) current: Current,
    /// What was begun last, to be begun again under another name.
    pub(super) last: Opening,
}

impl App {
    fn open(&mut self, opening: Opening, model: &mut Model) {
        model.begin(&opening);
        // The runtime is entered, not waited for: both return at once.
        let within = self.runtime.enter();
        let conversation = match opening.clone() {
            Opening::Choose => return,
            Opening::Host(options) => host::host(options, Arc::clone(&self.identity)),
            Opening::Join(options) => session::join(options, Arc::clone(&self.identity), self.pins.clone()),
        };
        drop(within);
        self.last = opening;
        self.current.replace(Some(Link::new(conversation, self.sink.clone(), &self.runtime)));
    }

    fn start(&mut self, model: &mut Model) {
        // A second Enter comes when it has begun already.
        if model.screen != Screen::Start {
            return;
        }
        match model.start.opening() {
            Ok(opening) => {
                model.keep_name();
                self.open(opening, model);
            }
            Err(why) => model.start.complaint = why,
        }
    }

    fn tell(&self, command: Command) -> bool {
        let current = self.current.borrow();
        let place = current.as_ref().and_then(Link::reserve);
        place.map(|place| place.send(command)).is_some()
    }

    fn send(&self, model: &mut Model) {
        let current = self.current.borrow();
        match current.as_ref().and_then(Link::reserve) {
            Some(place) => {
                if let Some(command) = model.room.take_draft() {
                    place.send(command);
                }
            }
            None if model.room.open() => {
                model.room.complaint = "The network is slower than you are: try again in a moment.".to_owned();
            }
            None => {}
        }
    }

    fn leave(&self, model: &mut Model) {
        match &*self.current.borrow() {
            Some(link) if model.room.open() => return link.leave(),
            _ => {}
        }
        self.back(model);
    }

    /// Drops what is under way, which leaves it.
    fn back(&self, model: &mut Model) {
        self.current.replace(None);
        model.back();
    }
}

impl AppDelegate<Model> for App {
    fn event(
        &mut self,
        ctx: &mut DelegateCtx,
        _window: WindowId,
        event: Event,
        model: &mut Model,
        _env: &Env,
    ) -> Option<Event> {
        if let Event::KeyDown(key) = &event
            && let Some(meaning) = keyboard::anywhere(key)
        {
            let over = model.overlay;
            if model.press(meaning) {
                if over.is_some() && model.overlay.is_none() {
                    ctx.submit_command(command::FOCUS_AGAIN);
                }
                return None;
            }
        }
        Some(event)
    }

    fn command(
        &mut self,
        ctx: &mut DelegateCtx,
        _target: Target,
        told: &Told,
        model: &mut Model,
        _env: &Env,
    ) -> Handled {
        if let Some(opening) = told.get(command::OPEN) {
            self.open(opening.clone(), model);
        } else if let Some(name) = told.get(command::RETRY_AS) {
            let opening = self.last.clone().named(name);
            self.open(opening, model);
        } else if let Some(yes) = told.get(command::ANSWER) {
            model.answered();
            self.tell(Command::Answer(*yes));
        } else if let Some(bytes) = told.get(command::TOO_LARGE) {
            let complaint = format!("That was not pasted: {bytes} bytes are more than fit a message.");
            match model.screen {
                Screen::Room => model.room.complaint = complaint,
                _ => model.start.complaint = complaint,
            }
        } else if told.is(command::START) {
            self.start(model);
        } else if told.is(command::SEND) {
            self.send(model);
            // One wants to see what one has said.
            ctx.submit_command(command::TO_END);
        } else if told.is(command::LEAVE) {
            self.leave(model);
        } else if told.is(command::BACK) {
            self.back(model);
        } else if let Some(overlay) = told.get(command::SHOW) {
            model.show(*overlay);
        } else if told.is(command::HIDE) {
            model.hide();
            ctx.submit_command(command::FOCUS_AGAIN);
        } else if let Some(folder) = told.get(command::FOLDER) {
            model.settings.folder = Some(folder.path().to_owned());
        } else {
            return Handled::No;
        }
        Handled::Yes
    }
}

/// What has to be done around the whole tree: once when the window is there, and when it is to go.
pub(super) struct Around {
    pub(super) opening: Option<Opening>,
    /// Who keeps the settings; nobody where the file must not be written.
    pub(super) keeper: Rc<OnceCell<Keeper>>,
    #[cfg(target_os = "linux")]
    pub(super) herald: super::herald::Herald,
}

impl Around {
    /// Keeps what is set, and where the window is: it is about to go.
    fn remember(&self, ctx: &EventCtx, model: &mut Model) {
        let window = ctx.window();
        let maximized = window.get_window_state() == WindowState::Maximized;
        // What it goes back to is not known while it fills the monitor.
        let last = model.settings.place.filter(|_| maximized);
        let (size, at) = (window.get_size(), window.get_position());
        let here = Place::new(size.width as i64, size.height as i64, Some((at.x as i64, at.y as i64)), maximized);
        model.settings.place = Some(last.map_or(here, |last| Place { maximized, ..last }));
        model.take_name();
        self.keep(model);
    }

    fn keep(&self, model: &Model) {
        if let Some(keeper) = self.keeper.get() {
            keeper.keep(&model.settings);
        }
    }
}

impl<W: Widget<Model>> Controller<Model, W> for Around {
    fn event(&mut self, child: &mut W, ctx: &mut EventCtx, event: &Event, model: &mut Model, env: &Env) {
        if let Event::WindowConnected = event {
            #[cfg(target_os = "linux")]
            {
                super::ime::attach();
                super::desktop::watch(&ctx.get_external_handle());
                super::desktop::swallow_arguments(std::env::args().skip(1));
            }
            // Only now: before there is a window, nothing from elsewhere would reach it.
            if let Some(opening) = self.opening.take() {
                ctx.submit_command(command::OPEN.with(opening));
            }
        }
        if let Event::WindowCloseRequested = event {
            self.remember(ctx, model);
        }
        // A complaint stands until one writes on.
        let draft = (!model.room.complaint.is_empty()).then(|| model.room.draft.clone());
        child.event(ctx, event, model, env);
        if draft.is_some_and(|draft| draft != model.room.draft) {
            model.room.complaint.clear();
        }
    }

    fn update(&mut self, child: &mut W, ctx: &mut UpdateCtx, old: &Model, model: &Model, env: &Env) {
        if model.quit && !old.quit {
            ctx.submit_command(commands::CLOSE_ALL_WINDOWS);
        }
        if old.settings != model.settings {
            self.keep(model);
        }
        #[cfg(target_os = "linux")]
        if old.bell != model.bell {
            self.herald.tell(model.bell.notification());
        }
        child.update(ctx, old, model, env);
    }
}

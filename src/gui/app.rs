//! Where what a person wants meets what the network does: conversations are begun here, told things, and left.

use std::{cell::RefCell, rc::Rc, sync::Arc, time::Duration};

use druid::{
    AppDelegate, Command as Told, DelegateCtx, Env, Event, ExtEventSink, Handled, Target, Widget, commands,
    widget::{Controller, prelude::*},
};
use jiff::{Timestamp, tz::TimeZone};

use super::{
    Opening, command,
    model::{Model, Screen, known::Wish},
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
}

impl App {
    fn open(&mut self, opening: Opening, model: &mut Model) {
        model.begin(&opening);
        // The runtime is entered, not waited for: both return at once.
        let within = self.runtime.enter();
        let conversation = match opening {
            Opening::Choose => return,
            Opening::Host(options) => host::host(options, Arc::clone(&self.identity)),
            Opening::Join(options) => session::join(options, Arc::clone(&self.identity), self.pins.clone()),
        };
        drop(within);
        self.current.replace(Some(Link::new(conversation, self.sink.clone(), &self.runtime)));
    }

    fn start(&mut self, model: &mut Model) {
        // A second Enter comes when it has begun already.
        if model.screen != Screen::Start {
            return;
        }
        match model.start.opening() {
            Ok(opening) => self.open(opening, model),
            Err(why) => model.start.complaint = why,
        }
    }

    /// Reads who is trusted; what is shown follows.
    pub(super) fn look_up(&self, model: &mut Model) {
        match self.pins.load() {
            Ok((pins, _)) => model.look_up(&pins, Timestamp::now(), &TimeZone::system()),
            Err(error) if model.screen == Screen::Start => model.start.complaint = error.to_string(),
            Err(_) => {}
        }
    }

    /// Joins a room that one has been in, or forgets it.
    fn known(&mut self, wish: Wish, model: &mut Model) {
        let done = match wish {
            Wish::Forget(key) => self.pins.forget(&key.to_string()).map(|_| None).map_err(|error| error.to_string()),
            Wish::Join(key) => match self.pins.find(&key) {
                Ok(Some(pin)) => model.start.again(&pin).map(Some),
                Ok(None) => Err("This room was forgotten meanwhile. Ask the host for an invite.".to_owned()),
                Err(error) => Err(error.to_string()),
            },
        };
        match done {
            Ok(Some(opening)) if model.screen == Screen::Start => self.open(opening, model),
            Ok(_) => model.start.complaint.clear(),
            Err(why) => {
                self.look_up(model);
                model.start.complaint = why;
            }
        }
    }

    /// Trusts the key that was found in the place of the pinned one, if the person has shown that they mean it, and joins.
    fn replace_key(&mut self, model: &mut Model) {
        let Some(changed) = model.refusal.changed.as_mut().filter(|changed| changed.may_replace()) else { return };
        if let Err(error) = self.pins.replace(&changed.expected, changed.found, Timestamp::now()) {
            changed.complaint = error.to_string();
            return;
        }
        let found = changed.found;
        let mut opening = model.begun.clone();
        if let Opening::Join(options) = &mut opening {
            options.target.fingerprint = Some(found);
        }
        self.open(opening, model);
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
        } else if let Some(wish) = told.get(command::KNOWN) {
            self.known(*wish, model);
        } else if told.is(command::RETRY) {
            if let Some(opening) = model.again() {
                self.open(opening, model);
            }
        } else if told.is(command::REPLACE_KEY) {
            self.replace_key(model);
        } else if told.is(command::LOOK_UP) {
            self.look_up(model);
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
        } else {
            return Handled::No;
        }
        Handled::Yes
    }
}

/// What has to be done around the whole tree: once when the window is there, and when it is to go.
pub(super) struct Around {
    pub(super) opening: Option<Opening>,
}

impl<W: Widget<Model>> Controller<Model, W> for Around {
    fn event(&mut self, child: &mut W, ctx: &mut EventCtx, event: &Event, model: &mut Model, env: &Env) {
        if let Event::WindowConnected = event {
            #[cfg(target_os = "linux")]
            {
                super::ime::attach();
                super::desktop::swallow_arguments(std::env::args().skip(1));
            }
            // Only now: before there is a window, nothing from elsewhere would reach it.
            if let Some(opening) = self.opening.take() {
                ctx.submit_command(command::OPEN.with(opening));
            }
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
        if model.screen != old.screen && matches!(model.screen, Screen::Start | Screen::Refused) {
            ctx.submit_command(command::LOOK_UP);
        }
        child.update(ctx, old, model, env);
    }
}

//! Where what a person wants meets what the network does: conversations are begun here, told things, and left.

use std::{cell::RefCell, path::PathBuf, rc::Rc, sync::Arc, time::Duration};

use druid::{
    AppDelegate, Application, Command as Told, DelegateCtx, Env, Event, ExtEventSink, Handled, Target, WindowId,
    commands,
};
use jiff::{Timestamp, tz::TimeZone};

use super::{
    Opening, command, keyboard,
    model::{
        Model, Screen,
        known::{Id, Wish},
        link::is_invite,
        slash::Order,
        start::Doing,
    },
    saving,
};
use crate::{
    conversation::Command,
    gui::bridge::{FRAME, Link, Looking},
    host,
    identity::{DataDir, Identity, Pins},
    reach::{doctor, found::PinnedNames},
    session,
};

/// How long a conversation may take to end when the window is closed: a little longer than it gives the host to confirm what
/// was said, and itself to say goodbye, for only then does it tell what has not been sent.
pub(super) const FAREWELL: Duration = Duration::from_millis(2000);

/// The conversation that is shown, if there is one. Shared with who closes it after the window is gone.
pub(super) type Current = Rc<RefCell<Option<Link>>>;

/// The hands of the window.
pub(super) struct App {
    pub(super) identity: Arc<Identity>,
    pub(super) pins: Pins,
    pub(super) runtime: tokio::runtime::Handle,
    pub(super) sink: ExtEventSink,
    pub(super) current: Current,
    /// Where key and pins are kept.
    pub(super) dir: PathBuf,
    pub(super) examination: Examination,
    pub(super) looking: Option<Looking>,
}

/// Finding out why a join has failed: how often it was begun, and the task that does.
#[derive(Default)]
pub(super) struct Examination {
    begun: u64,
    task: Option<tokio::task::JoinHandle<()>>,
}

impl Examination {
    fn stop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

impl App {
    fn open(&mut self, opening: Opening, model: &mut Model) {
        self.examination.stop();
        model.begin(&opening);
        // The runtime is entered, not waited for: both return at once.
        let within = self.runtime.enter();
        let conversation = match opening {
            Opening::Choose => return,
            Opening::Host(options) => host::host(options, Arc::clone(&self.identity)),
            Opening::Join(options) => session::join(options, Arc::clone(&self.identity), self.pins.clone()),
        };
        drop(within);
        self.current.replace(Some(Link::new(conversation, self.sink.clone(), &self.runtime, FRAME)));
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

    /// Reads who is trusted; what is shown follows.
    pub(super) fn look_up(&self, model: &mut Model) {
        match self.pins.load() {
            Ok((pins, _)) => model.look_up(&pins, Timestamp::now(), &TimeZone::system()),
            Err(error) if model.screen == Screen::Start => model.start.complaint = error.to_string(),
            Err(_) => {}
        }
    }

    /// Looks which rooms are on this network, or looks no more.
    fn look_around(&mut self, model: &mut Model) {
        let look = model.look_around();
        self.looking = model.is_to_look_around().then(|| {
            let pins = self.pins.load().map(|(pins, _)| pins).unwrap_or_default();
            Looking::start(look, Arc::new(PinnedNames::of(&pins)), self.sink.clone(), &self.runtime)
        });
    }

    /// Joins a room that is listed, or forgets it.
    fn known(&mut self, wish: Wish, model: &mut Model) {
        let done = match wish {
            Wish::Forget(key) => {
                let forgotten = self.pins.forget(&key.to_string());
                self.look_up(model);
                forgotten.map(|_| None).map_err(|error| error.to_string())
            }
            Wish::Join(Id::Choice(place)) => {
                if model.screen == Screen::Which {
                    model.answered();
                    self.tell(Command::Choose(Some(place)));
                }
                return;
            }
            Wish::Join(Id::Seen(number)) => match self.pins.load() {
                Ok((pins, _)) => model.meet(number, &pins).map(Some),
                Err(error) => Err(error.to_string()),
            },
            Wish::Join(Id::Pinned(key)) => match self.pins.find(&key) {
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

    /// Says again what was not sent.
    fn retry(&self, tag: u64, model: &mut Model) {
        let current = self.current.borrow();
        if let Some(place) = current.as_ref().and_then(Link::reserve)
            && let Some(command) = model.room.retry(tag)
        {
            place.send(command);
            model.keep();
        }
    }

    /// Opens a link; an invite waits on the start screen until a person wants to go there.
    fn open_link(model: &mut Model, target: &str) {
        if is_invite(target) {
            model.start.doing = Doing::Join;
            model.start.place = target.to_owned();
            model.room.complaint = "The invite is on the start screen: join it there once you have left.".to_owned();
        } else if let Err(error) = open::that_detached(target) {
            model.room.complaint = format!("The link could not be opened: {error}.");
        }
    }

    fn leave(&mut self, model: &mut Model) {
        match &*self.current.borrow() {
            Some(link) if model.room.open() => return link.leave(),
            _ => {}
        }
        self.back(model);
    }

    /// Looks at the way to the host that could not be joined, in the background.
    fn find_out(&mut self, model: &mut Model) {
        let number = self.examination.begun + 1;
        let Some(question) = model.refusal.examine(number) else { return };
        self.examination.begun = number;
        let (sink, dir) = (self.sink.clone(), DataDir::resolve(Some(self.dir.clone())));
        let task = self.runtime.spawn(async move {
            let found = match dir {
                Ok(dir) => doctor::examine_join(&question, &dir).await.map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            let again = sink.clone();
            sink.add_idle_callback(move |model: &mut Model| {
                model.refusal.examined(number, found);
                // druid lays out what is new with the next event.
                let _ = again.submit_command(command::NUDGE, (), Target::Global);
            });
        });
        self.examination.task = Some(task);
    }

    /// Drops what is under way, which leaves it.
    fn back(&mut self, model: &mut Model) {
        self.examination.stop();
        self.current.replace(None);
        model.back();
    }
}

/// Does what was asked of the window.
fn obey(order: &Order, ctx: &mut DelegateCtx, model: &mut Model) {
    match order {
        Order::Help => model.room.help(),
        Order::Leave => ctx.submit_command(command::LEAVE),
        Order::Find(words) => ctx.submit_command(command::FIND.with(words.clone())),
        Order::Save => ctx.submit_command(command::SAVE),
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
        } else if let Some(wish) = told.get(command::KNOWN) {
            self.known(*wish, model);
        } else if told.is(command::LOOK_AROUND) {
            self.look_around(model);
        } else if told.is(command::RETRY) {
            if let Some(opening) = model.again() {
                self.open(opening, model);
            }
        } else if told.is(command::FIND_OUT) {
            self.find_out(model);
            // Its button has no use any more.
            ctx.submit_command(command::FOCUS_AGAIN);
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
        } else if let Some(tag) = told.get(command::SAY_AGAIN) {
            self.retry(*tag, model);
        } else if let Some(tag) = told.get(command::DISCARD) {
            model.room.feed.take(*tag);
            model.keep();
        } else if let Some(words) = told.get(command::FIND) {
            if let Some(row) = model.room.look_for(words) {
                ctx.submit_command(command::REVEAL.with(row));
            }
            // The box for the words takes the focus.
            return Handled::No;
        } else if let Some(newer) = told.get(command::FIND_STEP) {
            if let Some(row) = model.room.find_step(*newer) {
                ctx.submit_command(command::REVEAL.with(row));
            }
        } else if told.is(command::FIND_END) {
            model.room.find = None;
            ctx.submit_command(command::WRITE);
        } else if let Some(text) = told.get(command::COPY_TEXT) {
            Application::global().clipboard().put_string(text);
        } else if let Some(target) = told.get(command::OPEN_LINK) {
            Self::open_link(model, target);
        } else if let Some(file) = told.get(commands::SAVE_FILE_AS) {
            saving::save(model, file.path().to_owned(), self.sink.clone());
        } else if told.is(command::START) {
            self.start(model);
        } else if told.is(command::SEND) {
            match model.room.take_order() {
                Some(order) => obey(&order, ctx, model),
                None => self.send(model),
            }
            model.keep();
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
        } else if let Some(file) = told.get(command::LOG) {
            model.settings.log = Some(file.path().to_owned());
        } else {
            return Handled::No;
        }
        Handled::Yes
    }
}

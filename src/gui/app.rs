//! Where what a person wants meets what the network does: conversations are begun here, told things, and left.

use std::{cell::RefCell, path::PathBuf, rc::Rc, sync::Arc, time::Duration};

use druid::{
    AppDelegate, Application, Command as Told, DelegateCtx, Env, Event, ExtEventSink, FileDialogOptions, FileSpec,
    Handled, HotKey, SysMods, Target, TimerToken, Widget, commands,
    widget::{Controller, prelude::*},
};

use super::{
    Opening, command,
    kept::Keeper,
    model::{
        Model, Screen,
        drafts::Drafts,
        export::{self, Format},
        link::is_invite,
        room::Room,
        slash::Order,
        start::Doing,
    },
};
use crate::{
    conversation::Command,
    gui::bridge::Link,
    host,
    identity::{Identity, Pins},
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
            Ok(opening) => self.open(opening, model),
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

    /// Writes the transcript into a file, without keeping the window waiting.
    fn save(&self, model: &Model, path: PathBuf) {
        let (room, sink) = (&model.room, self.sink.clone());
        let written = export::written(&room.feed.log(), &room.name, room.feed.zone(), Format::of(&path));
        self.runtime.spawn_blocking(move || {
            let told = std::fs::write(&path, written).map_err(|error| error.to_string());
            sink.add_idle_callback(move |model: &mut Model| match told {
                Ok(()) => model.room.feed.notice(&format!("Saved in {}", path.display()), false),
                Err(why) => model.room.feed.notice(&format!("Not saved in {}: {why}", path.display()), true),
            });
        });
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
        } else if let Some(tag) = told.get(command::RETRY) {
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
            model.room.find_step(*newer);
        } else if told.is(command::FIND_END) {
            model.room.find = None;
            ctx.submit_command(command::WRITE);
        } else if let Some(text) = told.get(command::COPY_TEXT) {
            Application::global().clipboard().put_string(text);
        } else if let Some(target) = told.get(command::OPEN_LINK) {
            Self::open_link(model, target);
        } else if let Some(file) = told.get(commands::SAVE_FILE_AS) {
            self.save(model, file.path().to_owned());
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
        } else {
            return Handled::No;
        }
        Handled::Yes
    }
}

/// What is asked for when a transcript is saved.
fn save_options(room: &Room) -> FileDialogOptions {
    const TEXT: FileSpec = FileSpec::new("Plain text (.txt)", &["txt"]);
    const MARKDOWN: FileSpec = FileSpec::new("Markdown (.md)", &["md"]);
    const LINES: FileSpec = FileSpec::new("JSON Lines (.jsonl)", &["jsonl"]);
    FileDialogOptions::new()
        .title("Save the transcript")
        .button_text("Save")
        .allowed_types(vec![TEXT, MARKDOWN, LINES])
        .default_type(TEXT)
        .default_name(room.file_name(jiff::Zoned::now().date()))
}

/// While one writes, what is written is kept so often: what a power failure may take with it.
const KEEP: Duration = Duration::from_secs(2);

/// What has to be done around the whole tree: once when the window is there, when it is to go, and so that nothing is lost
/// that is written in between.
pub(super) struct Around {
    opening: Option<Opening>,
    keeper: Rc<Keeper>,
    /// What the keeper knows.
    kept: Rc<Drafts>,
    /// When what is being written is to be kept.
    keep: Option<TimerToken>,
}

impl Around {
    pub(super) fn new(opening: Option<Opening>, keeper: Rc<Keeper>, model: &Model) -> Self {
        Self { opening, keeper, kept: Rc::clone(&model.drafts), keep: None }
    }

    fn hand_over(&mut self, model: &Model) {
        if !Rc::ptr_eq(&self.kept, &model.drafts) {
            for (place, texts) in model.drafts.changes(&self.kept) {
                self.keeper.set(place, texts);
            }
            self.kept = Rc::clone(&model.drafts);
        }
        self.keeper.is_here(model.room.place());
    }
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
        match event {
            Event::Command(told) if told.is(command::SAVE) => {
                let file = commands::SHOW_SAVE_PANEL.with(save_options(&model.room));
                ctx.submit_command(file.to(ctx.window_id()));
                return;
            }
            Event::KeyDown(key) if model.screen == Screen::Room => {
                let pressed = |letter: &str| HotKey::new(SysMods::Cmd, letter).matches(key);
                let told: Option<Told> = match () {
                    () if pressed("f") => {
                        let words = model.room.find.as_ref().map(|find| find.words.clone());
                        Some(command::FIND.with(words.unwrap_or_default()))
                    }
                    () if pressed("s") => Some(command::SAVE.into()),
                    () => None,
                };
                if let Some(told) = told {
                    ctx.submit_command(told);
                    ctx.set_handled();
                    return;
                }
            }
            Event::Timer(token) if self.keep == Some(*token) => {
                self.keep = None;
                model.keep();
            }
            Event::WindowCloseRequested | Event::WindowDisconnected => {
                model.keep();
                self.hand_over(model);
            }
            _ => {}
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
        if self.keep.is_none() && !model.room.has_texts_of(&old.room) {
            self.keep = Some(ctx.request_timer(KEEP));
        }
        self.hand_over(model);
        child.update(ctx, old, model, env);
    }
}

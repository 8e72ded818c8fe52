//! What is done around the whole tree of widgets: once when the window is there and when it is to go, and in between so that
//! what is set and what is written outlives it.

use std::{cell::OnceCell, rc::Rc, time::Duration};

use druid::{
    Command as Told, Env, Event, HotKey, InternalLifeCycle, SysMods, TimerToken, Widget, WindowState,
    widget::{Controller, prelude::*},
};

use super::{
    Opening, command, kept,
    model::{Model, Screen, drafts::Drafts, place::Place, settings::folder},
    saving,
    widget::writing,
};

/// While one writes, what is written is kept so often: what a power failure may take with it.
const KEEP: Duration = Duration::from_secs(2);

/// The controller around the tree.
pub(super) struct Around {
    pub(super) opening: Option<Opening>,
    /// Who keeps the settings; nobody where the file must not be written.
    pub(super) settings: Rc<OnceCell<kept::settings::Keeper>>,
    pub(super) drafts: Drafting,
    #[cfg(target_os = "linux")]
    pub(super) herald: super::herald::Herald,
}

/// What is written and not sent, on its way into its file.
pub(super) struct Drafting {
    keeper: Rc<kept::drafts::Keeper>,
    /// What the keeper knows.
    kept: Rc<Drafts>,
    /// When what is being written is to be kept.
    timer: Option<TimerToken>,
}

impl Drafting {
    pub(super) fn new(keeper: Rc<kept::drafts::Keeper>, model: &Model) -> Self {
        Self { keeper, kept: Rc::clone(&model.drafts), timer: None }
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
        if let Some(settings) = self.settings.get() {
            settings.keep(&model.settings);
        }
    }

    fn connected(&mut self, ctx: &mut EventCtx) {
        #[cfg(target_os = "linux")]
        {
            super::ime::attach();
            super::desktop::watch(&ctx.get_external_handle());
            super::desktop::swallow_arguments(std::env::args().skip(1));
        }
        // Only now: before there is a window, nothing from elsewhere would reach it.
        match self.opening.take() {
            Some(opening) => ctx.submit_command(command::OPEN.with(opening)),
            None => ctx.submit_command(command::LOOK_AROUND),
        }
    }
}

/// What a key means anywhere in a conversation.
fn in_a_room(key: &druid::KeyEvent, model: &Model) -> Option<Told> {
    let pressed = |letter: &str| HotKey::new(SysMods::Cmd, letter).matches(key);
    match () {
        () if model.screen != Screen::Room || model.overlay.is_some() => None,
        () if pressed("f") => {
            let words = model.room.find.as_ref().map(|find| find.words.clone());
            Some(command::FIND.with(words.unwrap_or_default()))
        }
        () if pressed("s") => Some(command::SAVE.into()),
        () => None,
    }
}

/// The forms in which a transcript is saved, and how the names of such files end.
const FORMS: [(&str, &str); 3] =
    [("Plain text (.txt)", "txt"), ("Markdown (.md)", "md"), ("JSON Lines (.jsonl)", "jsonl")];

/// Asks where the transcript is to be saved.
#[cfg(target_os = "linux")]
fn ask_where(ctx: &mut EventCtx, model: &Model) {
    let (sink, folder) = (ctx.get_external_handle(), folder(&model.settings));
    let name = model.room.file_name(jiff::Zoned::now().date());
    super::desktop::ask_for_file(&name, folder.as_deref(), &FORMS, move |path| {
        let (told, path) = (sink.clone(), path);
        sink.add_idle_callback(move |model: &mut Model| saving::save(model, path, told));
    });
}

/// Asks where the transcript is to be saved.
#[cfg(not(target_os = "linux"))]
fn ask_where(ctx: &mut EventCtx, model: &Model) {
    use druid::{FileDialogOptions, FileSpec};
    const ENDINGS: [&[&str]; 3] = [&[FORMS[0].1], &[FORMS[1].1], &[FORMS[2].1]];
    let forms = FORMS.iter().zip(ENDINGS).map(|((words, _), endings)| FileSpec::new(words, endings));
    let name = format!("{}.{}", model.room.file_name(jiff::Zoned::now().date()), FORMS[0].1);
    let options = FileDialogOptions::new().allowed_types(forms.collect()).default_name(name);
    let options = match folder(&model.settings) {
        Some(folder) => options.force_starting_directory(folder),
        None => options,
    };
    ctx.submit_command(druid::commands::SHOW_SAVE_PANEL.with(options).to(ctx.window_id()));
}

impl<W: Widget<Model>> Controller<Model, W> for Around {
    fn event(&mut self, child: &mut W, ctx: &mut EventCtx, event: &Event, model: &mut Model, env: &Env) {
        match event {
            Event::WindowConnected => self.connected(ctx),
            Event::Command(told) if told.is(command::SAVE) => {
                ask_where(ctx, model);
                return;
            }
            Event::KeyDown(key) => {
                if let Some(told) = in_a_room(key, model) {
                    ctx.submit_command(told);
                    ctx.set_handled();
                    return;
                }
            }
            Event::Timer(token) if self.drafts.timer == Some(*token) => {
                self.drafts.timer = None;
                model.keep();
            }
            Event::WindowCloseRequested | Event::WindowDisconnected => {
                if matches!(event, Event::WindowCloseRequested) {
                    self.remember(ctx, model);
                }
                model.keep();
                self.drafts.hand_over(model);
            }
            _ => {}
        }
        // A complaint stands until one writes on.
        let draft = (!model.room.complaint.is_empty()).then(|| model.room.draft.clone());
        writing::was_reached();
        child.event(ctx, event, model, env);
        if matches!(event, Event::KeyDown(_)) && !writing::was_reached() {
            ctx.set_handled();
        }
        if draft.is_some_and(|draft| draft != model.room.draft) {
            model.room.complaint.clear();
        }
    }

    fn lifecycle(&mut self, child: &mut W, ctx: &mut LifeCycleCtx, event: &LifeCycle, model: &Model, env: &Env) {
        if let LifeCycle::Internal(InternalLifeCycle::RouteFocusChanged { new, .. }) = event {
            // druid tells its shell which text box has the keyboard after the window's next event, where the focus was moved by
            // something else, such as a room that opens. That event is this timer, and not the first key, which would be lost.
            ctx.request_timer(Duration::ZERO);
            // What had the focus cannot have it any more: without any, not even Tab would be heard.
            if new.is_none() {
                ctx.submit_command(command::FOCUS_AGAIN);
            }
        }
        child.lifecycle(ctx, event, model, env);
    }

    fn update(&mut self, child: &mut W, ctx: &mut UpdateCtx, old: &Model, model: &Model, env: &Env) {
        if model.screen != old.screen && matches!(model.screen, Screen::Start | Screen::Refused) {
            ctx.submit_command(command::LOOK_UP);
        }
        if model.is_to_look_around() != old.is_to_look_around() {
            ctx.submit_command(command::LOOK_AROUND);
        }
        if self.drafts.timer.is_none() && !model.room.has_texts_of(&old.room) {
            self.drafts.timer = Some(ctx.request_timer(KEEP));
        }
        self.drafts.hand_over(model);
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

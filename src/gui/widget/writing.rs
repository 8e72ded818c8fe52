//! What every text box of the window does beyond druid's own: it works with input methods, takes changes back, takes a paste
//! of several lines into one and refuses one that is too large to be laid out, and knows X11's second clipboard, which
//! is whatever was selected last.

use std::cell::Cell;

use druid::{
    Env, Event, EventCtx, KbKey, KeyEvent, LifeCycle, LifeCycleCtx, UpdateCtx, commands,
    text::Selection,
    widget::{Controller, TextBox, prelude::*},
};

#[cfg(target_os = "linux")]
use crate::gui::{desktop, ime};
use crate::{
    gui::{
        command,
        model::{
            completion::Edit,
            composer::LARGEST,
            undo::{Caret, Undo},
        },
        widget::button::TAKE_FOCUS,
    },
    identity::Invite,
};

thread_local! {
    /// Whether the key that is on its way has come to a text box.
    static REACHED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a key has come to a text box since this was asked last.
///
/// druid types a key into whatever text box it believes to have the keyboard, and ends the process if that is gone by then. So
/// what has not come to one on its way through the widgets must not go on to there.
pub(crate) fn was_reached() -> bool {
    REACHED.take()
}

/// The controller to put directly around a text box.
pub(crate) struct Writing {
    several_lines: bool,
    /// Has the focus when it appears.
    first: bool,
    undo: Undo,
    /// Where the caret was last.
    caret: Caret,
    /// What was selected when it was last offered to be pasted by the middle button.
    offered: Caret,
    /// Whether the middle button went down in this box.
    pasting: bool,
}

/// What is selected in a text box; nothing can be said while somebody else changes it.
pub(crate) fn caret(child: &TextBox<String>) -> Option<Caret> {
    let text = child.text();
    text.can_read().then(|| text.borrow().selection()).map(|at| Caret { anchor: at.anchor, active: at.active })
}

impl Writing {
    /// For a text of one line, which has the focus when it appears if it is the first.
    pub(crate) fn one_line(first: bool) -> Self {
        Self {
            several_lines: false,
            first,
            undo: Undo::default(),
            caret: Caret::default(),
            offered: Caret::default(),
            pasting: false,
        }
    }

    /// For a text of several lines.
    pub(crate) fn several_lines() -> Self {
        Self { several_lines: true, ..Self::one_line(true) }
    }

    /// Puts a text in place of what is selected, and keeps the caret in view.
    fn insert(&mut self, child: &mut TextBox<String>, ctx: &mut EventCtx, text: &str, data: &mut String, env: &Env) {
        if !child.text().can_write() {
            return;
        }
        let change = child.text_mut().borrow_mut().insert_text(data, text);
        ctx.invalidate_text_input(change);
        // The box scrolls to its caret only when the platform has changed the text.
        child.event(ctx, &Event::ImeStateChange, data, env);
        self.note(child, data);
    }

    /// Begins with another text, at its end.
    fn begin(&mut self, child: &mut TextBox<String>, data: &str) {
        self.undo.begin(data);
        self.caret = Caret::at(data.len());
        if child.text().can_write() {
            let _ = child.text_mut().borrow_mut().set_selection(Selection::caret(data.len()));
        }
    }

    /// Keeps what has become of the text.
    fn note(&mut self, child: &TextBox<String>, data: &str) {
        let Some(caret) = caret(child) else { return };
        if data != self.undo.text() {
            self.undo.changed(self.caret, data, caret);
        } else if caret != self.caret {
            self.undo.moved();
        }
        self.caret = caret;
    }

    fn paste(&mut self, child: &mut TextBox<String>, ctx: &mut EventCtx, text: &str, data: &mut String, env: &Env) {
        if data.len() + text.len() > LARGEST {
            ctx.submit_command(command::TOO_LARGE.with(text.len()));
            return;
        }
        let text = match self.several_lines {
            true => text.replace("\r\n", "\n"),
            false => {
                // An invite that was wrapped in a mail is one word; anything else keeps its words apart.
                let between = if Invite::is_in(text) { "" } else { " " };
                let lines = text.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty());
                lines.collect::<Vec<_>>().join(between)
            }
        };
        let text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
        if !text.is_empty() {
            self.insert(child, ctx, &text, data, env);
        }
    }

    fn edit(&mut self, child: &mut TextBox<String>, ctx: &mut EventCtx, edit: &Edit, data: &mut String, env: &Env) {
        let fits = data.get(edit.from..edit.to).is_some_and(|old| data.len() - old.len() + edit.text.len() <= LARGEST);
        if fits && child.text().can_write() {
            let _ = child.text_mut().borrow_mut().set_selection(Selection::new(edit.from, edit.to));
            self.insert(child, ctx, &edit.text, data, env);
        }
    }

    /// Takes back what was done last, or does it again.
    fn take_back(&mut self, child: &mut TextBox<String>, ctx: &mut EventCtx, back: bool, data: &mut String, env: &Env) {
        if !child.text().can_write() {
            return;
        }
        let Some((text, caret)) = (if back { self.undo.undo() } else { self.undo.redo() }) else { return };
        *data = text;
        self.caret = caret;
        {
            let mut session = child.text_mut().borrow_mut();
            // Nothing is put there, but the caret is looked for.
            let _ = session.set_selection(Selection::caret(caret.active));
            let change = session.insert_text(data, "");
            let _ = session.set_selection(Selection::new(caret.anchor, caret.active));
            ctx.invalidate_text_input(change);
        }
        child.event(ctx, &Event::ImeStateChange, data, env);
    }

    /// The middle button: the caret goes where it was pressed, and what was selected last is pasted there.
    #[cfg(target_os = "linux")]
    fn middle_button(
        &mut self,
        child: &mut TextBox<String>,
        ctx: &mut EventCtx,
        event: &Event,
        data: &mut String,
        env: &Env,
    ) -> bool {
        match event {
            Event::MouseDown(mouse) if mouse.button.is_middle() && !ctx.is_disabled() => {
                ime::reset();
                let once = druid::MouseEvent { count: 1, mods: druid::Modifiers::empty(), ..mouse.clone() };
                child.event(ctx, &Event::MouseDown(once), data, env);
                self.note(child, data);
                self.pasting = true;
            }
            // Not before it is up again: while another program is asked for the text, no event would arrive.
            Event::MouseUp(mouse) if mouse.button.is_middle() && std::mem::take(&mut self.pasting) => {
                child.event(ctx, event, data, env);
                if let (Some(caret), Some(text)) = (caret(child), desktop::primary())
                    && child.text().can_write()
                {
                    let _ = child.text_mut().borrow_mut().set_selection(Selection::caret(caret.active));
                    self.note(child, data);
                    self.paste(child, ctx, &text, data, env);
                }
            }
            _ => return false,
        }
        true
    }

    /// Offers what has been selected to be pasted by the middle button.
    #[cfg(target_os = "linux")]
    fn offer(&mut self, data: &str) {
        if self.caret == self.offered {
            return;
        }
        self.offered = self.caret;
        let (from, to) = (self.caret.anchor.min(self.caret.active), self.caret.anchor.max(self.caret.active));
        if let Some(selected) = data.get(from..to).filter(|selected| !selected.is_empty()) {
            desktop::set_primary(selected);
        }
    }
}

/// Whether a key takes back (true) or does again (false).
fn undoes(key: &KeyEvent) -> Option<bool> {
    let command = if cfg!(target_os = "macos") { key.mods.meta() } else { key.mods.ctrl() };
    match &key.key {
        KbKey::Character(c) if command && !key.mods.alt() => match c.as_str() {
            "z" | "Z" => Some(!key.mods.shift()),
            "y" | "Y" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

impl Controller<String, TextBox<String>> for Writing {
    fn event(&mut self, child: &mut TextBox<String>, ctx: &mut EventCtx, event: &Event, data: &mut String, env: &Env) {
        if matches!(event, Event::KeyDown(_)) {
            REACHED.set(true);
        }
        match event {
            Event::Command(command) if command.is(TAKE_FOCUS) => {
                ctx.request_focus();
                return;
            }
            Event::Command(told) if !self.several_lines && self.first && told.is(command::FIND) => {
                ctx.request_focus();
                return;
            }
            Event::Command(told) if self.first && told.is(command::FOCUS_AGAIN) => {
                if !ctx.is_disabled() {
                    ctx.request_focus();
                }
                return;
            }
            Event::Command(told) if self.several_lines && told.is(command::WRITE) => {
                if !ctx.is_disabled() {
                    ctx.request_focus();
                }
                return;
            }
            Event::KeyDown(key) if !ctx.is_disabled() && undoes(key).is_some() => {
                self.take_back(child, ctx, undoes(key) == Some(true), data, env);
                ctx.set_handled();
                return;
            }
            Event::Command(told) if ctx.is_focused() && (told.is(commands::UNDO) || told.is(commands::REDO)) => {
                self.take_back(child, ctx, told.is(commands::UNDO), data, env);
                ctx.set_handled();
                return;
            }
            Event::Command(told) if self.several_lines && told.is(command::TYPED) => {
                if !ctx.is_disabled() {
                    let typed: &String = told.get_unchecked(command::TYPED);
                    self.insert(child, ctx, typed, data, env);
                    ctx.request_focus();
                }
                return;
            }
            Event::Command(told) if self.several_lines && told.is(command::EDIT) => {
                if !ctx.is_disabled() {
                    self.edit(child, ctx, told.get_unchecked(command::EDIT), data, env);
                }
                return;
            }
            Event::Paste(clipboard) if !ctx.is_disabled() => {
                if let Some(text) = clipboard.get_string() {
                    self.paste(child, ctx, &text, data, env);
                }
                return;
            }
            _ => {}
        }
        #[cfg(target_os = "linux")]
        {
            if self.middle_button(child, ctx, event, data, env) {
                return;
            }
            if let Event::MouseDown(_) = event {
                ime::reset();
            }
        }
        child.event(ctx, event, data, env);
        self.note(child, data);
        #[cfg(target_os = "linux")]
        {
            if let Event::MouseUp(_) | Event::ImeStateChange | Event::Command(_) = event {
                self.offer(data);
            }
            if matches!(event, Event::ImeStateChange) && child.text().can_read() {
                let text = child.text().borrow();
                let caret = text.cursor_line_for_text_position(text.selection().active.min(data.len()));
                let origin = ctx.window_origin().to_vec2();
                ime::caret(druid::Rect::from_points(caret.p0 + origin, caret.p1 + origin));
            }
        }
    }

    fn lifecycle(
        &mut self,
        child: &mut TextBox<String>,
        ctx: &mut LifeCycleCtx,
        event: &LifeCycle,
        data: &String,
        env: &Env,
    ) {
        match event {
            LifeCycle::WidgetAdded => {
                self.begin(child, data);
                if self.first {
                    ctx.submit_command(TAKE_FOCUS.to(ctx.widget_id()));
                }
            }
            #[cfg(target_os = "linux")]
            LifeCycle::FocusChanged(on) => ime::focus_changed(ctx.widget_id(), *on),
            _ => {}
        }
        child.lifecycle(ctx, event, data, env);
    }

    fn update(&mut self, child: &mut TextBox<String>, ctx: &mut UpdateCtx, old: &String, data: &String, env: &Env) {
        child.update(ctx, old, data, env);
        // Somebody else has changed it: sent it, or put another text there.
        if data != self.undo.text() {
            self.begin(child, data);
        }
    }
}

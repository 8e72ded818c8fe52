//! What every text box of the window does beyond druid's own: it works with input methods, takes a paste of several lines
//! into one, and refuses one that is too large to be laid out.

use druid::{
    Env, Event, EventCtx, LifeCycle, LifeCycleCtx,
    widget::{Controller, TextBox, prelude::*},
};

#[cfg(target_os = "linux")]
use crate::gui::ime;
use crate::{
    gui::{command, model::composer::LARGEST, widget::button::TAKE_FOCUS},
    identity::Invite,
};

/// The controller to put directly around a text box.
pub(crate) struct Writing {
    several_lines: bool,
    /// Has the focus when it appears.
    first: bool,
}

impl Writing {
    /// For a text of one line, which has the focus when it appears if it is the first.
    pub(crate) fn one_line(first: bool) -> Self {
        Self { several_lines: false, first }
    }

    /// For a text of several lines.
    pub(crate) fn several_lines() -> Self {
        Self { several_lines: true, first: true }
    }

    fn paste(&self, child: &mut TextBox<String>, ctx: &mut EventCtx, text: &str, data: &mut String) {
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
        if !text.is_empty() && child.text().can_write() {
            let change = child.text_mut().borrow_mut().insert_text(data, &text);
            ctx.invalidate_text_input(change);
        }
    }
}

impl Controller<String, TextBox<String>> for Writing {
    fn event(&mut self, child: &mut TextBox<String>, ctx: &mut EventCtx, event: &Event, data: &mut String, env: &Env) {
        match event {
            Event::Command(command) if command.is(TAKE_FOCUS) => {
                ctx.request_focus();
                return;
            }
            Event::Command(told) if self.first && told.is(command::FOCUS_AGAIN) => {
                ctx.request_focus();
                return;
            }
            Event::Command(told) if self.several_lines && told.is(command::TYPED) => {
                if !ctx.is_disabled() && child.text().can_write() {
                    let typed: &String = told.get_unchecked(command::TYPED);
                    let change = child.text_mut().borrow_mut().insert_text(data, typed);
                    ctx.invalidate_text_input(change);
                    ctx.request_focus();
                }
                return;
            }
            Event::Paste(clipboard) if !ctx.is_disabled() => {
                if let Some(text) = clipboard.get_string() {
                    self.paste(child, ctx, &text, data);
                }
                return;
            }
            #[cfg(target_os = "linux")]
            Event::MouseDown(_) => ime::reset(),
            _ => {}
        }
        child.event(ctx, event, data, env);
        #[cfg(target_os = "linux")]
        if matches!(event, Event::ImeStateChange) && child.text().can_read() {
            let text = child.text().borrow();
            let caret = text.cursor_line_for_text_position(text.selection().active.min(data.len()));
            let origin = ctx.window_origin().to_vec2();
            ime::caret(druid::Rect::from_points(caret.p0 + origin, caret.p1 + origin));
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
            LifeCycle::WidgetAdded if self.first => ctx.submit_command(TAKE_FOCUS.to(ctx.widget_id())),
            #[cfg(target_os = "linux")]
            LifeCycle::FocusChanged(on) => ime::focus_changed(ctx.widget_id(), *on),
            _ => {}
        }
        child.lifecycle(ctx, event, data, env);
    }
}

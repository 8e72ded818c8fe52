//! The box in which a message is written: it grows with its text up to a third of the window, Enter sends, Shift+Enter
//! breaks, Tab completes, Up brings back what was sent.
//!
//! The frame is drawn here and the text box within it has none, so that druid, which scrolls to the caret without regard
//! to a frame, shows all of the line that the caret is in.

use std::rc::Rc;

use druid::{
    Env, Event, Insets, InternalEvent, InternalLifeCycle, KbKey, KeyEvent, Point, Widget, WidgetPod,
    piet::RenderContext,
    theme as druids,
    widget::{ControllerHost, TextBox, WidgetWrapper, prelude::*},
};

use super::{
    button::TAKE_FOCUS,
    writing::{self, Writing},
};
use crate::gui::{
    command,
    model::{
        Model,
        completion::{self, Edit},
        room::Room,
        undo::Caret,
    },
    theme,
};

/// Which part of the window it takes at most.
const PART: f64 = 1.0 / 3.0;
/// It shows at least so much, in however small a window.
const LEAST: f64 = 76.0;
/// Between the frame and the text.
const INSET: Insets = Insets::uniform_xy(12.0, 9.0);

/// The box.
pub(crate) fn composer() -> impl Widget<Model> {
    let text = TextBox::multiline().with_line_wrapping(true).with_placeholder("Write a message");
    Composer {
        text: WidgetPod::new(ControllerHost::new(text, Writing::several_lines())),
        seen: String::new(),
        caret: Caret::default(),
    }
}

struct Composer {
    text: WidgetPod<String, ControllerHost<TextBox<String>, Writing>>,
    /// The draft and its caret as they were when it was last looked at what may be meant by them.
    seen: String,
    caret: Caret,
}

/// The surroundings in which the text box has no frame of its own.
fn within(env: &Env) -> Env {
    let insets = Insets::new(INSET.x0, 0.0, INSET.x1, 0.0);
    env.clone().adding(druids::TEXTBOX_INSETS, insets).adding(druids::TEXTBOX_BORDER_WIDTH, 0.0)
}

impl Composer {
    fn look(&mut self, room: &Room) {
        room.draft.clone_into(&mut self.seen);
        self.caret = writing::caret(self.text.widget().wrapped()).unwrap_or_default();
    }

    /// Changes the draft as if it had been typed.
    fn edit(&mut self, ctx: &mut EventCtx, edit: Option<Edit>, room: &mut Room, env: &Env) {
        if let Some(edit) = edit {
            self.text.event(ctx, &Event::Command(command::EDIT.with(edit)), &mut room.draft, env);
        }
        self.look(room);
    }

    /// Looks at what may be meant by what is being written, if that has changed.
    fn follow(&mut self, ctx: &mut EventCtx, event: &Event, room: &mut Room, env: &Env) {
        let caret = writing::caret(self.text.widget().wrapped()).unwrap_or_default();
        if room.draft == self.seen && caret == self.caret {
            return;
        }
        // As the platform's changes of a text arrive at what is around the text box.
        let is_typed = matches!(event, Event::Internal(InternalEvent::RouteImeStateChange(_)))
            && room.draft.len() == self.seen.len() + 1;
        let typed = is_typed.then(|| completion::closed(&room.draft, caret.active)).flatten();
        self.edit(ctx, typed, room, env);
        let caret = self.caret;
        if caret.anchor == caret.active {
            let members = Rc::clone(&room.members);
            room.suggestions.follow(&room.draft, caret.active, Room::names(&members));
        } else {
            room.suggestions = Default::default();
        }
    }

    /// What a key does before it is written; false if nothing.
    fn key(&mut self, ctx: &mut EventCtx, key: &KeyEvent, room: &mut Room, env: &Env) -> bool {
        let caret = writing::caret(self.text.widget().wrapped()).unwrap_or_default();
        let is_bare = !(key.mods.ctrl() || key.mods.alt() || key.mods.meta());
        let is_at_end = caret == Caret::at(room.draft.len());
        let is_listed = room.suggestions.list().is_some();
        let down = key.key == KbKey::ArrowDown;
        match &key.key {
            KbKey::Escape if is_listed => room.suggestions.dismiss(),
            KbKey::ArrowUp | KbKey::ArrowDown if is_listed && is_bare && !key.mods.shift() => {
                let edit = room.suggestions.step(down);
                self.edit(ctx, edit, room, env);
            }
            KbKey::Enter if is_listed && !key.mods.shift() => {
                let edit = room.suggestions.take();
                self.edit(ctx, edit, room, env);
            }
            KbKey::Tab if is_bare && caret.anchor == caret.active => {
                let members = Rc::clone(&room.members);
                let forward = !key.mods.shift();
                let edit = room.suggestions.tab(&room.draft, caret.active, forward, Room::names(&members));
                if edit.is_none() {
                    return false;
                }
                self.edit(ctx, edit, room, env);
            }
            KbKey::ArrowUp | KbKey::ArrowDown if is_bare && !key.mods.shift() && is_at_end => {
                let text = if down { room.recall.later(&room.draft) } else { room.recall.earlier(&room.draft) };
                let Some(text) = text else { return false };
                let edit = Edit { from: 0, to: room.draft.len(), text };
                self.edit(ctx, Some(edit), room, env);
            }
            KbKey::Enter if !key.mods.shift() => ctx.submit_command(command::SEND),
            KbKey::PageUp => ctx.submit_command(command::PAGE.with(-1.0)),
            KbKey::PageDown => ctx.submit_command(command::PAGE.with(1.0)),
            _ => return false,
        }
        true
    }
}

impl Widget<Model> for Composer {
    fn event(&mut self, ctx: &mut EventCtx, event: &Event, data: &mut Model, env: &Env) {
        let (room, env) = (&mut data.room, &within(env));
        match event {
            Event::KeyDown(key) if !ctx.is_disabled() && self.key(ctx, key, room, env) => {
                ctx.request_paint();
                ctx.set_handled();
                return;
            }
            Event::Command(told) if told.is(command::TAKE) => {
                let edit = room.suggestions.take_row(*told.get_unchecked(command::TAKE));
                self.edit(ctx, edit, room, env);
                return;
            }
            // A click on the frame is meant for the text.
            Event::MouseDown(mouse) if !ctx.is_disabled() && !self.text.layout_rect().contains(mouse.pos) => {
                ctx.submit_command(TAKE_FOCUS.to(self.text.id()));
            }
            _ => {}
        }
        self.text.event(ctx, event, &mut room.draft, env);
        self.follow(ctx, event, room, env);
    }

    fn lifecycle(&mut self, ctx: &mut LifeCycleCtx, event: &LifeCycle, data: &Model, env: &Env) {
        // The frame shows the focus, which is the text's.
        if let LifeCycle::Internal(InternalLifeCycle::RouteFocusChanged { .. }) = event {
            ctx.request_paint();
        }
        self.text.lifecycle(ctx, event, &data.room.draft, &within(env));
    }

    fn update(&mut self, ctx: &mut UpdateCtx, _old: &Model, data: &Model, env: &Env) {
        self.text.update(ctx, &data.room.draft, &within(env));
    }

    fn layout(&mut self, ctx: &mut LayoutCtx, bc: &BoxConstraints, data: &Model, env: &Env) -> Size {
        let frame = INSET.y0 + INSET.y1;
        let tallest = (ctx.window().get_size().height * PART).max(LEAST).min(bc.max().height) - frame;
        let (least, most) = (Size::new(bc.max().width, 0.0), Size::new(bc.max().width, tallest.max(0.0)));
        let size = self.text.layout(ctx, &BoxConstraints::new(least, most), &data.room.draft, &within(env));
        self.text.set_origin(ctx, Point::new(0.0, INSET.y0));
        ctx.set_baseline_offset(self.text.baseline_offset() + INSET.y1);
        Size::new(size.width, size.height + frame)
    }

    fn paint(&mut self, ctx: &mut PaintCtx, data: &Model, env: &Env) {
        let shape = ctx.size().to_rect().inset(-0.5).to_rounded_rect(theme::RADIUS);
        ctx.fill(shape, &env.get(theme::FIELD));
        self.text.paint(ctx, &data.room.draft, &within(env));
        let border = if ctx.has_focus() { theme::FOCUS } else { theme::BORDER };
        ctx.stroke(shape, &env.get(border), 1.0);
    }
}

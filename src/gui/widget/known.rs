//! Lists of rooms: click or Enter joins one, × or Delete forgets one that one has been in, after a question in its place.
//! Rooms on this network come and go; what was pressed is the room that was under the pointer, wherever it has moved.

use druid::{Cursor, Env, KbKey, Point, Rect, kurbo::Line as Stroke, piet::RenderContext, widget::prelude::*};

use super::{
    button::focus_ring,
    rows::{Line, Rows, draw_stacked},
};
use crate::gui::{
    command,
    model::{
        Model,
        known::{Entry, Id, Known, Wish},
    },
    theme,
};

const HEIGHT: f64 = 50.0;
/// Rows that are in view at once; the others are scrolled to.
const MOST: usize = 5;
const SIDE: f64 = 12.0;
/// The place of the ×.
const CROSS: f64 = 34.0;
/// The place of one answer.
const ANSWER: f64 = 78.0;

/// Which list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Listed {
    /// Rooms on this network.
    Here,
    /// Rooms one has been in.
    Been,
    /// Rooms of one name.
    Choices,
}

impl Listed {
    fn of(self, data: &Model) -> &Known {
        match self {
            Self::Here => &data.here,
            Self::Been => &data.known,
            Self::Choices => &data.which,
        }
    }

    fn of_mut(self, data: &mut Model) -> &mut Known {
        match self {
            Self::Here => &mut data.here,
            Self::Been => &mut data.known,
            Self::Choices => &mut data.which,
        }
    }
}

/// The list.
pub(crate) struct KnownRooms {
    listed: Listed,
    rows: Rows,
    hot: Option<(usize, Part)>,
    pressed: Option<(Id, Part)>,
}

/// A part of a row that can be pressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Part {
    Room,
    Cross,
    Forget,
    Keep,
    /// The question itself.
    Question,
}

fn tell(ctx: &mut EventCtx, wish: Option<Wish>) {
    if let Some(wish) = wish {
        ctx.submit_command(command::KNOWN.with(wish));
    }
}

impl KnownRooms {
    /// This list.
    pub(crate) fn new(listed: Listed) -> Self {
        Self { listed, rows: Rows::default(), hot: None, pressed: None }
    }

    fn fit(&mut self, view: f64, data: &Model, env: &Env) {
        self.rows.fit(self.listed.of(data).entries().len(), theme::points(env, HEIGHT), view);
    }

    /// What is at a place of the list, in a list of this width.
    fn part(&self, at: Point, width: f64, data: &Model, env: &Env) -> Option<(usize, Part)> {
        let row = self.rows.at(at.y)?;
        let from_the_end = width - SIDE - at.x;
        let answer = theme::points(env, ANSWER);
        let known = self.listed.of(data);
        let is_asked = known.asking().is_some() && known.marked() == row;
        let can_be_forgotten = known.entries().get(row)?.key.is_some();
        let part = match is_asked {
            true if from_the_end < answer => Part::Keep,
            true if from_the_end < 2.0 * answer => Part::Forget,
            true => Part::Question,
            false if from_the_end < CROSS && can_be_forgotten => Part::Cross,
            false => Part::Room,
        };
        Some((row, part))
    }

    /// The room and its part at a place of the list.
    fn room(&self, at: Point, width: f64, data: &Model, env: &Env) -> Option<(Id, Part)> {
        let (row, part) = self.part(at, width, data, env)?;
        Some((self.listed.of(data).entries().get(row)?.id, part))
    }

    fn press(&mut self, ctx: &mut EventCtx, (id, part): (Id, Part), data: &mut Model) {
        let known = self.listed.of_mut(data);
        let Some(row) = known.place(id) else { return };
        match part {
            Part::Room => {
                known.mark(row);
                tell(ctx, known.press());
            }
            Part::Cross => {
                known.mark(row);
                known.ask();
            }
            Part::Forget => tell(ctx, known.answer(true)),
            Part::Keep => tell(ctx, known.answer(false)),
            Part::Question => {}
        }
        self.hot = None;
    }

    fn key(&mut self, ctx: &mut EventCtx, key: &druid::KeyEvent, data: &mut Model) {
        let page = isize::try_from(self.rows.page()).unwrap_or(1);
        let known = self.listed.of_mut(data);
        match &key.key {
            KbKey::ArrowDown => known.step(1),
            KbKey::ArrowUp => known.step(-1),
            KbKey::PageDown => known.step(page),
            KbKey::PageUp => known.step(-page),
            KbKey::Home => known.step(isize::MIN),
            KbKey::End => known.step(isize::MAX),
            KbKey::ArrowLeft | KbKey::ArrowRight if known.asking().is_some() => known.turn(),
            KbKey::Escape if known.asking().is_some() => tell(ctx, known.answer(false)),
            KbKey::Delete => known.ask(),
            KbKey::Enter if !key.repeat => tell(ctx, known.press()),
            KbKey::Enter => {}
            KbKey::Tab if key.mods.shift() => ctx.focus_prev(),
            KbKey::Tab => ctx.focus_next(),
            _ => return,
        }
        self.rows.reveal(self.listed.of(data).marked());
        ctx.request_paint();
        ctx.set_handled();
    }

    fn draw_room(&self, ctx: &mut PaintCtx, place: Rect, (row, entry): (usize, &Entry), env: &Env) {
        let width = place.width() - 2.0 * SIDE - CROSS;
        let name =
            Line { words: &entry.name, size: 15.0, bold: true, color: env.get(theme::TEXT) }.cut(ctx, width, env);
        let color = env.get(entry.tone.map_or(theme::QUIET, theme::tone));
        let about = Line { words: &entry.about, size: 12.5, bold: false, color };
        let about = about.cut(ctx, width, env);
        let layouts: Vec<_> = [name, about].into_iter().flatten().map(|(layout, _)| layout).collect();
        draw_stacked(ctx, &layouts, SIDE, place.center().y);
        if entry.key.is_none() {
            return;
        }
        let center = Point::new(place.x1 - SIDE - CROSS / 2.0, place.center().y);
        let hot = self.hot == Some((row, Part::Cross));
        if hot {
            ctx.fill(druid::kurbo::Circle::new(center, 12.0), &env.get(theme::CHOSEN));
        }
        let color = env.get(if hot { theme::ALARM } else { theme::QUIET });
        let arm = 4.5;
        for slope in [arm, -arm] {
            ctx.stroke(Stroke::new(center + (-arm, -slope), center + (arm, slope)), &color, 1.5);
        }
    }

    fn draw_question(&self, ctx: &mut PaintCtx, place: Rect, entry: &Entry, yes: bool, env: &Env) {
        let answer = theme::points(env, ANSWER);
        let width = place.width() - 2.0 * SIDE - 2.0 * answer - 8.0;
        let question = format!("Forget {}?", entry.name);
        let question =
            Line { words: &question, size: 15.0, bold: true, color: env.get(theme::TEXT) }.cut(ctx, width, env);
        let what = "You will be asked about its key anew.";
        let what = Line { words: what, size: 12.5, bold: false, color: env.get(theme::QUIET) }.cut(ctx, width, env);
        let layouts: Vec<_> = [question, what].into_iter().flatten().map(|(layout, _)| layout).collect();
        draw_stacked(ctx, &layouts, SIDE, place.center().y);
        let focused = ctx.has_focus();
        for (words, x, ground, text, marked) in [
            ("Forget", place.x1 - SIDE - 2.0 * answer, theme::DANGER, theme::ON_ACCENT, yes),
            ("Keep", place.x1 - SIDE - answer, theme::BUTTON_HOT, theme::TEXT, !yes),
        ] {
            let high = theme::points(env, 15.0);
            let button = Rect::new(x, place.center().y - high, x + answer - 6.0, place.center().y + high);
            ctx.fill(button.to_rounded_rect(theme::RADIUS), &env.get(ground));
            let line = Line { words, size: 13.0, bold: true, color: env.get(text) }.cut(ctx, button.width(), env);
            if let Some((layout, _)) = line {
                let size = druid::piet::TextLayout::size(&layout);
                let free = button.size() - size;
                ctx.draw_text(&layout, button.origin() + free.to_vec2() / 2.0);
            }
            if focused && marked {
                ctx.stroke(button.inset(2.0).to_rounded_rect(theme::RADIUS + 1.0), &env.get(theme::FOCUS), 2.0);
            }
        }
    }
}

impl Widget<Model> for KnownRooms {
    fn event(&mut self, ctx: &mut EventCtx, event: &Event, data: &mut Model, env: &Env) {
        match event {
            // At its end the wheel is for the card that it stands in.
            Event::Wheel(wheel) if self.rows.scroll(wheel.wheel_delta.y) => {
                ctx.request_paint();
                ctx.set_handled();
            }
            Event::MouseMove(mouse) => {
                let hot = self.part(mouse.pos, ctx.size().width, data, env);
                let can_be_pressed = hot.is_some_and(|(_, part)| part != Part::Question);
                ctx.set_cursor(if can_be_pressed { &Cursor::Pointer } else { &Cursor::Arrow });
                if std::mem::replace(&mut self.hot, hot) != hot {
                    ctx.request_paint();
                }
            }
            Event::MouseDown(mouse) if mouse.button.is_left() => {
                self.pressed = self.room(mouse.pos, ctx.size().width, data, env);
                ctx.set_active(true);
                ctx.request_focus();
                ctx.set_handled();
            }
            Event::MouseUp(mouse) if ctx.is_active() => {
                ctx.set_active(false);
                let here = self.room(mouse.pos, ctx.size().width, data, env);
                if let Some(pressed) = self.pressed.take().filter(|pressed| ctx.is_hot() && here == Some(*pressed)) {
                    self.press(ctx, pressed, data);
                }
                ctx.request_paint();
                ctx.set_handled();
            }
            Event::KeyDown(key) if ctx.is_focused() => self.key(ctx, key, data),
            _ => {}
        }
    }

    fn lifecycle(&mut self, ctx: &mut LifeCycleCtx, event: &LifeCycle, data: &Model, env: &Env) {
        match event {
            LifeCycle::WidgetAdded => self.fit(0.0, data, env),
            LifeCycle::BuildFocusChain => ctx.register_for_focus(),
            LifeCycle::FocusChanged(on) => {
                if *on {
                    ctx.scroll_to_view();
                }
                ctx.request_paint();
            }
            LifeCycle::HotChanged(false) => {
                self.hot = None;
                ctx.request_paint();
            }
            _ => {}
        }
    }

    fn update(&mut self, ctx: &mut UpdateCtx, old: &Model, data: &Model, env: &Env) {
        let (before, now) = (self.listed.of(old), self.listed.of(data));
        if before.entries().len() != now.entries().len() || ctx.env_changed() {
            ctx.request_layout();
        } else if before != now {
            self.fit(ctx.size().height, data, env);
        }
        if before != now {
            ctx.request_paint();
        }
    }

    fn layout(&mut self, _ctx: &mut LayoutCtx, bc: &BoxConstraints, data: &Model, env: &Env) -> Size {
        let rows = self.listed.of(data).entries().len();
        // Half a row more tells that there are others.
        let shown = if rows > MOST { MOST as f64 - 0.5 } else { rows as f64 };
        let height = shown * theme::points(env, HEIGHT);
        self.fit(height, data, env);
        Size::new(bc.max().width, height)
    }

    fn paint(&mut self, ctx: &mut PaintCtx, data: &Model, env: &Env) {
        let (size, known) = (ctx.size(), self.listed.of(data));
        ctx.with_save(|ctx| {
            ctx.clip(size.to_rect());
            for row in self.rows.in_view() {
                let Some(entry) = known.entries().get(row) else { break };
                let place = self.rows.place(row, size.width);
                let marked = row == known.marked();
                let hot = self.hot.is_some_and(|(hot, _)| hot == row);
                if hot || (marked && (ctx.has_focus() || known.asking().is_some())) {
                    ctx.fill(place.inset(-1.0).to_rounded_rect(theme::RADIUS), &env.get(theme::BUTTON));
                }
                match known.asking().filter(|_| marked) {
                    Some(yes) => self.draw_question(ctx, place, entry, yes, env),
                    None => self.draw_room(ctx, place, (row, entry), env),
                }
            }
            self.rows.draw_thumb(ctx, size.width, env);
        });
        focus_ring(ctx, env);
    }
}

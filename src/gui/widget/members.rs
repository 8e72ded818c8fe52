//! Who is in the room. Rows are painted, and only those in view, so that a thousand members cost what ten do.

use druid::{Env, KbKey, Point, kurbo::Circle, piet::RenderContext, widget::prelude::*};

use super::{
    badge,
    button::focus_ring,
    rows::{Line, Rows, draw_stacked},
};
use crate::gui::{
    model::{
        Model,
        people::{self, Person},
    },
    theme,
};

const HEIGHT: f64 = 46.0;
const BADGE: f64 = 32.0;
const SIDE: f64 = 16.0;

/// The list.
#[derive(Default)]
pub(crate) struct Members {
    rows: Rows,
    /// Which of the members are shown, by their places in the room's list.
    shown: Vec<usize>,
    /// The row with the keyboard's marker.
    marked: usize,
    /// The row under the pointer.
    hot: Option<usize>,
}

impl Members {
    fn fit(&mut self, size: Size, data: &Model, env: &Env) {
        self.shown = people::shown(&data.room.members, &data.room.filter);
        self.rows.fit(self.shown.len(), theme::points(env, HEIGHT), size.height);
        self.marked = self.marked.min(self.shown.len().saturating_sub(1));
    }

    /// Moves the marker by so many rows.
    fn step(&mut self, rows: isize) {
        let last = self.shown.len().saturating_sub(1);
        self.marked = self.marked.saturating_add_signed(rows).min(last);
        self.rows.reveal(self.marked);
    }

    fn key(&mut self, ctx: &mut EventCtx, key: &druid::KeyEvent) {
        let page = isize::try_from(self.rows.page()).unwrap_or(1);
        match &key.key {
            KbKey::ArrowDown => self.step(1),
            KbKey::ArrowUp => self.step(-1),
            KbKey::PageDown => self.step(page),
            KbKey::PageUp => self.step(-page),
            KbKey::Home => self.step(isize::MIN),
            KbKey::End => self.step(isize::MAX),
            KbKey::Tab if key.mods.shift() => ctx.focus_prev(),
            KbKey::Tab => ctx.focus_next(),
            _ => return,
        }
        ctx.request_paint();
        ctx.set_handled();
    }

    fn draw(&self, ctx: &mut PaintCtx, row: usize, person: &Person, env: &Env) {
        let place = self.rows.place(row, ctx.size().width);
        let marked = ctx.has_focus() && row == self.marked;
        if marked {
            ctx.fill(place.inset((-6.0, -1.0)).to_rounded_rect(theme::RADIUS), &env.get(theme::BUTTON));
        }
        let (middle, radius) = (place.center().y, theme::points(env, BADGE) / 2.0);
        let center = Point::new(SIDE + radius, middle);
        badge::draw(ctx, Circle::new(center, radius), &person.initial, person.tint, env);
        let x = SIDE + 2.0 * radius + 12.0;
        let width = place.width() - x - SIDE;
        let (words, color) = match (person.unencrypted, person.role()) {
            (true, "") => ("NOT ENCRYPTED".to_owned(), env.get(theme::ALARM)),
            (true, role) => (format!("{role} · NOT ENCRYPTED"), env.get(theme::ALARM)),
            (false, role) => (role.to_owned(), env.get(theme::QUIET)),
        };
        let text = env.get(theme::TEXT);
        let name = Line { words: &person.name, size: 15.0, bold: false, color: text }.cut(ctx, width, env);
        let looked_at = marked || self.hot == Some(row);
        // A name that is cut is shown whole to whoever looks closer, in the place of what stands below it.
        let layouts: Vec<_> = match name {
            Some((_, true)) if looked_at => Line { words: &person.name, size: 12.0, bold: false, color: text }
                .whole(ctx, width, env)
                .into_iter()
                .collect(),
            name => {
                let role = Line { words: &words, size: 12.0, bold: person.unencrypted, color };
                let role = if words.is_empty() { None } else { role.cut(ctx, width, env) };
                name.into_iter().chain(role).map(|(layout, _)| layout).collect()
            }
        };
        draw_stacked(ctx, &layouts, x, middle);
    }
}

impl Widget<Model> for Members {
    fn event(&mut self, ctx: &mut EventCtx, event: &Event, _data: &mut Model, _env: &Env) {
        match event {
            Event::Wheel(wheel) => {
                self.rows.scroll(wheel.wheel_delta.y);
                ctx.request_paint();
                ctx.set_handled();
            }
            Event::MouseMove(mouse) => {
                let hot = self.rows.at(mouse.pos.y);
                if std::mem::replace(&mut self.hot, hot) != hot {
                    ctx.request_paint();
                }
            }
            Event::MouseDown(mouse) if mouse.button.is_left() => {
                ctx.request_focus();
                self.marked = self.rows.at(mouse.pos.y).unwrap_or(self.marked);
                ctx.request_paint();
                ctx.set_handled();
            }
            Event::KeyDown(key) if ctx.is_focused() => self.key(ctx, key),
            _ => {}
        }
    }

    fn lifecycle(&mut self, ctx: &mut LifeCycleCtx, event: &LifeCycle, _data: &Model, _env: &Env) {
        match event {
            LifeCycle::BuildFocusChain => ctx.register_for_focus(),
            LifeCycle::FocusChanged(_) => ctx.request_paint(),
            LifeCycle::HotChanged(false) => {
                self.hot = None;
                ctx.request_paint();
            }
            _ => {}
        }
    }

    fn update(&mut self, ctx: &mut UpdateCtx, old: &Model, data: &Model, env: &Env) {
        let (old, new) = (&old.room, &data.room);
        if ctx.env_changed() || old.members != new.members || old.filter != new.filter {
            self.fit(ctx.size(), data, env);
            ctx.request_paint();
        }
    }

    fn layout(&mut self, _ctx: &mut LayoutCtx, bc: &BoxConstraints, data: &Model, env: &Env) -> Size {
        self.fit(bc.max(), data, env);
        bc.max()
    }

    fn paint(&mut self, ctx: &mut PaintCtx, data: &Model, env: &Env) {
        let size = ctx.size();
        ctx.clip(size.to_rect());
        for row in self.rows.in_view() {
            if let Some(person) = self.shown.get(row).and_then(|place| data.room.members.get(*place)) {
                self.draw(ctx, row, person, env);
            }
        }
        if self.shown.is_empty() && !data.room.filter.is_empty() {
            let none = Line { words: "Nobody of that name", size: 13.0, bold: false, color: env.get(theme::QUIET) };
            if let Some((layout, _)) = none.cut(ctx, size.width - 2.0 * SIDE, env) {
                ctx.draw_text(&layout, (SIDE, 8.0));
            }
        }
        self.rows.draw_thumb(ctx, size.width, env);
        focus_ring(ctx, env);
    }
}

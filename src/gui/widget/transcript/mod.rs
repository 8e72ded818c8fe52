//! The transcript: read-only, selectable, and as quick with a hundred thousand messages as with ten.
//!
//! Only rows in view are laid out, and a bounded number of layouts is kept. Where rows are is [`Scroll`]'s business, what is
//! selected [`Selection`]'s; this draws them and turns pointer and keys into their terms.
//!
//! - `row`: one row, laid out

mod row;

use std::{collections::HashMap, rc::Rc, time::Duration};

use druid::{
    Application, Color, Cursor, Env, HotKey, KbKey, MouseEvent, Point, Rect, SysMods, TimerToken, Vec2,
    piet::{PietText, RenderContext, Text, TextLayout, TextLayoutBuilder},
    widget::prelude::*,
};

use crate::gui::{
    command,
    model::{
        scroll::{Placed, Scroll},
        selection::{Place, Selection, Unit},
        transcript::{Feed, Row},
    },
    theme,
};
use row::Laid;

/// Layouts that are kept: some screens full.
const KEPT: usize = 300;
/// Above the first and below the last row.
const MARGIN: f64 = 8.0;
/// The scroll bar, and what of it can be grabbed.
const BAR: f64 = 12.0;
/// How often a drag beyond the edge scrolls.
const TICK: Duration = Duration::from_millis(30);
/// One press of an arrow key.
const STEP: f64 = 60.0;

/// What the pointer is dragging.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Drag {
    #[default]
    Nothing,
    /// A selection; the pointer was last here.
    Selection(Point),
    /// The scroll bar's thumb, grabbed so far below its beginning.
    Thumb(f64),
}

/// The widget.
#[derive(Default)]
pub(crate) struct Transcript {
    scroll: Scroll,
    selection: Selection,
    drag: Drag,
    tick: Option<TimerToken>,
    laid: HashMap<usize, Rc<Laid>>,
    placed: Vec<Placed>,
    size: Size,
    edits: u64,
    pill: Option<Rect>,
}

impl Transcript {
    fn view(&self) -> f64 {
        (self.size.height - 2.0 * MARGIN).max(0.0)
    }

    fn forget(&mut self) {
        self.laid.clear();
        self.scroll.forget();
    }

    /// Brings rows, heights and layouts up to date with the data.
    fn place(&mut self, text: &mut PietText, feed: &Feed, env: &Env) {
        if std::mem::replace(&mut self.edits, feed.edits()) != feed.edits() {
            self.laid.clear();
        }
        let (log, width) = (feed.log(), self.size.width);
        self.scroll.sync(log.first(), log.end(), |row| log.get(row).map_or(0.0, |row| row::estimate(row, width)));
        let view = self.view();
        let laid = &mut self.laid;
        self.placed = self.scroll.place(view, |number| {
            let Some(row) = log.get(number) else { return 0.0 };
            laid.entry(number).or_insert_with(|| Rc::new(Laid::new(row, width, text, env))).height
        });
        if laid.len() > KEPT
            && let (Some((first, _)), Some((last, _))) = (self.placed.first(), self.placed.last())
        {
            laid.retain(|row, _| (first.saturating_sub(KEPT / 4)..last + KEPT / 4).contains(row));
        }
    }

    /// The row at a place of the widget, its layout, and the place within it; the nearest, if there is none.
    fn row_at(&self, place: Point) -> Option<(usize, &Rc<Laid>, Point)> {
        let y = place.y - MARGIN;
        let (row, top) = self.placed.iter().rev().find(|(_, top)| *top <= y).or(self.placed.first())?;
        Some((*row, self.laid.get(row)?, Point::new(place.x, y - top)))
    }

    fn place_at(&self, place: Point) -> Option<Place> {
        let (row, laid, within) = self.row_at(place)?;
        Some(Place { row, byte: laid.byte_at(within) })
    }

    fn is_bar(&self, place: Point) -> bool {
        place.x >= self.size.width - BAR && self.scroll.thumb(self.view()).is_some()
    }

    fn scroll_by(&mut self, ctx: &mut EventCtx, feed: &Feed, distance: f64, env: &Env) {
        self.scroll.by(distance, self.view());
        self.place(ctx.text(), feed, env);
        ctx.request_paint();
    }

    fn mouse_down(&mut self, ctx: &mut EventCtx, mouse: &MouseEvent, feed: &mut Feed) {
        ctx.request_focus();
        if self.pill.is_some_and(|pill| pill.contains(mouse.pos)) {
            self.scroll.go_to_end();
        } else if self.is_bar(mouse.pos) {
            let (start, end) = self.scroll.thumb(self.view()).unwrap_or_default();
            let at = mouse.pos.y / self.size.height.max(1.0);
            // A click beside the thumb takes it by its middle.
            let grabbed = if (start..end).contains(&at) { at - start } else { (end - start) / 2.0 };
            self.drag = Drag::Thumb(grabbed);
            self.scroll.drag_thumb(at - grabbed, self.view());
            ctx.set_active(true);
        } else if let Some((row, _, _)) = self.row_at(mouse.pos).filter(|(_, laid, within)| laid.is_more(*within)) {
            feed.show_all(row);
        } else if let Some(place) = self.place_at(mouse.pos) {
            if mouse.mods.shift() {
                self.selection.extend(place);
            } else {
                let unit = match mouse.count {
                    0 | 1 => Unit::Character,
                    2 => Unit::Word,
                    _ => Unit::Row,
                };
                self.selection = Selection::begin(place, unit);
            }
            self.drag = Drag::Selection(mouse.pos);
            ctx.set_active(true);
        }
        ctx.request_paint();
    }

    fn mouse_move(&mut self, ctx: &mut EventCtx, mouse: &MouseEvent) {
        match self.drag {
            Drag::Nothing => {
                let row = self.row_at(mouse.pos);
                let more = row.is_some_and(|(_, laid, within)| laid.is_more(within));
                let text = row.is_some_and(|(_, laid, within)| laid.is_text(within));
                if more || self.pill.is_some_and(|pill| pill.contains(mouse.pos)) {
                    ctx.set_cursor(&Cursor::Pointer);
                } else if text && !self.is_bar(mouse.pos) {
                    ctx.set_cursor(&Cursor::IBeam);
                } else {
                    ctx.set_cursor(&Cursor::Arrow);
                }
            }
            Drag::Selection(_) => {
                self.drag = Drag::Selection(mouse.pos);
                self.drag_selection(mouse.pos);
                if self.tick.is_none() && self.beyond(mouse.pos) != 0.0 {
                    self.tick = Some(ctx.request_timer(TICK));
                }
                ctx.request_paint();
            }
            Drag::Thumb(grabbed) => {
                self.scroll.drag_thumb(mouse.pos.y / self.size.height.max(1.0) - grabbed, self.view());
                ctx.request_paint();
            }
        }
    }

    fn drag_selection(&mut self, to: Point) {
        if let Some(place) = self.place_at(to) {
            self.selection.extend(place);
        }
    }

    /// How far a place is above (negative) or below the widget.
    fn beyond(&self, place: Point) -> f64 {
        place.y.min(0.0) + (place.y - self.size.height).max(0.0)
    }

    fn key_down(&mut self, ctx: &mut EventCtx, key: &druid::KeyEvent, feed: &Feed, env: &Env) {
        let page = self.view() * 0.9;
        match &key.key {
            _ if HotKey::new(SysMods::Cmd, "c").matches(key) => self.copy(feed),
            _ if HotKey::new(SysMods::Cmd, "a").matches(key) => self.selection = Selection::all(&feed.log()),
            KbKey::PageUp => self.scroll_by(ctx, feed, -page, env),
            KbKey::PageDown => self.scroll_by(ctx, feed, page, env),
            KbKey::ArrowUp => self.scroll_by(ctx, feed, -STEP, env),
            KbKey::ArrowDown => self.scroll_by(ctx, feed, STEP, env),
            KbKey::Home => self.scroll.go_to_start(),
            KbKey::End => self.scroll.go_to_end(),
            KbKey::Tab if key.mods.shift() => ctx.focus_prev(),
            KbKey::Tab => ctx.focus_next(),
            KbKey::Character(typed) if !key.mods.ctrl() && !key.mods.alt() && !key.mods.meta() => {
                ctx.submit_command(command::TYPED.with(typed.clone()));
            }
            _ => return,
        }
        ctx.request_paint();
        ctx.set_handled();
    }

    fn copy(&self, feed: &Feed) {
        let copied = self.selection.copied(&feed.log());
        if !copied.is_empty() {
            Application::global().clipboard().put_string(copied);
        }
    }

    fn draw_bar(&self, ctx: &mut PaintCtx, env: &Env) {
        let Some((start, end)) = self.scroll.thumb(self.view()) else { return };
        let (x, height) = (self.size.width - 8.0, self.size.height - 4.0);
        let thumb = Rect::new(x, 2.0 + start * height, x + 5.0, 2.0 + end * height).to_rounded_rect(2.5);
        let held = matches!(self.drag, Drag::Thumb(_));
        let color: Color = env.get(theme::QUIET).with_alpha(if held { 0.9 } else { 0.45 });
        ctx.fill(thumb, &color);
    }

    fn draw_pill(&mut self, ctx: &mut PaintCtx, feed: &Feed, env: &Env) {
        let log = feed.log();
        let new =
            (self.scroll.unseen()..log.end()).filter(|row| matches!(log.get(*row), Some(Row::Message(_)))).count();
        self.pill = None;
        if self.scroll.at_end() || new == 0 {
            return;
        }
        let words = if new == 1 { "↓  1 new message".to_owned() } else { format!("↓  {new} new messages") };
        let layout = ctx
            .text()
            .new_text_layout(words)
            .font(druid::FontFamily::SYSTEM_UI, 13.0)
            .text_color(env.get(theme::ON_ACCENT))
            .build();
        let Ok(layout) = layout else { return };
        let size = layout.size() + Size::new(32.0, 14.0);
        let at = Point::new((self.size.width - size.width) / 2.0, self.size.height - size.height - 12.0);
        let pill = Rect::from_origin_size(at.round(), size);
        ctx.fill(pill.to_rounded_rect(size.height / 2.0), &env.get(theme::ACCENT));
        ctx.draw_text(&layout, pill.origin() + Vec2::new(16.0, 7.0));
        self.pill = Some(pill);
    }
}

fn draw_empty(ctx: &mut PaintCtx, env: &Env) {
    let layout = ctx
        .text()
        .new_text_layout("Nothing has been said here yet.")
        .font(druid::FontFamily::SYSTEM_UI, 15.0)
        .text_color(env.get(theme::QUIET))
        .build();
    if let Ok(layout) = layout {
        let free = ctx.size() - layout.size();
        ctx.draw_text(&layout, (free.width / 2.0, free.height / 2.0));
    }
}

impl Widget<Feed> for Transcript {
    fn event(&mut self, ctx: &mut EventCtx, event: &Event, feed: &mut Feed, env: &Env) {
        match event {
            Event::MouseDown(mouse) if mouse.button.is_left() => {
                self.place(ctx.text(), feed, env);
                self.mouse_down(ctx, mouse, feed);
                ctx.set_handled();
            }
            Event::MouseMove(mouse) => self.mouse_move(ctx, mouse),
            Event::MouseUp(mouse) if mouse.button.is_left() => {
                self.drag = Drag::Nothing;
                ctx.set_active(false);
                ctx.request_paint();
            }
            Event::Wheel(wheel) => {
                self.scroll_by(ctx, feed, wheel.wheel_delta.y, env);
                ctx.set_handled();
            }
            Event::Timer(token) if self.tick == Some(*token) => {
                self.tick = None;
                if let Drag::Selection(at) = self.drag
                    && self.beyond(at) != 0.0
                {
                    self.scroll_by(ctx, feed, self.beyond(at).clamp(-80.0, 80.0), env);
                    self.drag_selection(at);
                    self.tick = Some(ctx.request_timer(TICK));
                }
            }
            Event::Command(command) if command.is(command::PAGE) => {
                let pages = command.get_unchecked(command::PAGE);
                self.scroll_by(ctx, feed, pages * self.view() * 0.9, env);
            }
            Event::Command(command) if command.is(command::TO_END) => {
                self.scroll.go_to_end();
                ctx.request_paint();
            }
            Event::KeyDown(key) if ctx.is_focused() => self.key_down(ctx, key, feed, env),
            _ => {}
        }
    }

    fn lifecycle(&mut self, ctx: &mut LifeCycleCtx, event: &LifeCycle, _feed: &Feed, _env: &Env) {
        match event {
            LifeCycle::BuildFocusChain => ctx.register_for_focus(),
            LifeCycle::FocusChanged(_) => ctx.request_paint(),
            _ => {}
        }
    }

    fn update(&mut self, ctx: &mut UpdateCtx, _old: &Feed, _feed: &Feed, _env: &Env) {
        if ctx.env_changed() {
            self.forget();
        }
        ctx.request_paint();
    }

    fn layout(&mut self, _ctx: &mut LayoutCtx, bc: &BoxConstraints, _feed: &Feed, _env: &Env) -> Size {
        let size = bc.max();
        if size.width != self.size.width {
            self.forget();
        }
        self.size = size;
        size
    }

    fn paint(&mut self, ctx: &mut PaintCtx, feed: &Feed, env: &Env) {
        self.place(ctx.text(), feed, env);
        let area = self.size.to_rect();
        ctx.clip(area);
        let log = feed.log();
        if log.end() == 0 {
            draw_empty(ctx, env);
        }
        for (row, top) in &self.placed {
            let Some(laid) = self.laid.get(row) else { continue };
            laid.draw(ctx, MARGIN + top, self.selection.within(&log, *row), env);
        }
        drop(log);
        self.draw_bar(ctx, env);
        self.draw_pill(ctx, feed, env);
        if ctx.is_focused() {
            ctx.stroke(area.inset(-1.0), &env.get(theme::FOCUS), 1.0);
        }
    }
}

#[cfg(test)]
mod tests;

//! The transcript: read-only, selectable, and as quick with a hundred thousand messages as with ten.
//!
//! Only rows in view are laid out, and a bounded number of layouts is kept. Where rows are is [`Scroll`]'s business, what is
//! selected [`Selection`]'s; this draws them and turns pointer and keys into their terms.
//!
//! - `row`: one row, laid out
//! - `input`: pointer and keys
//! - `draw`: what lies over the rows

mod draw;
mod input;
mod row;

use std::{
    collections::HashMap,
    rc::Rc,
    time::{Duration, Instant},
};

use druid::{
    Env, Point, Rect, TimerToken,
    piet::{PietText, RenderContext},
    widget::prelude::*,
};

use crate::gui::{
    command,
    model::{
        room::Room,
        scroll::{Placed, Scroll},
        selection::{Place, Selection},
        transcript::{Feed, Log, Message},
    },
    theme,
};
use row::{Laid, Page, Shown};

/// Layouts that are kept: some screens full.
const KEPT: usize = 300;
/// Above the first and below the last row.
const MARGIN: f64 = 8.0;
/// The scroll bar, and what of it can be grabbed.
const BAR: f64 = 12.0;
/// How often a drag beyond the edge scrolls.
const TICK: Duration = Duration::from_millis(30);
/// A turn of a wheel is done by two thirds after so many seconds.
const GLIDE: f64 = 0.05;
/// A touchpad turns by less than this at once, and is followed as it moves.
const FINE: f64 = 40.0;

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

/// What the pointer rests on, or the keyboard has gone to, that has more to tell.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rest {
    /// The time of the message in this row.
    Time(usize),
    /// A link: its row, which of the row's it is, and since when its target has been shown.
    Link { row: usize, index: usize, since: Instant },
}

/// How many messages there are that one has not seen: counted on as they come, for there may be many.
#[derive(Clone, Copy, Debug, Default)]
struct News {
    /// The first row that has not been seen.
    from: usize,
    /// Rows before it have been counted.
    to: usize,
    messages: usize,
}

impl News {
    fn count(&mut self, from: usize, log: &Log) -> usize {
        if from != self.from || log.end() < self.to {
            *self = Self { from, to: from, messages: 0 };
        }
        self.messages += (self.to..log.end()).filter(|row| log.message(*row).is_some()).count();
        self.to = log.end();
        self.messages
    }
}

/// The widget.
#[derive(Default)]
pub(crate) struct Transcript {
    scroll: Scroll,
    selection: Selection,
    drag: Drag,
    tick: Option<TimerToken>,
    /// What a turned wheel has yet to scroll.
    glide: f64,
    laid: HashMap<usize, Rc<Laid>>,
    placed: Vec<Placed>,
    /// What is on its way, laid out, and which messages that is: their tags, and whether they have failed.
    tail: Vec<Laid>,
    tail_of: Vec<(u64, bool)>,
    size: Size,
    edits: u64,
    news: News,
    pill: Option<Rect>,
    rest: Option<Rest>,
    /// Where the pointer is.
    pointer: Point,
    /// The link that the keyboard is at.
    link: Option<(usize, usize)>,
}

impl Transcript {
    fn view(&self) -> f64 {
        (self.size.height - 2.0 * MARGIN).max(0.0)
    }

    fn forget(&mut self) {
        self.laid.clear();
        self.tail_of.clear();
        self.tail.clear();
        self.scroll.forget();
    }

    /// Brings rows, heights and layouts up to date with the data.
    fn place(&mut self, text: &mut PietText, feed: &Feed, env: &Env) {
        let log = feed.log();
        match log.edited_since(self.edits) {
            Some(edited) => edited.for_each(|row| _ = self.laid.remove(&row)),
            None => self.laid.clear(),
        }
        self.edits = log.edits();
        let page = Page { width: self.size.width, zone: feed.zone(), env };
        self.scroll.sync(log.first(), log.end(), |row| log.get(row).map_or(0.0, |row| page.estimate(row)));
        self.lay_tail(text, feed, &page);
        self.scroll.set_tail(self.tail.iter().map(|laid| laid.height).sum());
        let (view, mark, laid) = (self.view(), log.mark(), &mut self.laid);
        self.placed = self.scroll.place(view, |number| {
            let Some(row) = log.get(number) else { return 0.0 };
            laid.entry(number).or_insert_with(|| Rc::new(page.lay(row, mark == Some(number), text))).height
        });
        if laid.len() > KEPT
            && let (Some((first, _)), Some((last, _))) = (self.placed.first(), self.placed.last())
        {
            laid.retain(|row, _| (first.saturating_sub(KEPT / 4)..last + KEPT / 4).contains(row));
        }
    }

    fn lay_tail(&mut self, text: &mut PietText, feed: &Feed, page: &Page) {
        let log = feed.log();
        let pending = log.pending();
        let is_same =
            self.tail_of.iter().copied().eq(pending.iter().map(|pending| (pending.tag, pending.has_failed())));
        if !is_same {
            self.tail_of = pending.iter().map(|pending| (pending.tag, pending.has_failed())).collect();
            self.tail = pending.iter().map(|pending| page.lay_pending(pending, text)).collect();
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

    /// The link at a place: its row, and which of the row's it is.
    fn link_at(&self, place: Point, feed: &Feed) -> Option<(usize, usize)> {
        let (row, laid, within) = self.row_at(place)?;
        let byte = laid.text_at(within)?;
        let log = feed.log();
        let index = log.message(row)?.links.iter().position(|link| (link.from..link.to).contains(&byte))?;
        Some((row, index))
    }

    fn is_bar(&self, place: Point) -> bool {
        place.x >= self.size.width - BAR && self.scroll.thumb(self.view()).is_some()
    }

    fn scroll_by(&mut self, ctx: &mut EventCtx, feed: &Feed, distance: f64, env: &Env) {
        self.scroll.by(distance, self.view());
        self.place(ctx.text(), feed, env);
        ctx.request_paint();
    }

    fn turn(&mut self, ctx: &mut EventCtx, feed: &Feed, distance: f64, env: &Env) {
        if distance.abs() < FINE {
            return self.scroll_by(ctx, feed, distance, env);
        }
        // Turning back stops it.
        self.glide = if self.glide * distance < 0.0 { distance } else { self.glide + distance };
        ctx.request_anim_frame();
    }

    /// The next part of what a turned wheel has to scroll.
    fn glide_on(&mut self, ctx: &mut EventCtx, feed: &Feed, seconds: f64, env: &Env) {
        if self.glide == 0.0 {
            return;
        }
        // The first frame after a pause tells how long the pause was.
        let part = 1.0 - (-seconds.clamp(0.004, 0.1) / GLIDE).exp();
        let step = if self.glide.abs() < 1.0 { self.glide } else { self.glide * part };
        self.glide -= step;
        self.scroll_by(ctx, feed, step, env);
        let has_arrived = step > 0.0 && self.scroll.at_end();
        if self.glide == 0.0 || has_arrived {
            self.glide = 0.0;
        } else {
            ctx.request_anim_frame();
        }
    }
}

/// The message in a row.
fn message<T>(feed: &Feed, row: usize, read: impl FnOnce(&Message) -> T) -> Option<T> {
    feed.log().message(row).map(read)
}

impl Widget<Room> for Transcript {
    fn event(&mut self, ctx: &mut EventCtx, event: &Event, room: &mut Room, env: &Env) {
        match event {
            Event::MouseDown(mouse) if mouse.button.is_left() => {
                self.place(ctx.text(), &room.feed, env);
                self.mouse_down(ctx, mouse, &mut room.feed);
                ctx.set_handled();
            }
            Event::MouseDown(mouse) if mouse.button.is_right() => {
                self.place(ctx.text(), &room.feed, env);
                self.menu(ctx, mouse, &room.feed);
                ctx.set_handled();
            }
            Event::MouseMove(mouse) => self.mouse_move(ctx, mouse, &room.feed),
            Event::MouseUp(mouse) if mouse.button.is_left() => self.mouse_up(ctx, mouse, &room.feed),
            Event::Wheel(wheel) => {
                self.turn(ctx, &room.feed, wheel.wheel_delta.y, env);
                ctx.set_handled();
            }
            Event::AnimFrame(nanoseconds) => {
                self.glide_on(ctx, &room.feed, *nanoseconds as f64 * 1e-9, env);
                if self.scroll.is_stale() {
                    self.place(ctx.text(), &room.feed, env);
                    ctx.request_paint();
                    ctx.request_anim_frame();
                }
            }
            Event::Timer(token) if self.tick == Some(*token) => self.drag_on(ctx, &room.feed, env),
            Event::Command(told) => {
                if let Some(pages) = told.get(command::PAGE) {
                    self.scroll_by(ctx, &room.feed, pages * self.view() * 0.9, env);
                } else if let Some(row) = told.get(command::REVEAL) {
                    self.place(ctx.text(), &room.feed, env);
                    self.scroll.reveal(*row, &self.placed, self.view());
                } else if told.is(command::TO_END) {
                    self.glide = 0.0;
                    self.scroll.go_to_end();
                } else if told.is(command::COPY_SELECTED) {
                    self.copy(&room.feed);
                } else if told.is(command::SELECT_ALL) {
                    self.select_all(&room.feed);
                } else {
                    return;
                }
                ctx.request_paint();
            }
            Event::KeyDown(key) if ctx.is_focused() => self.key_down(ctx, key, &room.feed, env),
            _ => {}
        }
    }

    fn lifecycle(&mut self, ctx: &mut LifeCycleCtx, event: &LifeCycle, _room: &Room, _env: &Env) {
        match event {
            LifeCycle::BuildFocusChain => ctx.register_for_focus(),
            // Where the scroll bar belongs at this width is found out in the frames that follow.
            LifeCycle::Size(_) => ctx.request_anim_frame(),
            LifeCycle::FocusChanged(on) => {
                if !on && self.link.take().is_some() {
                    self.rest = None;
                }
                ctx.request_paint();
            }
            LifeCycle::HotChanged(false) => {
                self.rest = None;
                ctx.request_paint();
            }
            _ => {}
        }
    }

    fn update(&mut self, ctx: &mut UpdateCtx, old: &Room, room: &Room, _env: &Env) {
        if ctx.env_changed() {
            self.forget();
            ctx.request_anim_frame();
        }
        if ctx.env_changed() || old.feed != room.feed || old.find != room.find {
            ctx.request_paint();
        }
    }

    fn layout(&mut self, _ctx: &mut LayoutCtx, bc: &BoxConstraints, _room: &Room, _env: &Env) -> Size {
        let size = bc.max();
        if size.width != self.size.width {
            self.forget();
        }
        self.size = size;
        size
    }

    fn paint(&mut self, ctx: &mut PaintCtx, room: &Room, env: &Env) {
        let feed = &room.feed;
        self.place(ctx.text(), feed, env);
        let area = self.size.to_rect();
        ctx.clip(area);
        let log = feed.log();
        if log.end() == 0 && self.tail.is_empty() {
            draw::nothing(ctx, env);
        }
        let find = room.find.as_ref();
        for (row, top) in &self.placed {
            let (Some(laid), Some(data)) = (self.laid.get(row), log.get(*row)) else { continue };
            let link = self
                .link
                .filter(|(there, _)| there == row)
                .and_then(|(_, index)| log.message(*row)?.links.get(index).map(|link| (link.from, link.to)));
            let shown = Shown {
                selected: self.selection.within(&log, *row),
                found: find.map(|find| find.within(data.shown())).unwrap_or_default(),
                is_current: find.is_some_and(|find| find.row() == Some(*row)),
                link,
            };
            laid.draw(ctx, MARGIN + top, &shown, env);
        }
        if let Some(mut top) = self.scroll.tail_top() {
            for laid in &self.tail {
                laid.draw(ctx, MARGIN + top, &Shown::default(), env);
                top += laid.height;
            }
        }
        drop(log);
        self.draw_bar(ctx, env);
        self.draw_pill(ctx, feed, env);
        self.draw_tip(ctx, feed, env);
        if ctx.is_focused() {
            ctx.stroke(area.inset(-1.0), &env.get(theme::FOCUS), 1.0);
        }
    }
}

#[cfg(test)]
mod tests;

//! Pointer and keys in the transcript: selecting, scrolling, links, and the menu.

use std::time::{Duration, Instant};

use druid::{Application, Cursor, Env, EventCtx, HotKey, KbKey, KeyEvent, Menu, MenuItem, MouseEvent, Point, SysMods};

use super::{Drag, Rest, TICK, Transcript, message};
use crate::gui::{
    command,
    model::{
        Model,
        selection::{Selection, Unit},
        transcript::Feed,
    },
};

/// One press of an arrow key.
const STEP: f64 = 60.0;
/// A click that comes sooner than that after a link's target was shown only shows it: nobody has read it yet.
const READ: Duration = Duration::from_millis(300);

impl Transcript {
    pub(super) fn mouse_down(&mut self, ctx: &mut EventCtx, mouse: &MouseEvent, feed: &mut Feed) {
        ctx.request_focus();
        (self.glide, self.link) = (0.0, None);
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

    pub(super) fn mouse_up(&mut self, ctx: &mut EventCtx, mouse: &MouseEvent, feed: &Feed) {
        let dragged = std::mem::take(&mut self.drag);
        ctx.set_active(false);
        ctx.request_paint();
        if !matches!(dragged, Drag::Selection(_)) {
            return;
        }
        #[cfg(target_os = "linux")]
        {
            let selected = self.selection.copied(&feed.log());
            if !selected.is_empty() {
                crate::gui::desktop::set_primary(&selected);
                return;
            }
        }
        if let Some((row, index)) = self.link_at(mouse.pos, feed) {
            self.press_link(ctx, row, index, feed);
        }
    }

    /// Opens a link whose target has been in view for long enough to be read; shows it otherwise.
    fn press_link(&mut self, ctx: &mut EventCtx, row: usize, index: usize, feed: &Feed) {
        match self.rest {
            Some(Rest::Link { row: shown, index: which, since })
                if (shown, which) == (row, index) && since.elapsed() >= READ =>
            {
                let target = message(feed, row, |message| message.links.get(index).map(|link| link.target.clone()));
                if let Some(target) = target.flatten() {
                    ctx.submit_command(command::OPEN_LINK.with(target));
                }
            }
            _ => self.rest = Some(Rest::Link { row, index, since: Instant::now() }),
        }
    }

    pub(super) fn mouse_move(&mut self, ctx: &mut EventCtx, mouse: &MouseEvent, feed: &Feed) {
        match self.drag {
            Drag::Nothing => self.look(ctx, mouse, feed),
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

    /// Shows what there is to be told of what the pointer is over.
    fn look(&mut self, ctx: &mut EventCtx, mouse: &MouseEvent, feed: &Feed) {
        self.pointer = mouse.pos;
        let row = self
            .row_at(mouse.pos)
            .map(|(row, laid, within)| (row, laid.is_more(within), laid.is_text(within), laid.is_time(within)));
        let (more, text) = row.map_or((false, false), |(_, more, text, _)| (more, text));
        let on_top = self.is_bar(mouse.pos) || self.pill.is_some_and(|pill| pill.contains(mouse.pos));
        let rest = match (self.link_at(mouse.pos, feed).filter(|_| !on_top), row) {
            (Some((row, index)), _) => match self.rest {
                Some(Rest::Link { row: shown, index: which, .. }) if (shown, which) == (row, index) => self.rest,
                _ => Some(Rest::Link { row, index, since: Instant::now() }),
            },
            (None, Some((row, _, _, true))) if !on_top => Some(Rest::Time(row)),
            _ => None,
        };
        if rest != self.rest {
            self.rest = rest;
            ctx.request_paint();
        }
        let is_link = matches!(rest, Some(Rest::Link { .. }));
        let is_pill = self.pill.is_some_and(|pill| pill.contains(mouse.pos));
        ctx.set_cursor(match () {
            () if is_pill || !on_top && (more || is_link) => &Cursor::Pointer,
            () if text && !on_top => &Cursor::IBeam,
            () => &Cursor::Arrow,
        });
    }

    /// Scrolls on while a selection is dragged beyond the edge.
    pub(super) fn drag_on(&mut self, ctx: &mut EventCtx, feed: &Feed, env: &Env) {
        self.tick = None;
        if let Drag::Selection(at) = self.drag
            && self.beyond(at) != 0.0
        {
            self.scroll_by(ctx, feed, self.beyond(at).clamp(-80.0, 80.0), env);
            self.drag_selection(at);
            self.tick = Some(ctx.request_timer(TICK));
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

    pub(super) fn menu(&mut self, ctx: &mut EventCtx, mouse: &MouseEvent, feed: &Feed) {
        ctx.request_focus();
        let has_selected = !self.selection.is_empty();
        let copy = MenuItem::new("Copy").command(command::COPY_SELECTED).enabled(has_selected);
        let mut menu = Menu::<Model>::empty().entry(copy);
        if let Some((row, index)) = self.link_at(mouse.pos, feed)
            && let Some(target) = message(feed, row, |message| message.links.get(index).map(|link| link.target.clone()))
            && let Some(target) = target
        {
            menu = menu.entry(MenuItem::new("Copy link").command(command::COPY_TEXT.with(target)));
        }
        let whole = self
            .row_at(mouse.pos)
            .and_then(|(row, _, _)| message(feed, row, |message| format!("{}: {}", message.from(), message.source())));
        if let Some(whole) = whole {
            menu = menu.entry(MenuItem::new("Copy message").command(command::COPY_TEXT.with(whole)));
        }
        let menu = menu
            .separator()
            .entry(MenuItem::new("Select all").command(command::SELECT_ALL))
            .entry(MenuItem::new("Find…").command(command::FIND.with(String::new())))
            .entry(MenuItem::new("Save transcript…").command(command::SAVE));
        ctx.show_context_menu(menu, mouse.window_pos);
    }

    pub(super) fn key_down(&mut self, ctx: &mut EventCtx, key: &KeyEvent, feed: &Feed, env: &Env) {
        let page = self.view() * 0.9;
        self.glide = 0.0;
        match &key.key {
            _ if HotKey::new(SysMods::Cmd, "c").matches(key) => self.copy(feed),
            _ if HotKey::new(SysMods::Cmd, "a").matches(key) => self.select_all(feed),
            KbKey::PageUp => self.scroll_by(ctx, feed, -page, env),
            KbKey::PageDown => self.scroll_by(ctx, feed, page, env),
            KbKey::ArrowUp => self.scroll_by(ctx, feed, -STEP, env),
            KbKey::ArrowDown => self.scroll_by(ctx, feed, STEP, env),
            KbKey::ArrowLeft => self.step_link(feed, false),
            KbKey::ArrowRight => self.step_link(feed, true),
            KbKey::Enter if self.link.is_some() && !key.repeat => {
                if let Some((row, index)) = self.link {
                    self.press_link(ctx, row, index, feed);
                }
            }
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

    /// Goes to the next link in view, or to the one before; past the last there is none.
    fn step_link(&mut self, feed: &Feed, forward: bool) {
        let log = feed.log();
        let links: Vec<(usize, usize)> = self
            .placed
            .iter()
            .flat_map(|(row, _)| {
                (0..log.message(*row).map_or(0, |message| message.links.len())).map(|index| (*row, index))
            })
            .collect();
        let at = self.link.and_then(|link| links.iter().position(|other| *other == link));
        let next = match (at, forward) {
            (Some(at), true) => at.checked_add(1),
            (Some(at), false) => at.checked_sub(1),
            (None, true) => Some(0),
            (None, false) => links.len().checked_sub(1),
        };
        self.link = next.and_then(|next| links.get(next)).copied();
        self.rest = self.link.map(|(row, index)| Rest::Link { row, index, since: Instant::now() });
        if let Some((row, _)) = self.link
            && let Some((_, top)) = self.placed.iter().find(|(there, _)| *there == row)
        {
            self.pointer = Point::new(0.0, top + 24.0);
        }
    }

    pub(super) fn select_all(&mut self, feed: &Feed) {
        self.selection = Selection::all(&feed.log());
    }

    pub(super) fn copy(&self, feed: &Feed) {
        let copied = self.selection.copied(&feed.log());
        if !copied.is_empty() {
            Application::global().clipboard().put_string(copied);
        }
    }
}

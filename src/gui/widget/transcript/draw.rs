//! What lies over the rows of the transcript: the scroll bar, what is new, and what there is to be told of what one points at.

use druid::{
    Color, Env, FontFamily, Point, Rect, Size, Vec2,
    piet::{PietTextLayout, RenderContext, Text, TextLayout, TextLayoutBuilder},
    widget::prelude::*,
};

use super::{Drag, Rest, Transcript, message};
use crate::gui::{
    model::{link, transcript::Feed},
    theme,
};

/// A tip is at most so wide.
const WIDEST: f64 = 520.0;

/// Nothing has been said.
pub(super) fn nothing(ctx: &mut PaintCtx, env: &Env) {
    let words = "Nothing has been said here yet.";
    if let Some(layout) = lay(ctx, words, 15.0, f64::INFINITY, env.get(theme::QUIET), env) {
        let free = ctx.size() - layout.size();
        ctx.draw_text(&layout, (free.width / 2.0, free.height / 2.0));
    }
}

fn lay(ctx: &mut PaintCtx, words: &str, size: f64, width: f64, color: Color, env: &Env) -> Option<PietTextLayout> {
    ctx.text()
        .new_text_layout(words.to_owned())
        .max_width(width)
        .font(FontFamily::SYSTEM_UI, theme::points(env, size))
        .text_color(color)
        .build()
        .ok()
}

impl Transcript {
    pub(super) fn draw_bar(&self, ctx: &mut PaintCtx, env: &Env) {
        let Some((start, end)) = self.scroll.thumb(self.view()) else { return };
        let (x, height) = (self.size.width - 8.0, self.size.height - 4.0);
        let thumb = Rect::new(x, 2.0 + start * height, x + 5.0, 2.0 + end * height).to_rounded_rect(2.5);
        let held = matches!(self.drag, Drag::Thumb(_));
        let color: Color = env.get(theme::QUIET).with_alpha(if held { 0.9 } else { 0.45 });
        ctx.fill(thumb, &color);
    }

    pub(super) fn draw_pill(&mut self, ctx: &mut PaintCtx, feed: &Feed, env: &Env) {
        self.pill = None;
        if self.scroll.at_end() {
            return;
        }
        let new = self.news.count(self.scroll.unseen(), &feed.log());
        let words = match new {
            0 => "↓  To the end".to_owned(),
            1 => "↓  1 new message".to_owned(),
            new => format!("↓  {new} new messages"),
        };
        let (ground, color) = if new == 0 { (theme::BUTTON, theme::TEXT) } else { (theme::ACCENT, theme::ON_ACCENT) };
        let Some(layout) = lay(ctx, &words, 13.0, f64::INFINITY, env.get(color), env) else { return };
        let size = layout.size() + Size::new(32.0, 14.0);
        let at = Point::new((self.size.width - size.width) / 2.0, self.size.height - size.height - 12.0);
        let pill = Rect::from_origin_size(at.round(), size);
        ctx.fill(pill.to_rounded_rect(size.height / 2.0), &env.get(ground));
        ctx.draw_text(&layout, pill.origin() + Vec2::new(16.0, 7.0));
        self.pill = Some(pill);
    }

    /// What there is to be told of what one points at.
    pub(super) fn draw_tip(&self, ctx: &mut PaintCtx, feed: &Feed, env: &Env) {
        let words = match self.rest {
            Some(Rest::Link { row, index, .. }) => {
                message(feed, row, |message| message.links.get(index).map(|found| link::words(&found.target))).flatten()
            }
            Some(Rest::Time(row)) => message(feed, row, |message| {
                message.at.to_zoned(feed.zone().clone()).strftime("%A, %-d %B %Y, %H:%M:%S %Z").to_string()
            }),
            None => None,
        };
        let Some(words) = words else { return };
        let widest = theme::points(env, WIDEST).min(self.size.width - 40.0);
        let Some(layout) = lay(ctx, &words, 13.0, widest, env.get(theme::TEXT), env) else { return };
        let size = layout.size() + Size::new(20.0, 12.0);
        let x = (self.pointer.x - size.width / 2.0).clamp(8.0, (self.size.width - size.width - 16.0).max(8.0));
        // Above what one points at, or below where there is no room.
        let above = self.pointer.y - size.height - 14.0;
        let y = if above >= 4.0 { above } else { self.pointer.y + 22.0 };
        let y = y.clamp(4.0, (self.size.height - size.height - 4.0).max(4.0));
        let area = Rect::from_origin_size((x.round(), y.round()), size).to_rounded_rect(6.0);
        ctx.fill(area, &env.get(theme::FIELD));
        ctx.stroke(area, &env.get(theme::BORDER), 1.0);
        ctx.draw_text(&layout, area.origin() + Vec2::new(10.0, 6.0));
    }
}

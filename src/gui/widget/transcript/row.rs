//! One row of the transcript, laid out: where its text, bubble, badge and time are.

use druid::{
    Color, Env, FontFamily, FontWeight, Point, Rect, Size,
    kurbo::{Circle, Line},
    piet::{PietText, PietTextLayout, RenderContext, Text, TextAttribute, TextLayout, TextLayoutBuilder},
    widget::prelude::*,
};

use crate::gui::{
    model::transcript::{Message, Row},
    theme,
    widget::badge,
};

/// Body text, in display points.
const SIZE: f64 = 15.0;
/// Times and notices.
const SMALL: f64 = 12.5;
/// From the sides of the transcript to what is in it.
const SIDE: f64 = 16.0;
/// Diameter of a badge.
const BADGE: f64 = 32.0;
/// From a badge to its bubble.
const BESIDE: f64 = 10.0;
/// From a bubble's edge to its text.
const INSET: Size = Size::new(12.0, 7.0);
/// A bubble is at most so wide, so that its lines can be read.
const WIDEST: f64 = 640.0;
/// A bubble's corners.
const ROUND: f64 = 12.0;
/// Above a message by somebody else than the one before.
const APART: f64 = 10.0;
/// Above one by the same.
const TOGETHER: f64 = 3.0;

/// A row that can be drawn. All places are from the row's own top left.
pub(super) struct Laid {
    text: PietTextLayout,
    at: Point,
    pub(super) height: f64,
    kind: Kind,
}

enum Kind {
    Message(Box<Around>),
    Notice(Rect),
    Divider,
}

/// What is around a message's text.
struct Around {
    bubble: Rect,
    own: bool,
    time: (PietTextLayout, Point),
    badge: Option<(String, usize)>,
    more: Option<(PietTextLayout, Point)>,
}

type Builder = <PietText as Text>::TextLayoutBuilder;

fn build(text: &mut PietText, words: &str, size: f64, width: f64, color: Color) -> Builder {
    text.new_text_layout(words.to_owned()).max_width(width).font(FontFamily::SYSTEM_UI, size).text_color(color)
}

/// Lays out. A layout that fails has no text rather than ending the window.
fn finish(text: &mut PietText, builder: Builder) -> PietTextLayout {
    builder.build().or_else(|_| text.new_text_layout("").build()).unwrap_or_else(|_| {
        // An empty layout has nothing in it that could fail.
        unreachable!("the empty text has a layout")
    })
}

fn small(text: &mut PietText, words: &str, color: Color) -> PietTextLayout {
    let builder = build(text, words, SMALL, f64::INFINITY, color);
    finish(text, builder)
}

/// How wide a text is. The size alone forgets part of a line that runs both ways.
fn width(layout: &PietTextLayout) -> f64 {
    layout.size().width.max(layout.image_bounds().x1).ceil()
}

/// How wide the text of a message may be.
fn widest(width: f64) -> f64 {
    ((width - 2.0 * SIDE - BADGE - BESIDE) * 0.86 - 2.0 * INSET.width).clamp(80.0, WIDEST)
}

/// What a row will roughly need: enough for a scroll bar, until it is laid out.
pub(super) fn estimate(row: &Row, width: f64) -> f64 {
    let Row::Message(message) = row else { return 36.0 };
    let columns = (widest(width) / 8.0).max(1.0);
    let lines: f64 = message.shown.split('\n').map(|line| (line.len() as f64 / columns).ceil().max(1.0)).sum();
    let apart = if message.leads { APART } else { TOGETHER };
    lines * 20.0 + 2.0 * INSET.height + apart
}

impl Laid {
    pub(super) fn new(row: &Row, width: f64, text: &mut PietText, env: &Env) -> Self {
        match row {
            Row::Message(message) => Self::message(message, width, text, env),
            Row::Notice(notice) => {
                let color = env.get(if notice.loud { theme::TEXT } else { theme::QUIET });
                let builder = build(text, &notice.shown, SMALL, (width - 2.0 * SIDE - 32.0).clamp(80.0, WIDEST), color);
                let layout = finish(text, builder);
                let size = Size::new(self::width(&layout) + 24.0, layout.size().height + 8.0);
                let pill = Rect::from_origin_size(((width - size.width) / 2.0, APART), size);
                let at = pill.origin() + (12.0, 4.0);
                Self { text: layout, at, height: pill.y1 + TOGETHER, kind: Kind::Notice(pill) }
            }
            Row::Divider(words) => {
                let layout = small(text, words, env.get(theme::QUIET));
                let at = Point::new((width - self::width(&layout)) / 2.0, APART + 6.0);
                let height = at.y + layout.size().height + 6.0;
                Self { text: layout, at, height, kind: Kind::Divider }
            }
        }
    }

    fn message(message: &Message, width: f64, text: &mut PietText, env: &Env) -> Self {
        let widest = widest(width);
        let color = env.get(if message.history { theme::QUIET } else { theme::TEXT });
        let builder = build(text, &message.shown, SIZE, widest, color)
            .range_attribute(..message.name, TextAttribute::Weight(FontWeight::SEMI_BOLD))
            .range_attribute(..message.name, TextAttribute::TextColor(theme::tint(env, message.tint)));
        let layout = finish(text, builder);
        let time = small(text, &message.time, env.get(theme::QUIET));
        let more = (message.hidden > 0)
            .then(|| small(text, &format!("Show {} more lines", message.hidden), env.get(theme::FOCUS)));

        let end = layout.hit_test_text_position(message.shown.len()).point.x.max(0.0);
        let time_size = time.size();
        let mut inner = Size::new(self::width(&layout), layout.size().height);
        let mut below = inner.height;
        if let Some(more) = &more {
            inner.width = inner.width.max(more.size().width + 12.0 + time_size.width);
            inner.height += more.size().height + 4.0;
        } else if end + 12.0 + time_size.width <= widest {
            // The time has room behind the last line.
            inner.width = inner.width.max(end + 12.0 + time_size.width);
        } else {
            inner.height += time_size.height;
            inner.width = inner.width.max(time_size.width);
        }
        below += 4.0;

        let top = if message.leads { APART } else { TOGETHER };
        let size = Size::new(inner.width + 2.0 * INSET.width, inner.height + 2.0 * INSET.height);
        let x = if message.own { width - SIDE - size.width } else { SIDE + BADGE + BESIDE };
        let bubble = Rect::from_origin_size((x, top), size);
        let at = bubble.origin() + INSET.to_vec2();
        let time_at =
            Point::new(bubble.x1 - INSET.width - time_size.width, bubble.y1 - INSET.height - time_size.height - 1.0);
        let badge = (message.leads && !message.own).then(|| (message.initial.clone(), message.tint));
        Self {
            text: layout,
            at,
            height: bubble.y1.max(if badge.is_some() { top + BADGE } else { 0.0 }),
            kind: Kind::Message(Box::new(Around {
                bubble,
                own: message.own,
                time: (time, time_at),
                badge,
                more: more.map(|more| (more, at + (0.0, below))),
            })),
        }
    }

    /// The byte of the shown text that is nearest to a place.
    pub(super) fn byte_at(&self, place: Point) -> usize {
        self.text.hit_test_point(place - self.at.to_vec2()).idx
    }

    /// Whether text is there, which can be selected.
    pub(super) fn is_text(&self, place: Point) -> bool {
        match &self.kind {
            Kind::Message(around) => around.bubble.contains(place),
            Kind::Notice(area) => area.contains(place),
            Kind::Divider => false,
        }
    }

    /// Whether "show more" is there.
    pub(super) fn is_more(&self, place: Point) -> bool {
        let Kind::Message(around) = &self.kind else { return false };
        around
            .more
            .as_ref()
            .is_some_and(|(layout, at)| Rect::from_origin_size(*at, layout.size()).inset(4.0).contains(place))
    }

    /// Draws the row with its top at `top`, and these bytes of it selected.
    pub(super) fn draw(&self, ctx: &mut PaintCtx, top: f64, selected: Option<(usize, usize)>, env: &Env) {
        let down = druid::Vec2::new(0.0, top);
        match &self.kind {
            Kind::Message(around) => {
                let Around { bubble, own, badge, .. } = &**around;
                let ground = env.get(if *own { theme::OWN } else { theme::OTHER });
                ctx.fill((*bubble + down).to_rounded_rect(ROUND), &ground);
                if let Some((initial, tint)) = badge {
                    let center = Point::new(SIDE + BADGE / 2.0, bubble.y0 + BADGE / 2.0 + 1.0) + down;
                    badge::draw(ctx, Circle::new(center, BADGE / 2.0), initial, *tint, env);
                }
            }
            Kind::Notice(pill) => ctx.fill((*pill + down).to_rounded_rect(ROUND), &env.get(theme::SURFACE)),
            Kind::Divider => {
                let (y, width) = (self.at.y + self.text.size().height / 2.0, ctx.size().width);
                for (from, to) in [(SIDE, self.at.x - 12.0), (self.at.x + self::width(&self.text) + 12.0, width - SIDE)]
                {
                    let line = Line::new((from, (y + top).round() + 0.5), (to, (y + top).round() + 0.5));
                    ctx.stroke(line, &env.get(theme::BORDER), 1.0);
                }
            }
        }
        // A tower of accents stays within its own bubble.
        let area = match &self.kind {
            Kind::Message(around) => around.bubble,
            Kind::Notice(pill) => *pill,
            Kind::Divider => Rect::new(0.0, 0.0, ctx.size().width, self.height),
        };
        ctx.with_save(|ctx| {
            ctx.clip(area + down);
            for rect in selected.map(|(from, to)| self.text.rects_for_range(from..to)).unwrap_or_default() {
                ctx.fill(rect + self.at.to_vec2() + down, &env.get(theme::SELECTED));
            }
            ctx.draw_text(&self.text, self.at + down);
        });
        if let Kind::Message(around) = &self.kind {
            let Around { time: (time, at), more, .. } = &**around;
            ctx.draw_text(time, *at + down);
            if let Some((more, at)) = more {
                ctx.draw_text(more, *at + down);
            }
        }
    }
}

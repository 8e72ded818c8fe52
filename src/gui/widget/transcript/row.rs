//! One row of the transcript, laid out: where its text, bubble, badge and time are.
//!
//! - [`Laid`]: a row, or a message that is on its way, ready to be drawn

use druid::{
    Color, Env, FontFamily, FontStyle, FontWeight, Point, Rect, Size, Vec2,
    kurbo::{Circle, Line},
    piet::{PietText, PietTextLayout, RenderContext, Text, TextAttribute, TextLayout, TextLayoutBuilder},
    widget::prelude::*,
};
use jiff::tz::TimeZone;

use crate::gui::{
    model::{
        markup::Style,
        pending::{Pending, State},
        people,
        transcript::{Message, Row},
    },
    theme,
    widget::badge,
};

/// Body text.
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

/// What rows are laid out for.
pub(super) struct Page<'a> {
    /// How wide it is.
    pub(super) width: f64,
    /// Where its times are.
    pub(super) zone: &'a TimeZone,
    /// Colours and sizes.
    pub(super) env: &'a Env,
}

/// A row that can be drawn. All places are from the row's own top left.
pub(super) struct Laid {
    text: PietTextLayout,
    at: Point,
    pub(super) height: f64,
    kind: Kind,
    /// The line above what one has not seen.
    mark: Option<(PietTextLayout, Point)>,
}

enum Kind {
    Message(Box<Around>),
    Notice { area: Rect, more: Option<(PietTextLayout, Point)> },
    Divider,
}

/// What is around a message's text.
struct Around {
    bubble: Rect,
    own: bool,
    /// The time, or what has become of a message.
    time: (PietTextLayout, Point),
    badge: Option<(String, usize)>,
    more: Option<(PietTextLayout, Point)>,
    /// The grounds of code, and the bars beside quotes.
    grounds: Vec<Rect>,
    bars: Vec<Rect>,
    failed: bool,
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

/// How wide a text is. The size alone forgets part of a line that runs both ways.
fn width(layout: &PietTextLayout) -> f64 {
    layout.size().width.max(layout.image_bounds().x1).ceil()
}

impl Page<'_> {
    fn points(&self, size: f64) -> f64 {
        theme::points(self.env, size)
    }

    /// How wide the text of a message may be.
    fn widest(&self) -> f64 {
        let badge = self.points(BADGE) + BESIDE;
        ((self.width - 2.0 * SIDE - badge) * 0.86 - 2.0 * INSET.width).clamp(80.0, self.points(WIDEST))
    }

    fn small(&self, text: &mut PietText, words: &str, color: Color) -> PietTextLayout {
        let builder = build(text, words, self.points(SMALL), f64::INFINITY, color);
        finish(text, builder)
    }

    /// What a row will roughly need: enough for a scroll bar, until it is laid out.
    pub(super) fn estimate(&self, row: &Row) -> f64 {
        let Row::Message(message) = row else { return self.points(36.0) };
        let columns = (self.widest() / self.points(8.0)).max(1.0);
        let lines: f64 = message.shown.split('\n').map(|line| (line.len() as f64 / columns).ceil().max(1.0)).sum();
        let apart = if message.leads { APART } else { TOGETHER };
        lines * self.points(20.0) + 2.0 * INSET.height + apart
    }

    /// Lays out a row; `is_marked` puts the line above it that says that it is new.
    pub(super) fn lay(&self, row: &Row, is_marked: bool, text: &mut PietText) -> Laid {
        let laid = match row {
            Row::Message(message) => {
                let at = message.at.to_zoned(self.zone.clone());
                let color = self.env.get(theme::QUIET);
                let time = self.small(text, &format!("{:02}:{:02}", at.hour(), at.minute()), color);
                self.message(message, time, false, text)
            }
            Row::Notice(notice) => {
                let color = self.env.get(if notice.loud { theme::TEXT } else { theme::QUIET });
                let widest = (self.width - 2.0 * SIDE - 32.0).clamp(80.0, self.points(WIDEST));
                let builder = build(text, &notice.shown, self.points(SMALL), widest, color);
                let layout = finish(text, builder);
                let more = (notice.hidden > 0)
                    .then(|| self.small(text, &format!("Show all {}", notice.hidden), self.env.get(theme::FOCUS)));
                let more_size = more.as_ref().map_or(Size::ZERO, |more| more.size() + Size::new(0.0, 4.0));
                let wide = self::width(&layout).max(more_size.width);
                let size = Size::new(wide + 24.0, layout.size().height + more_size.height + 8.0);
                let area = Rect::from_origin_size(((self.width - size.width) / 2.0, APART), size);
                let at = area.origin() + (12.0, 4.0);
                let more = more.map(|more| (more, at + Vec2::new(0.0, layout.size().height + 4.0)));
                Laid { text: layout, at, height: area.y1 + TOGETHER, kind: Kind::Notice { area, more }, mark: None }
            }
            Row::Divider(words) => {
                let layout = self.small(text, words, self.env.get(theme::QUIET));
                let at = Point::new((self.width - self::width(&layout)) / 2.0, APART + 6.0);
                let height = at.y + layout.size().height + 6.0;
                Laid { text: layout, at, height, kind: Kind::Divider, mark: None }
            }
        };
        if is_marked { self.marked(laid, text) } else { laid }
    }

    /// Lays out a message that is not in the room's log yet.
    pub(super) fn lay_pending(&self, pending: &Pending, text: &mut PietText) -> Laid {
        let (words, color) = match &pending.state {
            State::Sending => ("sending…", theme::QUIET),
            State::Failed(_) => ("! not sent", theme::ALARM),
        };
        let state = self.small(text, words, self.env.get(color));
        self.message(&pending.message, state, pending.has_failed(), text)
    }

    fn marked(&self, mut laid: Laid, text: &mut PietText) -> Laid {
        let words = self.small(text, "New", self.env.get(theme::FOCUS));
        let room = words.size().height + 10.0;
        let at = Point::new(self.width - SIDE - self::width(&words) - 4.0, 6.0);
        laid.mark = Some((words, at));
        laid.height += room;
        laid.at.y += room;
        let down = Vec2::new(0.0, room);
        let lower = |place: &mut Option<(PietTextLayout, Point)>| {
            if let Some((_, at)) = place {
                *at += down;
            }
        };
        match &mut laid.kind {
            Kind::Message(around) => {
                around.bubble = around.bubble + down;
                around.time.1 += down;
                lower(&mut around.more);
                around.grounds.iter_mut().chain(&mut around.bars).for_each(|rect| *rect = *rect + down);
            }
            Kind::Notice { area, more } => {
                *area = *area + down;
                lower(more);
            }
            Kind::Divider => {}
        }
        laid
    }

    fn words(&self, message: &Message, text: &mut PietText) -> PietTextLayout {
        let color = self.env.get(if message.history { theme::QUIET } else { theme::TEXT });
        let mut builder = build(text, &message.shown, self.points(SIZE), self.widest(), color)
            .range_attribute(..message.name, TextAttribute::Weight(FontWeight::SEMI_BOLD))
            .range_attribute(..message.name, TextAttribute::TextColor(theme::tint(self.env, message.tint)));
        // The toolkit wants ranges in the order in which they begin.
        let spans = message.spans.iter().map(|span| (span.from..span.to, Some(span.style)));
        let links = message.links.iter().map(|link| (link.from..link.to, None));
        let mut ranges: Vec<_> = spans.chain(links).collect();
        ranges.sort_by_key(|(range, _)| range.start);
        for (range, style) in ranges {
            builder = match style {
                Some(Style::Bold) => builder.range_attribute(range, FontWeight::BOLD),
                Some(Style::Italic) => builder.range_attribute(range, FontStyle::Italic),
                Some(Style::Code | Style::Block) => builder
                    .range_attribute(range.clone(), FontFamily::MONOSPACE)
                    .range_attribute(range, TextAttribute::FontSize(self.points(SIZE - 1.5))),
                Some(Style::Quote) => {
                    builder.range_attribute(range, TextAttribute::TextColor(self.env.get(theme::QUIET)))
                }
                None => builder
                    .range_attribute(range.clone(), TextAttribute::TextColor(self.env.get(theme::FOCUS)))
                    .range_attribute(range, TextAttribute::Underline(true)),
            };
        }
        finish(text, builder)
    }

    fn message(&self, message: &Message, time: PietTextLayout, failed: bool, text: &mut PietText) -> Laid {
        let widest = self.widest();
        let layout = self.words(message, text);
        let more = (message.hidden > 0)
            .then(|| self.small(text, &format!("Show {} more lines", message.hidden), self.env.get(theme::FOCUS)));

        let end = layout.hit_test_text_position(message.shown.len()).point.x.max(0.0);
        let time_size = time.size();
        let mut inner = Size::new(self::width(&layout), layout.size().height);
        let mut below = inner.height;
        let ends_in_block =
            message.spans.last().is_some_and(|span| span.style == Style::Block && span.to == message.shown.len());
        if let Some(more) = &more {
            inner.width = inner.width.max(more.size().width + 12.0 + time_size.width);
            inner.height += more.size().height + 4.0;
        } else if end + 12.0 + time_size.width <= widest && !ends_in_block {
            // The time has room behind the last line.
            inner.width = inner.width.max(end + 12.0 + time_size.width);
        } else {
            inner.height += time_size.height + if ends_in_block { 6.0 } else { 0.0 };
            inner.width = inner.width.max(time_size.width);
        }
        below += 4.0;

        let top = if message.leads { APART } else { TOGETHER };
        let size = Size::new(inner.width + 2.0 * INSET.width, inner.height + 2.0 * INSET.height);
        let badge = self.points(BADGE);
        let x = if message.own { self.width - SIDE - size.width } else { SIDE + badge + BESIDE };
        let bubble = Rect::from_origin_size((x, top), size);
        let at = bubble.origin() + INSET.to_vec2();
        let time_at =
            Point::new(bubble.x1 - INSET.width - time_size.width, bubble.y1 - INSET.height - time_size.height - 1.0);
        let shows_badge = message.leads && !message.own;
        let (mut grounds, mut bars) = (Vec::new(), Vec::new());
        for span in &message.spans {
            let lines = layout.rects_for_range(span.from..span.to);
            let Some(all) = lines.iter().copied().reduce(|all, line| all.union(line)) else { continue };
            match span.style {
                Style::Block => {
                    grounds.push(Rect::new(at.x - 6.0, at.y + all.y0 - 2.0, bubble.x1 - 6.0, at.y + all.y1 + 2.0));
                }
                Style::Code => grounds.extend(lines.iter().map(|line| line.inset((2.0, 0.0)) + at.to_vec2())),
                Style::Quote => bars.push(Rect::new(at.x - 8.0, at.y + all.y0, at.x - 5.0, at.y + all.y1)),
                Style::Bold | Style::Italic => {}
            }
        }
        Laid {
            text: layout,
            at,
            height: bubble.y1.max(if shows_badge { top + badge } else { 0.0 }),
            kind: Kind::Message(Box::new(Around {
                bubble,
                own: message.own,
                time: (time, time_at),
                badge: shows_badge.then(|| (people::initial(message.from()), message.tint)),
                more: more.map(|more| (more, at + (0.0, below))),
                grounds,
                bars,
                failed,
            })),
            mark: None,
        }
    }
}

fn covers(place: Point, part: &(PietTextLayout, Point), around: f64) -> bool {
    Rect::from_origin_size(part.1, part.0.size()).inset(around).contains(place)
}

/// What of a row is drawn differently just now, in bytes of what it shows.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) selected: Option<(usize, usize)>,
    pub(super) found: Vec<(usize, usize)>,
    /// Whether what is found is what one is at.
    pub(super) is_current: bool,
    /// The link that the keyboard is at.
    pub(super) link: Option<(usize, usize)>,
}

impl Laid {
    /// The byte of the shown text that is nearest to a place.
    pub(super) fn byte_at(&self, place: Point) -> usize {
        self.text.hit_test_point(place - self.at.to_vec2()).idx
    }

    /// The byte of the shown text that is at a place, if text is there.
    pub(super) fn text_at(&self, place: Point) -> Option<usize> {
        let hit = self.text.hit_test_point(place - self.at.to_vec2());
        hit.is_inside.then_some(hit.idx)
    }

    /// Whether text is there, which can be selected.
    pub(super) fn is_text(&self, place: Point) -> bool {
        match &self.kind {
            Kind::Message(around) => around.bubble.contains(place),
            Kind::Notice { area, .. } => area.contains(place),
            Kind::Divider => false,
        }
    }

    /// Whether the time of a message is there.
    pub(super) fn is_time(&self, place: Point) -> bool {
        matches!(&self.kind, Kind::Message(around) if covers(place, &around.time, 3.0))
    }

    /// Whether "show more" is there.
    pub(super) fn is_more(&self, place: Point) -> bool {
        let more = match &self.kind {
            Kind::Message(around) => &around.more,
            Kind::Notice { more, .. } => more,
            Kind::Divider => return false,
        };
        more.as_ref().is_some_and(|more| covers(place, more, 4.0))
    }

    /// Draws the row with its top at `top`.
    pub(super) fn draw(&self, ctx: &mut PaintCtx, top: f64, shown: &Shown, env: &Env) {
        let down = Vec2::new(0.0, top);
        if let Some((words, at)) = &self.mark {
            let y = (at.y + words.size().height / 2.0 + top).round() + 0.5;
            let color = env.get(theme::FOCUS);
            ctx.stroke(Line::new((SIDE, y), (at.x - 8.0, y)), &color, 1.0);
            ctx.draw_text(words, *at + down);
        }
        self.draw_ground(ctx, down, env);
        // A tower of accents stays within its own bubble.
        let area = match &self.kind {
            Kind::Message(around) => around.bubble,
            Kind::Notice { area, .. } => *area,
            Kind::Divider => Rect::new(0.0, 0.0, ctx.size().width, self.height),
        };
        ctx.with_save(|ctx| {
            ctx.clip(area + down);
            if let Kind::Message(around) = &self.kind {
                let Around { grounds, bars, own, .. } = &**around;
                let color = env.get(if *own { theme::OWN_CODE } else { theme::CODE });
                grounds.iter().for_each(|rect| ctx.fill((*rect + down).to_rounded_rect(4.0), &color));
                bars.iter().for_each(|rect| ctx.fill(*rect + down, &env.get(theme::QUIET)));
            }
            let found = if shown.is_current { theme::FOUND_HERE } else { theme::FOUND };
            let found = shown.found.iter().map(|range| (*range, found.clone()));
            for ((from, to), color) in found.chain(shown.selected.map(|range| (range, theme::SELECTED))) {
                for rect in self.text.rects_for_range(from..to) {
                    ctx.fill(rect + self.at.to_vec2() + down, &env.get(color.clone()));
                }
            }
            // Where one is has a frame, too.
            for (from, to) in shown.found.iter().filter(|_| shown.is_current) {
                for rect in self.text.rects_for_range(*from..*to) {
                    ctx.stroke(rect + self.at.to_vec2() + down, &env.get(theme::WARN), 1.0);
                }
            }
            ctx.draw_text(&self.text, self.at + down);
            for rect in shown.link.map(|(from, to)| self.text.rects_for_range(from..to)).unwrap_or_default() {
                let ring = (rect + self.at.to_vec2() + down).inset(2.0).to_rounded_rect(3.0);
                ctx.stroke(ring, &env.get(theme::FOCUS), 2.0);
            }
        });
        let more = match &self.kind {
            Kind::Message(around) => {
                ctx.draw_text(&around.time.0, around.time.1 + down);
                &around.more
            }
            Kind::Notice { more, .. } => more,
            Kind::Divider => return,
        };
        if let Some((more, at)) = more {
            ctx.draw_text(more, *at + down);
        }
    }

    fn draw_ground(&self, ctx: &mut PaintCtx, down: Vec2, env: &Env) {
        match &self.kind {
            Kind::Message(around) => {
                let Around { bubble, own, badge, failed, .. } = &**around;
                let ground = env.get(if *own { theme::OWN } else { theme::OTHER });
                let shape = (*bubble + down).to_rounded_rect(ROUND);
                ctx.fill(shape, &ground);
                if *failed {
                    ctx.stroke(shape, &env.get(theme::ALARM), 1.5);
                }
                if let Some((initial, tint)) = badge {
                    let size = theme::points(env, BADGE);
                    let center = Point::new(SIDE + size / 2.0, bubble.y0 + size / 2.0 + 1.0) + down;
                    badge::draw(ctx, Circle::new(center, size / 2.0), initial, *tint, env);
                }
            }
            Kind::Notice { area, .. } => {
                ctx.fill((*area + down).to_rounded_rect(ROUND), &env.get(theme::SURFACE));
            }
            Kind::Divider => {
                let (y, width) = (self.at.y + self.text.size().height / 2.0 + down.y, ctx.size().width);
                for (from, to) in [(SIDE, self.at.x - 12.0), (self.at.x + self::width(&self.text) + 12.0, width - SIDE)]
                {
                    let line = Line::new((from, y.round() + 0.5), (to, y.round() + 0.5));
                    ctx.stroke(line, &env.get(theme::BORDER), 1.0);
                }
            }
        }
    }
}

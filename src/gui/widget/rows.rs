//! What lists of painted rows have in common: all rows are of one height, and only those in view are drawn, so that a thousand
//! cost what ten do.

use std::ops::Range;

use druid::{
    Color, Env, FontFamily, FontWeight, Point, Rect,
    piet::{PietTextLayout, RenderContext, Text, TextAttribute, TextLayout, TextLayoutBuilder},
    widget::prelude::*,
};

use crate::{gui::theme, wire::text::beginning};

/// The rows of a list: how many there are, and which of them are in view.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    scrolled: f64,
    count: usize,
    /// Of one row, in points.
    height: f64,
    view: f64,
}

impl Rows {
    /// So many rows of this height, in a view of that height.
    pub(crate) fn fit(&mut self, count: usize, height: f64, view: f64) {
        (self.count, self.height, self.view) = (count, height, view);
        self.scroll(0.0);
    }

    /// Scrolls by so many points, as far as there is anything; whether it did.
    pub(crate) fn scroll(&mut self, by: f64) -> bool {
        let before = self.scrolled;
        let most = (self.count as f64 * self.height - self.view).max(0.0);
        self.scrolled = (self.scrolled + by).clamp(0.0, most);
        self.scrolled != before
    }

    /// Scrolls as little as is needed to have a row in view.
    pub(crate) fn reveal(&mut self, row: usize) {
        let top = row as f64 * self.height;
        let below = top + self.height - self.view;
        self.scrolled = self.scrolled.max(below).min(top);
        self.scroll(0.0);
    }

    /// Rows that fit into the view, at least one.
    pub(crate) fn page(&self) -> usize {
        ((self.view / self.height.max(1.0)) as usize).max(1)
    }

    /// The row at a height of the view.
    pub(crate) fn at(&self, y: f64) -> Option<usize> {
        let row = ((y + self.scrolled) / self.height.max(1.0)).floor();
        (row >= 0.0 && (row as usize) < self.count).then_some(row as usize)
    }

    /// The rows in view.
    pub(crate) fn in_view(&self) -> Range<usize> {
        let height = self.height.max(1.0);
        let first = (self.scrolled / height) as usize;
        let last = ((self.scrolled + self.view) / height) as usize + 1;
        first..last.min(self.count)
    }

    /// Where a row is, in a view of this width.
    pub(crate) fn place(&self, row: usize, width: f64) -> Rect {
        let top = row as f64 * self.height - self.scrolled;
        Rect::new(0.0, top, width, top + self.height)
    }

    /// Draws where in the list one is, if it does not fit.
    pub(crate) fn draw_thumb(&self, ctx: &mut PaintCtx, width: f64, env: &Env) {
        let total = self.count as f64 * self.height;
        if total > self.view {
            let (from, long) = (self.scrolled / total * self.view, self.view * self.view / total);
            let thumb = Rect::new(width - 7.0, from + 2.0, width - 2.0, from + long - 2.0);
            ctx.fill(thumb.to_rounded_rect(2.5), &env.get(theme::QUIET).with_alpha(0.45));
        }
    }
}

/// A text to be drawn in a row.
pub(crate) struct Line<'a> {
    pub(crate) words: &'a str,
    /// At the usual scale.
    pub(crate) size: f64,
    pub(crate) bold: bool,
    pub(crate) color: Color,
}

impl Line<'_> {
    fn lay(&self, ctx: &mut PaintCtx, words: &str, width: f64, env: &Env) -> Option<PietTextLayout> {
        let weight = if self.bold { FontWeight::SEMI_BOLD } else { FontWeight::REGULAR };
        ctx.text()
            .new_text_layout(words.to_owned())
            .max_width(width)
            .font(FontFamily::SYSTEM_UI, theme::points(env, self.size))
            .default_attribute(TextAttribute::Weight(weight))
            .text_color(self.color)
            .build()
            .ok()
    }

    /// One line of at most this width, with "…" at its end if it is cut; and whether it is.
    pub(crate) fn cut(&self, ctx: &mut PaintCtx, width: f64, env: &Env) -> Option<(PietTextLayout, bool)> {
        let whole = self.lay(ctx, self.words, f64::INFINITY, env)?;
        if whole.size().width <= width {
            return Some((whole, false));
        }
        let dots = theme::points(env, self.size);
        let end = whole.hit_test_point(Point::new((width - dots).max(0.0), 1.0)).idx;
        let kept = beginning(self.words, end).trim_end();
        Some((self.lay(ctx, &format!("{kept}…"), f64::INFINITY, env)?, true))
    }

    /// The whole text, on as many lines of this width as it takes.
    pub(crate) fn whole(&self, ctx: &mut PaintCtx, width: f64, env: &Env) -> Option<PietTextLayout> {
        self.lay(ctx, self.words, width, env)
    }
}

/// Draws layouts below each other, in the middle of a height.
pub(crate) fn draw_stacked(ctx: &mut PaintCtx, layouts: &[PietTextLayout], x: f64, middle: f64) {
    let tall: f64 = layouts.iter().map(|layout| layout.size().height).sum();
    let mut y = middle - tall / 2.0;
    for layout in layouts {
        ctx.draw_text(layout, (x, y));
        y += layout.size().height;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize) -> Rows {
        let mut rows = Rows::default();
        rows.fit(count, 10.0, 35.0);
        rows
    }

    #[test]
    fn only_rows_in_view_are_drawn_however_many_there_are() {
        let mut rows = rows(500);
        assert_eq!(rows.in_view(), 0..4);
        assert!(rows.scroll(12.0));
        assert_eq!((rows.in_view(), rows.at(0.0), rows.at(9.0)), (1..5, Some(1), Some(2)));
        assert!(rows.scroll(1e9) && !rows.scroll(1.0), "the end is the end");
        assert_eq!(rows.in_view(), 496..500);
        assert_eq!(rows.place(499, 7.0), Rect::new(0.0, 25.0, 7.0, 35.0));
    }

    #[test]
    fn a_row_is_brought_into_view_by_the_shortest_way() {
        let mut rows = rows(100);
        rows.reveal(2);
        assert_eq!(rows.in_view(), 0..4, "it was there");
        rows.reveal(50);
        assert_eq!(rows.place(50, 1.0).y1, 35.0);
        rows.reveal(20);
        assert_eq!(rows.place(20, 1.0).y0, 0.0);
        assert_eq!(rows.page(), 3);
    }

    #[test]
    fn a_list_that_has_become_short_is_not_scrolled_past_its_end() {
        let mut rows = rows(100);
        rows.scroll(500.0);
        rows.fit(2, 10.0, 35.0);
        assert_eq!((rows.in_view(), rows.at(25.0), rows.scroll(10.0)), (0..2, None, false));
        let mut none = Rows::default();
        none.reveal(0);
        assert_eq!((none.in_view(), none.at(3.0)), (0..0, None));
    }
}

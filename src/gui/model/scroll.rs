//! Which rows of a transcript are in view, and where.
//!
//! The position is a row and how far its top is above the view, so that a height that turns out different somewhere else
//! never moves what one is reading. Heights are estimates until a row comes into view; only then is it measured, by a
//! function that is given, for this module draws nothing.

use super::heights::Heights;

/// Estimates that are made anew at once, when the width has changed: a small part of what a frame may cost.
const AT_ONCE: usize = 2_000;

/// A row in view, and the distance of its top from the top of the view.
pub(crate) type Placed = (usize, f64);

/// The position.
#[derive(Debug, Default)]
pub(crate) struct Scroll {
    heights: Heights,
    /// The number of the row that `heights` begins with.
    first: usize,
    /// So many heights at the beginning are estimates for another width than there is now.
    stale: usize,
    /// The row at the top of the view, counted from `first`.
    row: usize,
    /// How far its top is above the view.
    offset: f64,
    /// Scrolled up, away from the end.
    away: bool,
    /// The number of the first row that has not been seen, while away.
    unseen: usize,
    /// The height of what stands behind the last row.
    tail: f64,
    /// Where that begins, if it is in view.
    tail_top: Option<f64>,
}

impl Scroll {
    /// Takes note of the rows that there are: `first..end`. Cost: those that are new, and a bounded number of those whose
    /// estimate is for another width; those of the last rows come first.
    pub(crate) fn sync(&mut self, first: usize, end: usize, mut estimate: impl FnMut(usize) -> f64) {
        if first < self.first || end < self.first + self.heights.len() {
            self.heights.clear();
            (self.first, self.stale) = (first, 0);
        } else if first > self.first {
            let gone = first - self.first;
            self.heights.drop_first(gone);
            (self.first, self.stale) = (first, self.stale.saturating_sub(gone));
            // Whoever reads what goes is at what is first now.
            if self.row < gone {
                self.offset = 0.0;
            }
            self.row = self.row.saturating_sub(gone);
        }
        self.row = self.row.min(end.saturating_sub(first + 1));
        for _ in 0..self.stale.min(AT_ONCE) {
            self.stale -= 1;
            self.heights.set(self.stale, estimate(first + self.stale));
        }
        for row in first + self.heights.len()..end {
            self.heights.push(estimate(row));
        }
        if !self.away {
            self.unseen = end;
        }
    }

    /// Whether there are estimates for another width, which [`Scroll::sync`] goes on with.
    pub(crate) fn is_stale(&self) -> bool {
        self.stale > 0
    }

    /// Takes note of how tall it is what stands behind the last row, which is in view when the end is.
    pub(crate) fn set_tail(&mut self, height: f64) {
        self.tail = height;
    }

    /// Where what stands behind the last row begins, if it is in view: as of the last [`Scroll::place`].
    pub(crate) fn tail_top(&self) -> Option<f64> {
        self.tail_top
    }

    /// The width has changed: until [`Scroll::sync`] has come to them, the heights of rows that are not in view are what they
    /// were, which only the scroll bar shows.
    pub(crate) fn forget(&mut self) {
        self.stale = self.heights.len();
    }

    /// Whether the end is in view, and stays there when rows are added.
    pub(crate) fn at_end(&self) -> bool {
        !self.away
    }

    /// The number of the first row that one has not seen.
    pub(crate) fn unseen(&self) -> usize {
        self.unseen
    }

    /// The rows in a view of this height, from top to bottom. Cost: those rows.
    pub(crate) fn place(&mut self, view: f64, mut measure: impl FnMut(usize) -> f64) -> Vec<Placed> {
        self.tail_top = None;
        if self.heights.len() == 0 {
            self.tail_top = Some((view - self.tail).min(0.0));
            return Vec::new();
        }
        self.row = self.row.min(self.heights.len() - 1);
        if self.away {
            let placed = self.place_down(view, &mut measure);
            if let Some(placed) = placed {
                return placed;
            }
            self.go_to_end();
        }
        self.place_up(view, &mut measure)
    }

    /// Brings a row into view, a third of the way down, unless it is there already.
    pub(crate) fn reveal(&mut self, row: usize, placed: &[Placed], view: f64) {
        let Some(index) = row.checked_sub(self.first).filter(|index| *index < self.heights.len()) else { return };
        let is_whole = |(_, top): &Placed| *top >= 0.0 && top + self.heights.get(index).min(view) <= view;
        if placed.iter().find(|(there, _)| *there == row).is_some_and(is_whole) {
            return;
        }
        self.away = true;
        (self.row, self.offset) = (index, -view / 3.0);
    }

    fn measured(&mut self, row: usize, measure: &mut impl FnMut(usize) -> f64) -> f64 {
        let height = measure(self.first + row);
        self.heights.set(row, height);
        height
    }

    /// From the position on; none if the end is in view.
    fn place_down(&mut self, view: f64, measure: &mut impl FnMut(usize) -> f64) -> Option<Vec<Placed>> {
        while self.offset < 0.0 && self.row > 0 {
            self.row -= 1;
            self.offset += self.measured(self.row, measure);
        }
        self.offset = self.offset.max(0.0);
        loop {
            let height = self.measured(self.row, measure);
            if self.offset < height || self.row + 1 == self.heights.len() {
                break;
            }
            self.offset -= height;
            self.row += 1;
        }
        let mut placed = Vec::new();
        let (mut row, mut top) = (self.row, -self.offset);
        while top < view && row < self.heights.len() {
            placed.push((self.first + row, top));
            top += self.measured(row, measure);
            row += 1;
        }
        if row == self.heights.len() {
            if top + self.tail <= view {
                return None;
            }
            self.tail_top = Some(top).filter(|top| *top < view);
        }
        Some(placed)
    }

    /// From the end back.
    fn place_up(&mut self, view: f64, measure: &mut impl FnMut(usize) -> f64) -> Vec<Placed> {
        let mut placed = Vec::new();
        let (mut row, mut top) = (self.heights.len(), view - self.tail);
        let mut bottom = top;
        while row > 0 && top > 0.0 {
            row -= 1;
            top -= self.measured(row, measure);
            placed.push((self.first + row, top));
        }
        // Fewer rows than fill the view stand at its top.
        let free = top.max(0.0);
        placed.iter_mut().for_each(|(_, top)| *top -= free);
        placed.reverse();
        bottom -= free;
        self.tail_top = Some(bottom);
        (self.row, self.offset) = if row < self.heights.len() {
            (row, -(top - free))
        } else {
            // What stands behind the rows fills the view alone.
            (row - 1, self.heights.get(row - 1) - bottom)
        };
        placed
    }

    /// Scrolls by so much; down is positive.
    pub(crate) fn by(&mut self, distance: f64, view: f64) {
        if distance == 0.0 || (distance > 0.0 && !self.away) {
            return;
        }
        self.away = true;
        if distance.abs() > 2.0 * view {
            self.go_to_place(self.heights.top(self.row) + self.offset + distance);
        } else {
            self.offset += distance;
        }
    }

    /// Scrolls to the end, and stays there.
    pub(crate) fn go_to_end(&mut self) {
        self.away = false;
        self.unseen = self.first + self.heights.len();
    }

    /// Scrolls to the beginning.
    pub(crate) fn go_to_start(&mut self) {
        self.go_to_place(0.0);
    }

    fn go_to_place(&mut self, place: f64) {
        self.away = true;
        (self.row, self.offset) = self.heights.at(place);
    }

    /// Where the thumb of a scroll bar begins and ends, as parts of its length; none if all is in view.
    pub(crate) fn thumb(&self, view: f64) -> Option<(f64, f64)> {
        let total = self.heights.total() + self.tail;
        if total <= view {
            return None;
        }
        let length = (view / total).max(0.05);
        let above = if self.away { self.heights.top(self.row) + self.offset } else { total - view };
        let start = (above / (total - view)).clamp(0.0, 1.0) * (1.0 - length);
        Some((start, start + length))
    }

    /// Scrolls so that the thumb begins at this part of its bar.
    pub(crate) fn drag_thumb(&mut self, start: f64, view: f64) {
        let Some((from, to)) = self.thumb(view) else { return };
        let free = 1.0 - (to - from);
        if free <= 0.0 || start >= free {
            self.go_to_end();
        } else {
            self.go_to_place((start / free).max(0.0) * (self.heights.total() + self.tail - view));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEW: f64 = 100.0;

    /// Rows are 30 high, and were thought to be 20.
    fn scroll(rows: usize) -> Scroll {
        let mut scroll = Scroll::default();
        scroll.sync(0, rows, |_| 20.0);
        scroll
    }

    fn place(scroll: &mut Scroll) -> Vec<Placed> {
        scroll.place(VIEW, |_| 30.0)
    }

    #[test]
    fn few_rows_stand_at_the_top() {
        assert_eq!(place(&mut scroll(2)), [(0, 0.0), (1, 30.0)]);
        assert_eq!(place(&mut scroll(0)), []);
    }

    #[test]
    fn it_stays_at_the_end_while_it_is_there() {
        let mut scroll = scroll(10);
        assert_eq!(place(&mut scroll), [(6, -20.0), (7, 10.0), (8, 40.0), (9, 70.0)]);
        scroll.sync(0, 11, |_| 20.0);
        assert_eq!(place(&mut scroll).last(), Some(&(10, 70.0)));
        assert_eq!(scroll.unseen(), 11);
    }

    #[test]
    fn it_stays_put_while_one_reads_above() {
        let mut scroll = scroll(100);
        place(&mut scroll);
        scroll.by(-50.0, VIEW);
        let before = place(&mut scroll);
        scroll.sync(0, 150, |_| 20.0);
        assert_eq!(place(&mut scroll), before);
        assert!(!scroll.at_end());
        assert_eq!(scroll.unseen(), 100);
        scroll.go_to_end();
        assert_eq!(place(&mut scroll).last(), Some(&(149, 70.0)));
    }

    #[test]
    fn scrolling_up_and_down_comes_back_to_the_end() {
        let mut scroll = scroll(100);
        let end = place(&mut scroll);
        for _ in 0..7 {
            scroll.by(-45.0, VIEW);
            place(&mut scroll);
        }
        assert!(!scroll.at_end());
        for _ in 0..8 {
            scroll.by(45.0, VIEW);
            place(&mut scroll);
        }
        assert!(scroll.at_end());
        assert_eq!(place(&mut scroll), end);
    }

    #[test]
    fn it_stops_at_the_beginning() {
        let mut scroll = scroll(100);
        scroll.by(-1e9, VIEW);
        assert_eq!(place(&mut scroll)[0], (0, 0.0));
        scroll.by(-10.0, VIEW);
        assert_eq!(place(&mut scroll)[0], (0, 0.0));
    }

    #[test]
    fn only_what_comes_into_view_is_measured() {
        let mut scroll = scroll(100_000);
        let mut measured = 0;
        let mut count = |scroll: &mut Scroll| {
            scroll.place(VIEW, |_| {
                measured += 1;
                30.0
            })
        };
        count(&mut scroll);
        scroll.go_to_start();
        count(&mut scroll);
        scroll.drag_thumb(0.5, VIEW);
        count(&mut scroll);
        assert!(measured < 50, "{measured} rows were measured");
    }

    #[test]
    fn rows_that_are_taken_away_at_the_beginning_move_nothing() {
        let mut scroll = scroll(100);
        place(&mut scroll);
        scroll.by(-1000.0, VIEW);
        let before = place(&mut scroll);
        scroll.sync(10, 101, |_| 20.0);
        assert_eq!(place(&mut scroll), before);
    }

    /// All heights were estimated anew on every step of a resize.
    #[test]
    fn a_change_of_the_width_is_followed_a_few_rows_at_a_time() {
        let mut scroll = scroll(3 * AT_ONCE);
        place(&mut scroll);
        scroll.by(-1000.0, VIEW);
        let before = place(&mut scroll);
        scroll.forget();
        let mut estimated = Vec::new();
        for frame in 1..=3 {
            assert!(scroll.is_stale());
            scroll.sync(0, 3 * AT_ONCE, |row| {
                estimated.push(row);
                40.0
            });
            assert_eq!(estimated.len(), frame * AT_ONCE);
            assert_eq!(place(&mut scroll), before);
        }
        assert!(!scroll.is_stale());
        estimated.sort_unstable();
        assert!(estimated.into_iter().eq(0..3 * AT_ONCE));
        // All but what was in view is as was estimated last.
        let in_view = before.len() as f64 * 10.0;
        assert!((scroll.heights.total() - 40.0 * 3.0 * AT_ONCE as f64 + in_view).abs() < 100.0);
    }

    #[test]
    fn rows_that_go_while_the_width_is_followed_are_not_looked_at() {
        let mut scroll = scroll(2 * AT_ONCE);
        place(&mut scroll);
        scroll.forget();
        let mut estimated = Vec::new();
        for _ in 0..3 {
            scroll.sync(AT_ONCE / 2, 2 * AT_ONCE, |row| {
                estimated.push(row);
                40.0
            });
        }
        estimated.sort_unstable();
        assert!(estimated.into_iter().eq(AT_ONCE / 2..2 * AT_ONCE));
        assert!(!scroll.is_stale());
    }

    #[test]
    fn the_thumb_goes_where_it_is_dragged() {
        let mut scroll = scroll(100);
        place(&mut scroll);
        let (_, end) = scroll.thumb(VIEW).unwrap();
        assert!((end - 1.0).abs() < 1e-9);
        scroll.drag_thumb(0.0, VIEW);
        assert_eq!(place(&mut scroll)[0], (0, 0.0));
        scroll.drag_thumb(1.0, VIEW);
        assert!(scroll.at_end());
        assert!(Scroll::default().thumb(VIEW).is_none());
    }
}

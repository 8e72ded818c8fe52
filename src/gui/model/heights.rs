//! The heights of all rows of a transcript, and where a row stands because of them.
//!
//! A Fenwick tree: appending, changing one height, the sum before a row and the row at a place all cost the logarithm of
//! the number of rows, so that a transcript of a hundred thousand messages scrolls as one of ten.

/// Heights of rows, in display points.
#[derive(Debug, Default)]
pub(crate) struct Heights {
    heights: Vec<f64>,
    /// `tree[i]` is the sum of the `lowbit(i + 1)` heights that end with row `i`.
    tree: Vec<f64>,
}

fn lowbit(number: usize) -> usize {
    number & number.wrapping_neg()
}

impl Heights {
    pub(crate) fn len(&self) -> usize {
        self.heights.len()
    }

    pub(crate) fn clear(&mut self) {
        self.heights.clear();
        self.tree.clear();
    }

    /// Takes the first rows away; the others keep their heights, and move up.
    pub(crate) fn drop_first(&mut self, rows: usize) {
        let kept = self.heights.split_off(rows.min(self.heights.len()));
        self.clear();
        kept.into_iter().for_each(|height| self.push(height));
    }

    pub(crate) fn push(&mut self, height: f64) {
        let number = self.heights.len() + 1;
        let mut sum = height;
        let mut below = number - 1;
        let stop = number - lowbit(number);
        while below > stop {
            sum += self.tree[below - 1];
            below -= lowbit(below);
        }
        self.heights.push(height);
        self.tree.push(sum);
    }

    /// The height of a row; zero for one that is not there.
    pub(crate) fn get(&self, row: usize) -> f64 {
        self.heights.get(row).copied().unwrap_or(0.0)
    }

    /// Changes the height of a row that is there.
    pub(crate) fn set(&mut self, row: usize, height: f64) {
        let Some(old) = self.heights.get_mut(row) else { return };
        let change = height - *old;
        if change == 0.0 {
            return;
        }
        *old = height;
        let mut number = row + 1;
        while number <= self.tree.len() {
            self.tree[number - 1] += change;
            number += lowbit(number);
        }
    }

    /// Where a row begins: the sum of all heights before it.
    pub(crate) fn top(&self, row: usize) -> f64 {
        let mut number = row.min(self.tree.len());
        let mut sum = 0.0;
        while number > 0 {
            sum += self.tree[number - 1];
            number -= lowbit(number);
        }
        sum
    }

    /// The sum of all heights.
    pub(crate) fn total(&self) -> f64 {
        self.top(self.len())
    }

    /// The row at a place, and how far into it the place is. The last row for a place beyond the end, row 0 if there is none.
    pub(crate) fn at(&self, place: f64) -> (usize, f64) {
        let mut row = 0;
        let mut rest = place.max(0.0);
        let mut step = self.tree.len().checked_ilog2().map_or(0, |log| 1 << log);
        while step > 0 {
            let next = row + step;
            if next <= self.tree.len() && self.tree[next - 1] <= rest {
                row = next;
                rest -= self.tree[next - 1];
            }
            step >>= 1;
        }
        if row < self.len() || row == 0 { (row, rest) } else { (row - 1, rest + self.get(row - 1)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(heights: &[f64]) -> Heights {
        let mut filled = Heights::default();
        heights.iter().for_each(|height| filled.push(*height));
        filled
    }

    #[test]
    fn tops_are_the_sums_before_a_row() {
        let plain: Vec<f64> = (0..200).map(|row| f64::from(row % 7 + 1)).collect();
        let mut heights = filled(&plain);
        heights.set(100, 50.0);
        let mut changed = plain.clone();
        changed[100] = 50.0;
        for row in 0..=200 {
            assert_eq!(heights.top(row), changed[..row].iter().sum::<f64>());
        }
        assert_eq!(heights.total(), heights.top(200));
    }

    #[test]
    fn the_first_rows_can_go() {
        let plain: Vec<f64> = (0..50).map(|row| f64::from(row % 7 + 1)).collect();
        for rows in [0, 1, 17, 50, 60] {
            let mut heights = filled(&plain);
            heights.drop_first(rows);
            let kept = filled(&plain[rows.min(50)..]);
            assert_eq!((heights.heights, heights.tree), (kept.heights, kept.tree));
        }
    }

    #[test]
    fn a_place_lies_in_the_row_that_covers_it() {
        let heights = filled(&[10.0, 20.0, 0.0, 30.0]);
        assert_eq!(heights.at(-5.0), (0, 0.0));
        assert_eq!(heights.at(9.0), (0, 9.0));
        assert_eq!(heights.at(10.0), (1, 0.0));
        assert_eq!(heights.at(30.0), (3, 0.0));
        assert_eq!(heights.at(59.0), (3, 29.0));
        assert_eq!(heights.at(100.0), (3, 70.0));
        assert_eq!(Heights::default().at(7.0), (0, 7.0));
    }
}

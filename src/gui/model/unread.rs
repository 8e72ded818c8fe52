//! How much was said that one has not seen, because one was looking elsewhere.

use crate::conversation::Said;

/// The count. It grows while the window does not have the keyboard, and is gone once it does.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Unread(usize);

/// Whether it is news: said by somebody else, and not before one came.
pub(crate) fn is_news(said: &Said) -> bool {
    !said.own && !said.history
}

impl Unread {
    /// Something was said while one looked elsewhere.
    pub(crate) fn add(&mut self) {
        self.0 = self.0.saturating_add(1);
    }

    /// One looks.
    pub(crate) fn seen(&mut self) {
        self.0 = 0;
    }

    /// The window's title, with the count before it when there is one.
    pub(crate) fn before(self, title: &str) -> String {
        match self.0 {
            0 => title.to_owned(),
            count @ 1..=999 => format!("({count}) {title}"),
            _ => format!("(999+) {title}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_title_begins_with_what_one_has_not_seen() {
        let mut unread = Unread::default();
        assert_eq!(unread.before("Kitchen – parlor"), "Kitchen – parlor");
        for _ in 0..3 {
            unread.add();
        }
        assert_eq!(unread.before("Kitchen – parlor"), "(3) Kitchen – parlor");
        for _ in 0..1000 {
            unread.add();
        }
        assert_eq!(unread.before("x"), "(999+) x");
        unread.seen();
        assert_eq!(unread.before("x"), "x");
    }
}

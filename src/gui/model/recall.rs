//! What one has sent, to be sent again or mended: Up in an empty box goes back through it, Down forward again.

use std::collections::VecDeque;

/// Texts that are kept; the oldest go.
const KEPT: usize = 100;

/// What was sent, the latest last, and where one is in it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Recall {
    sent: VecDeque<String>,
    /// How far one has gone back; none in what is being written.
    back: usize,
}

impl Recall {
    /// This was sent.
    pub(crate) fn sent(&mut self, text: &str) {
        self.back = 0;
        if text.is_empty() || self.sent.back().is_some_and(|last| last == text) {
            return;
        }
        if self.sent.len() >= KEPT {
            self.sent.pop_front();
        }
        self.sent.push_back(text.to_owned());
    }

    fn shown(&self) -> &str {
        match self.back {
            0 => "",
            back => self.sent.len().checked_sub(back).and_then(|at| self.sent.get(at)).map_or("", String::as_str),
        }
    }

    /// The text before the one that is in the box. None if there is none, or if the box has been written in: then the
    /// arrow moves the caret.
    pub(crate) fn earlier(&mut self, draft: &str) -> Option<String> {
        self.go(draft, |back, sent| (back < sent).then_some(back + 1))
    }

    /// The text after the one that is in the box; after the last, nothing.
    pub(crate) fn later(&mut self, draft: &str) -> Option<String> {
        self.go(draft, |back, _| back.checked_sub(1))
    }

    fn go(&mut self, draft: &str, to: impl FnOnce(usize, usize) -> Option<usize>) -> Option<String> {
        if self.shown() != draft {
            self.back = 0;
        }
        if self.shown() != draft {
            return None;
        }
        self.back = to(self.back, self.sent.len())?;
        Some(self.shown().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_back_and_forth() {
        let mut recall = Recall::default();
        assert_eq!(recall.earlier(""), None);
        ["one", "two", "two"].iter().for_each(|text| recall.sent(text));
        assert_eq!(recall.later(""), None);
        assert_eq!(recall.earlier("").as_deref(), Some("two"));
        assert_eq!(recall.earlier("two").as_deref(), Some("one"));
        assert_eq!(recall.earlier("one"), None);
        assert_eq!(recall.later("one").as_deref(), Some("two"));
        assert_eq!(recall.later("two").as_deref(), Some(""));
        assert_eq!(recall.later(""), None);
    }

    #[test]
    fn what_is_being_written_is_not_replaced() {
        let mut recall = Recall::default();
        recall.sent("one");
        assert_eq!(recall.earlier("half a th"), None);
        assert_eq!(recall.earlier("").as_deref(), Some("one"));
        assert_eq!(recall.earlier("one, mended"), None);
        assert_eq!(recall.earlier("").as_deref(), Some("one"), "an emptied box begins at the end");
    }

    #[test]
    fn only_so_many_are_kept() {
        let mut recall = Recall::default();
        (0..=KEPT).for_each(|n| recall.sent(&n.to_string()));
        let mut draft = String::new();
        while let Some(earlier) = recall.earlier(&draft) {
            draft = earlier;
        }
        assert_eq!(draft, "1");
    }
}

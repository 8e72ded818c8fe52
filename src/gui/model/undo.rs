//! What was done to a text, so that it can be taken back and done again.
//!
//! A step is what was taken out at one place and what was put in there. What is typed in one run is one step a word; a
//! paste, a cut, a completion is one of its own. Both the number of steps and their bytes have a bound: the oldest go.

use std::collections::VecDeque;

/// Steps that are kept.
const STEPS: usize = 200;

/// Bytes of text that they hold together.
const BYTES: usize = 256 * 1024;

/// A selection, from where it was begun to where the caret is, in bytes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Caret {
    /// Where it was begun; the same place if nothing is selected.
    pub(crate) anchor: usize,
    /// Where the caret is.
    pub(crate) active: usize,
}

impl Caret {
    /// Nothing is selected.
    pub(crate) fn at(place: usize) -> Self {
        Self { anchor: place, active: place }
    }
}

#[derive(Clone, Debug)]
struct Step {
    /// Where it happened.
    at: usize,
    /// What was there.
    removed: String,
    /// What is there instead.
    inserted: String,
    before: Caret,
    after: Caret,
}

impl Step {
    fn bytes(&self) -> usize {
        self.removed.len() + self.inserted.len()
    }

    /// Whether somebody typed a character, or took one away: such steps make a run.
    fn is_typed(&self) -> bool {
        is_single(&self.inserted) && self.removed.is_empty() || self.inserted.is_empty() && is_single(&self.removed)
    }

    /// Takes the next step into this one, if it goes on with it; gives it back otherwise.
    fn join(&mut self, next: Step) -> Option<Step> {
        let is_space = |c: Option<char>| c.is_some_and(char::is_whitespace);
        if !next.removed.is_empty() {
            // Backspace goes on to the left, Delete stays where it is.
            if !self.inserted.is_empty() {
                return Some(next);
            }
            if next.at + next.removed.len() == self.at {
                let (new, old) = (next.removed.chars().next(), self.removed.chars().next());
                if is_space(new) && !is_space(old) {
                    return Some(next);
                }
                self.removed.insert_str(0, &next.removed);
                self.at = next.at;
            } else if next.at == self.at {
                let (new, old) = (next.removed.chars().next(), self.removed.chars().next_back());
                if !is_space(new) && is_space(old) {
                    return Some(next);
                }
                self.removed.push_str(&next.removed);
            } else {
                return Some(next);
            }
        } else {
            let begins_a_word = is_space(self.inserted.chars().next_back()) && !is_space(next.inserted.chars().next());
            if self.inserted.is_empty() || self.at + self.inserted.len() != next.at || begins_a_word {
                return Some(next);
            }
            self.inserted.push_str(&next.inserted);
        }
        self.after = next.after;
        None
    }
}

fn is_single(text: &str) -> bool {
    text.chars().count() == 1 && text != "\n"
}

/// The steps of one text.
#[derive(Debug, Default)]
pub(crate) struct Undo {
    text: String,
    done: VecDeque<Step>,
    undone: Vec<Step>,
    /// Whether the last step is one that typing may go on with.
    in_run: bool,
}

impl Undo {
    /// Forgets everything: the text is another one now.
    pub(crate) fn begin(&mut self, text: &str) {
        *self = Self { text: text.to_owned(), ..Self::default() };
    }

    /// The text as it is known here.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The caret was moved: what is typed now begins a step.
    pub(crate) fn moved(&mut self) {
        self.in_run = false;
    }

    /// The text has become `text`.
    pub(crate) fn changed(&mut self, before: Caret, text: &str, after: Caret) {
        let Some(step) = self.difference(before, text, after) else { return };
        text.clone_into(&mut self.text);
        self.undone.clear();
        let (typed, begins_a_run) = (step.is_typed(), is_single(&step.inserted));
        let left = match self.done.back_mut() {
            Some(last) if typed && self.in_run => last.join(step),
            _ => Some(step),
        };
        self.done.extend(left);
        self.in_run = typed || begins_a_run;
        let mut bytes: usize = self.done.iter().map(Step::bytes).sum();
        while self.done.len() > STEPS || bytes > BYTES {
            bytes -= self.done.pop_front().map_or(bytes, |oldest| oldest.bytes());
        }
    }

    fn difference(&self, before: Caret, text: &str, after: Caret) -> Option<Step> {
        let old = self.text.as_str();
        let same = |one: &str, other: &str| -> usize {
            one.chars().zip(other.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum()
        };
        // What was put in ends at the caret: of "aa|", typed into "a|", it is the second.
        let longest = old.len().min(text.len()).min(before.anchor.min(before.active)).min(after.active);
        let head = same(old.get(..old.floor_char_boundary(longest))?, text);
        let (old_rest, rest) = (old.get(head..)?, text.get(head..)?);
        let tail: usize =
            old_rest.chars().rev().zip(rest.chars().rev()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
        let removed = old_rest.get(..old_rest.len() - tail)?.to_owned();
        let inserted = rest.get(..rest.len() - tail)?.to_owned();
        (removed != inserted).then_some(Step { at: head, removed, inserted, before, after })
    }

    /// Takes the last step back: the text and the caret as they were before.
    pub(crate) fn undo(&mut self) -> Option<(String, Caret)> {
        let step = self.done.pop_back()?;
        self.in_run = false;
        self.text.replace_range(step.at..step.at + step.inserted.len(), &step.removed);
        let caret = step.before;
        self.undone.push(step);
        Some((self.text.clone(), caret))
    }

    /// Does again what was taken back last.
    pub(crate) fn redo(&mut self) -> Option<(String, Caret)> {
        let step = self.undone.pop()?;
        self.in_run = false;
        self.text.replace_range(step.at..step.at + step.removed.len(), &step.inserted);
        let caret = step.after;
        self.done.push_back(step);
        Some((self.text.clone(), caret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text box that is typed into.
    #[derive(Default)]
    struct Box {
        undo: Undo,
        text: String,
        caret: Caret,
    }

    impl Box {
        fn put(&mut self, text: &str) {
            let (before, range) = (self.caret, self.caret.anchor.min(self.caret.active)..);
            let range = range.start..self.caret.anchor.max(self.caret.active);
            self.caret = Caret::at(range.start + text.len());
            self.text.replace_range(range, text);
            self.undo.changed(before, &self.text, self.caret);
        }

        fn type_text(&mut self, text: &str) {
            text.chars().for_each(|c| self.put(c.encode_utf8(&mut [0; 4])));
        }

        fn backspace(&mut self) {
            let before = self.caret;
            let last = self.text[..before.active].chars().next_back().map_or(0, char::len_utf8);
            self.caret = Caret::at(before.active - last);
            self.text.replace_range(self.caret.active..before.active, "");
            self.undo.changed(before, &self.text, self.caret);
        }

        fn delete(&mut self) {
            let at = self.caret.active;
            let next = self.text[at..].chars().next().map_or(0, char::len_utf8);
            self.text.replace_range(at..at + next, "");
            self.undo.changed(self.caret, &self.text, self.caret);
        }

        fn go(&mut self, anchor: usize, active: usize) {
            self.caret = Caret { anchor, active };
            self.undo.moved();
        }

        fn undo(&mut self) -> &str {
            if let Some((text, caret)) = self.undo.undo() {
                (self.text, self.caret) = (text, caret);
            }
            &self.text
        }

        fn redo(&mut self) -> &str {
            if let Some((text, caret)) = self.undo.redo() {
                (self.text, self.caret) = (text, caret);
            }
            &self.text
        }
    }

    #[test]
    fn typing_is_taken_back_word_by_word() {
        let mut text = Box::default();
        text.type_text("één two  three");
        assert_eq!(text.undo(), "één two  ");
        assert_eq!(text.undo(), "één ");
        assert_eq!(text.redo(), "één two  ");
        assert_eq!(text.undo(), "één ");
        assert_eq!(text.caret, Caret::at(6));
        assert_eq!(text.undo(), "");
        assert_eq!(text.undo(), "");
        assert_eq!(text.redo(), "één ");
    }

    #[test]
    fn a_paste_is_a_step_and_its_selection_comes_back() {
        let mut text = Box::default();
        text.type_text("one two");
        text.go(4, 7);
        text.put("three\nfour");
        text.type_text("!");
        assert_eq!(text.undo(), "one three\nfour");
        assert_eq!(text.undo(), "one two");
        assert_eq!(text.caret, Caret { anchor: 4, active: 7 });
        assert_eq!(text.redo(), "one three\nfour");
        assert_eq!(text.caret, Caret::at(14));
    }

    #[test]
    fn what_was_taken_away_comes_back_in_runs() {
        let mut text = Box::default();
        text.type_text("one two");
        (0..5).for_each(|_| text.backspace());
        assert_eq!(text.text, "on");
        assert_eq!(text.undo(), "one ");
        assert_eq!(text.undo(), "one two");
        text.go(0, 0);
        (0..4).for_each(|_| text.delete());
        assert_eq!(text.text, "two");
        assert_eq!(text.undo(), "one two");
    }

    #[test]
    fn a_moved_caret_begins_a_step() {
        let mut text = Box::default();
        text.type_text("ac");
        text.go(1, 1);
        text.type_text("b");
        assert_eq!(text.text, "abc");
        assert_eq!(text.undo(), "ac");
        assert_eq!(text.undo(), "");
        assert_eq!(text.redo(), "ac");
        assert_eq!(text.redo(), "abc");
    }

    #[test]
    fn the_same_letter_again_is_put_where_the_caret_was() {
        let mut text = Box::default();
        text.type_text("aa");
        text.go(1, 1);
        text.put("aa");
        assert_eq!(text.undo(), "aa");
        assert_eq!(text.caret, Caret::at(1));
        assert_eq!(text.redo(), "aaaa");
        assert_eq!(text.caret, Caret::at(3));
    }

    #[test]
    fn what_is_written_anew_cannot_be_done_again() {
        let mut text = Box::default();
        text.type_text("one two");
        text.undo();
        text.type_text("x");
        assert_eq!(text.redo(), "one x");
        assert_eq!(text.undo(), "one ");
    }

    #[test]
    fn another_text_begins_anew() {
        let mut text = Box::default();
        text.type_text("one");
        text.undo.begin("");
        assert_eq!(text.undo.undo(), None);
    }

    #[test]
    fn steps_and_bytes_are_bounded() {
        let mut text = Box::default();
        (0..STEPS + 50).for_each(|_| text.put("ab"));
        assert_eq!(text.undo.done.len(), STEPS);
        let mut text = Box::default();
        let long = "x".repeat(BYTES / 4 + 1);
        (0..6).for_each(|_| text.put(&long));
        assert_eq!(text.undo.done.len(), 3);
        (0..10).for_each(|_| drop(text.undo().to_owned()));
        assert_eq!(text.text.len(), 3 * long.len());
    }
}

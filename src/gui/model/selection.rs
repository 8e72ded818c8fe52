//! What is selected in a transcript, and what a copy of it is.
//!
//! Two places, each a row and a byte of what the row shows: where the selection began and where it has got to. Rows keep
//! their numbers, so a selection survives new messages.

use super::{
    text,
    transcript::{Log, Row},
};

/// A place in a transcript.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Place {
    /// The row's number.
    pub(crate) row: usize,
    /// The byte of what it shows.
    pub(crate) byte: usize,
}

/// What one selects by: a drag that begins with a double click goes word by word.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Unit {
    /// One click.
    #[default]
    Character,
    /// Two.
    Word,
    /// Three.
    Row,
}

/// What is selected.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Selection {
    anchor: Place,
    head: Place,
    unit: Unit,
}

impl Selection {
    /// The beginning of one.
    pub(crate) fn begin(at: Place, unit: Unit) -> Self {
        Self { anchor: at, head: at, unit }
    }

    /// Everything.
    pub(crate) fn all(log: &Log) -> Self {
        let anchor = Place { row: log.first(), byte: 0 };
        let last = log.end().saturating_sub(1);
        let byte = log.get(last).map_or(0, |row| row.shown().len());
        Self { anchor, head: Place { row: last, byte }, unit: Unit::Character }
    }

    /// Whether nothing is selected.
    pub(crate) fn is_empty(&self) -> bool {
        self.unit == Unit::Character && self.anchor == self.head
    }

    /// Carries it on to a place.
    pub(crate) fn extend(&mut self, to: Place) {
        self.head = to;
    }

    /// From where to where, whole words or rows if it goes by them.
    fn span(&self, log: &Log) -> (Place, Place) {
        let (mut from, mut to) = (self.anchor.min(self.head), self.anchor.max(self.head));
        let shown = |place: Place| log.get(place.row).map_or("", |row| row.shown());
        match self.unit {
            Unit::Character => {}
            Unit::Word => {
                from.byte = text::word_at(shown(from), from.byte).0;
                to.byte = text::word_at(shown(to), to.byte).1;
            }
            Unit::Row => {
                from.byte = 0;
                to.byte = shown(to).len();
            }
        }
        (from, to)
    }

    /// The selected bytes of a row.
    pub(crate) fn within(&self, log: &Log, row: usize) -> Option<(usize, usize)> {
        let (from, to) = self.span(log);
        if row < from.row || row > to.row {
            return None;
        }
        let start = if row == from.row { from.byte } else { 0 };
        let end = if row == to.row { to.byte } else { log.get(row)?.shown().len() };
        (start < end).then_some((start, end))
    }

    /// What a copy of it is: across rows, one `name: text` a message.
    pub(crate) fn copied(&self, log: &Log) -> String {
        let (from, to) = self.span(log);
        let across = from.row != to.row;
        let mut copied = String::new();
        for row in from.row.max(log.first())..=to.row {
            let (Some(shown), Some((start, end))) = (log.get(row), self.within(log, row)) else { continue };
            // What stands between two times is nobody's.
            if across && matches!(shown, Row::Divider(_)) {
                continue;
            }
            if !copied.is_empty() {
                copied.push('\n');
            }
            copied.push_str(&shown.copied(start, end, across));
        }
        copied
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::model::transcript::{Feed, tests::said};

    fn feed() -> Feed {
        let mut feed = Feed::default();
        feed.said(&said(1, "Ada", "good morning"), None);
        feed.notice("Ben came in", false);
        feed.said(&said(2, "Ben", "hello there"), None);
        feed
    }

    /// What is selected from here to there, counted behind the line that names the day.
    fn selected(from: (usize, usize), to: (usize, usize), unit: Unit) -> String {
        let mut selection = Selection::begin(Place { row: from.0 + 1, byte: from.1 }, unit);
        selection.extend(Place { row: to.0 + 1, byte: to.1 });
        selection.copied(&feed().log())
    }

    /// Where "good morning" and "hello there" begin.
    const BODY: usize = 6;

    #[test]
    fn a_copy_across_messages_has_a_name_on_every_line() {
        let copied = selected((0, BODY + 5), (2, BODY + 5), Unit::Character);
        assert_eq!(copied, "Ada: morning\nBen came in\nBen: hello");
        let backwards = selected((2, BODY + 5), (0, BODY + 5), Unit::Character);
        assert_eq!(backwards, copied);
    }

    #[test]
    fn a_copy_within_a_message_is_what_was_selected() {
        assert_eq!(selected((0, BODY), (0, BODY + 4), Unit::Character), "good");
        assert_eq!(selected((0, 0), (0, BODY + 4), Unit::Character), "Ada: good");
        assert_eq!(selected((0, 0), (0, 2), Unit::Character), "Ad");
    }

    #[test]
    fn two_clicks_select_a_word_and_three_a_message() {
        assert_eq!(selected((0, BODY + 7), (0, BODY + 7), Unit::Word), "morning");
        assert_eq!(selected((0, BODY + 2), (0, BODY + 7), Unit::Word), "good morning");
        assert_eq!(selected((2, BODY + 7), (2, BODY + 7), Unit::Row), "Ben: hello there");
    }

    #[test]
    fn everything_is_everything() {
        let feed = feed();
        let all = Selection::all(&feed.log());
        assert_eq!(all.copied(&feed.log()), "Ada: good morning\nBen came in\nBen: hello there");
        let empty = Feed::default();
        assert_eq!(Selection::all(&empty.log()).copied(&empty.log()), "");
    }

    #[test]
    fn a_selection_survives_new_messages() {
        let mut feed = feed();
        let selection = Selection::begin(Place { row: 1, byte: BODY }, Unit::Word);
        feed.said(&said(3, "Ada", "more"), None);
        assert_eq!(selection.copied(&feed.log()), "good");
    }

    #[test]
    fn breaks_in_long_words_are_not_copied() {
        let mut feed = Feed::default();
        let word = "w".repeat(1000);
        feed.said(&said(1, "Ada", &word), None);
        assert_eq!(Selection::all(&feed.log()).copied(&feed.log()), format!("Ada: {word}"));
    }
}

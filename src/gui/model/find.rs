//! Finding words in the transcript: which messages have them, and which of those one is at.
//!
//! Messages are looked through once for each change of the words, and only those that match already when the words grow;
//! what is said later is looked at as it comes. Capital and small letters are the same.

use std::rc::Rc;

use super::{
    text::BREAK,
    transcript::{Log, Row},
};

/// What is looked for, and where it is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Find {
    /// As it was typed.
    pub(crate) words: String,
    /// The same in small letters.
    folded: String,
    /// The rows that have it, in their order. There may be as many as messages, and a window copies what it shows all the time.
    rows: Rc<Vec<usize>>,
    /// Which of these one is at.
    at: usize,
    /// Rows before it have been looked at.
    seen: usize,
    edits: u64,
}

impl Find {
    /// Looks for something else. Begins at the end, where one is most likely to be.
    pub(crate) fn look_for(&mut self, words: &str, log: &Log) {
        let folded = words.to_lowercase();
        let is_narrower = !self.folded.is_empty() && folded.contains(&self.folded);
        self.words = words.to_owned();
        self.follow(log);
        let was_at = self.rows.get(self.at).copied();
        self.folded = folded;
        if is_narrower {
            let still = self.rows.iter().copied();
            self.rows = Rc::new(still.filter(|row| log.get(*row).is_some_and(|row| has(row, &self.folded))).collect());
        } else {
            (self.rows, self.seen) = (Rc::default(), log.first());
            self.follow(log);
        }
        let last = self.rows.len().saturating_sub(1);
        self.at = was_at.map_or(last, |row| self.rows.partition_point(|other| *other < row).min(last));
    }

    /// Takes note of what has happened since.
    pub(crate) fn follow(&mut self, log: &Log) {
        if self.folded.is_empty() {
            (self.rows, self.at) = (Rc::default(), 0);
            (self.seen, self.edits) = (log.end(), log.edits());
            return;
        }
        if self.edits != log.edits() {
            match log.edited_since(self.edits) {
                Some(edited) => {
                    for row in edited.filter(|row| *row < self.seen) {
                        let has_it = log.get(row).is_some_and(|row| has(row, &self.folded));
                        match (self.rows.binary_search(&row), has_it) {
                            (Err(place), true) => Rc::make_mut(&mut self.rows).insert(place, row),
                            (Ok(place), false) => _ = Rc::make_mut(&mut self.rows).remove(place),
                            _ => {}
                        }
                    }
                }
                None => (self.rows, self.seen) = (Rc::default(), log.first()),
            }
            self.edits = log.edits();
        }
        let gone = self.rows.partition_point(|row| *row < log.first());
        if gone > 0 {
            Rc::make_mut(&mut self.rows).drain(..gone);
            self.at = self.at.saturating_sub(gone);
        }
        for row in self.seen.max(log.first())..log.end() {
            if log.get(row).is_some_and(|row| has(row, &self.folded)) {
                Rc::make_mut(&mut self.rows).push(row);
            }
        }
        self.seen = log.end();
        self.at = self.at.min(self.rows.len().saturating_sub(1));
    }

    /// Goes on to the next one, or to the one before; round at the ends.
    pub(crate) fn step(&mut self, forward: bool) {
        let count = self.rows.len().max(1);
        self.at = if forward { (self.at + 1) % count } else { (self.at + count - 1) % count };
    }

    /// The row that one is at.
    pub(crate) fn row(&self) -> Option<usize> {
        self.rows.get(self.at).copied()
    }

    /// Where the words are in what a row shows.
    pub(crate) fn within(&self, shown: &str) -> Vec<(usize, usize)> {
        if self.folded.is_empty() { Vec::new() } else { places(shown, &self.folded) }
    }

    /// How many there are, and which of them one is at.
    pub(crate) fn count(&self) -> String {
        match self.rows.len() {
            _ if self.folded.is_empty() => String::new(),
            0 => "Not found".to_owned(),
            count => format!("{} of {count}", self.at + 1),
        }
    }
}

fn has(row: &Row, folded: &str) -> bool {
    if matches!(row, Row::Divider(_)) {
        return false;
    }
    let shown = row.shown();
    if folded.is_ascii() {
        let mut parts = shown.as_bytes().windows(folded.len());
        if parts.any(|part| part.eq_ignore_ascii_case(folded.as_bytes())) {
            return true;
        }
        if !shown.contains(BREAK) {
            return false;
        }
    }
    !places(shown, folded).is_empty()
}

/// Where `folded` is in a text, whose breaks in long words do not count.
fn places(text: &str, folded: &str) -> Vec<(usize, usize)> {
    // The text in small letters, and for each of its bytes where that came from.
    let mut small = String::with_capacity(text.len());
    let mut from = Vec::with_capacity(text.len() + 1);
    for (at, c) in text.char_indices().filter(|(_, c)| *c != BREAK) {
        small.extend(c.to_lowercase());
        from.resize(small.len(), at);
    }
    from.push(text.len());
    small.match_indices(folded).filter_map(|(at, found)| Some((*from.get(at)?, *from.get(at + found.len())?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::model::{
        notices::What,
        transcript::{Feed, ROWS, tests::said},
    };

    fn feed(texts: &[&str]) -> Feed {
        let mut feed = Feed::default();
        for (seq, text) in texts.iter().enumerate() {
            feed.said(&said(seq as u64, "Ada", text), None);
        }
        feed
    }

    fn found(feed: &Feed, words: &str) -> Find {
        let mut find = Find::default();
        find.look_for(words, &feed.log());
        find
    }

    #[test]
    fn capital_and_small_letters_are_the_same() {
        let feed = feed(&["Where is the KEY?", "nothing", "key words", "ÄRGER im Büro"]);
        let mut find = found(&feed, "Key");
        assert_eq!((find.row(), find.count().as_str()), (Some(3), "2 of 2"));
        find.step(true);
        assert_eq!((find.row(), find.count().as_str()), (Some(1), "1 of 2"));
        find.step(false);
        assert_eq!(find.row(), Some(3));
        assert_eq!(found(&feed, "ärger").row(), Some(4));
        assert_eq!(found(&feed, "BÜRO").count(), "1 of 1");
        assert_eq!(found(&feed, "keys").count(), "Not found");
        assert_eq!(found(&feed, "").count(), "");
    }

    #[test]
    fn the_places_of_the_words_are_known() {
        let feed = feed(&["İstanbul: key, KEY"]);
        let find = found(&feed, "key");
        let log = feed.log();
        let shown = log.get(1).unwrap().shown();
        let words: Vec<&str> = find.within(shown).into_iter().map(|(from, to)| &shown[from..to]).collect();
        assert_eq!(words, ["key", "KEY"]);
    }

    #[test]
    fn breaks_in_long_words_do_not_hide_them() {
        let word = format!("{}needle{}", "x".repeat(62), "x".repeat(100));
        assert_eq!(found(&feed(&[&word]), "needle").count(), "1 of 1");
    }

    #[test]
    fn more_letters_find_fewer_and_stay_where_one_is() {
        let feed = feed(&["ab", "abc", "ab", "abcd"]);
        let mut find = found(&feed, "a");
        find.step(true);
        find.step(true);
        assert_eq!(find.row(), Some(2));
        find.look_for("abc", &feed.log());
        assert_eq!((find.row(), find.count().as_str()), (Some(2), "1 of 2"));
        find.look_for("ab", &feed.log());
        assert_eq!((find.row(), find.count().as_str()), (Some(2), "2 of 4"));
    }

    #[test]
    fn what_happens_later_is_found_too() {
        let mut feed = feed(&["one"]);
        let mut find = found(&feed, "one");
        feed.said(&said(9, "Ben", "another one"), None);
        feed.happened(What::Came, "Ivone");
        find.follow(&feed.log());
        assert_eq!(find.count(), "1 of 3");
        // The row of a notice changes while others join it.
        for name in ["Ada", "Ben", "Chiara"] {
            feed.happened(What::Left, name);
        }
        find.follow(&feed.log());
        assert_eq!(find.count(), "1 of 3");
        for row in 0..ROWS {
            feed.notice(&row.to_string(), true);
        }
        find.follow(&feed.log());
        assert_eq!(find.count(), "Not found");
    }
}

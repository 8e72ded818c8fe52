//! What was said and what happened, in order, as rows that can be drawn.
//!
//! Rows are only ever added at the end, and taken away at the beginning when there are too many; a row keeps its number for
//! life. [`Feed`] is a handle on them that is cheap to copy and to compare, as a window does on every event.

use std::{
    cell::{Ref, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use jiff::{Timestamp, tz::TimeZone};

use super::{people, text};
use crate::{conversation::Said, identity::Fingerprint, wire::MemberId};

/// Rows that are kept; the oldest go, a tenth at a time.
const ROWS: usize = 100_000;

/// Bytes of text that are kept, at most. The oldest rows go first.
const BYTES: usize = 32 * 1024 * 1024;

/// What stands between a name and what was said. A selection copies it as `": "`.
const GAP: &str = "\u{2002}";

/// One row.
#[derive(Clone, Debug)]
pub(crate) enum Row {
    /// Somebody said something.
    Message(Message),
    /// Something happened.
    Notice(Notice),
    /// A line between two times.
    Divider(String),
}

/// Somebody said something.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// Whose it is.
    member: MemberId,
    /// Name, gap and text, as they are laid out.
    pub(crate) shown: String,
    /// Bytes of the name at the beginning of `shown`.
    pub(crate) name: usize,
    /// What the sender's badge shows.
    pub(crate) initial: String,
    /// The sender's colour.
    pub(crate) tint: usize,
    /// Whether it is one's own.
    pub(crate) own: bool,
    /// Whether it was said before one came.
    pub(crate) history: bool,
    /// Whether the row before is not by the same person.
    pub(crate) leads: bool,
    /// The local time of day.
    pub(crate) time: String,
    /// Lines that are not shown; asking for them shows them.
    pub(crate) hidden: usize,
    /// The whole text, while not all of it is shown.
    rest: Option<String>,
}

/// Something happened.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    /// What.
    pub(crate) shown: String,
    /// Whether it should be seen rather than merely be there.
    pub(crate) loud: bool,
}

impl Message {
    fn new(said: &Said, key: Option<&Fingerprint>, leads: bool, zone: &TimeZone) -> Self {
        let name = text::label(said.from.as_str());
        let fit = text::fit(&said.text, text::LINES);
        Self {
            member: said.member,
            shown: format!("{name}{GAP}{}", fit.text),
            initial: people::initial(&name),
            name: name.len(),
            tint: people::tint(&said.from, key),
            own: said.own,
            history: said.history,
            leads,
            time: time_of_day(said.at, zone),
            hidden: fit.hidden,
            rest: (fit.hidden > 0).then(|| said.text.clone()),
        }
    }

    /// Where the text begins in `shown`.
    pub(crate) fn body(&self) -> usize {
        self.name + GAP.len()
    }
}

fn time_of_day(at: Timestamp, zone: &TimeZone) -> String {
    let at = at.to_zoned(zone.clone());
    format!("{:02}:{:02}", at.hour(), at.minute())
}

impl Row {
    /// The text as it is laid out.
    pub(crate) fn shown(&self) -> &str {
        match self {
            Self::Message(message) => &message.shown,
            Self::Notice(notice) => &notice.shown,
            Self::Divider(text) => text,
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Message(message) => message.shown.len() + message.rest.as_ref().map_or(0, String::len),
            _ => self.shown().len(),
        }
    }

    /// What a selection of these bytes of `shown` copies. `whole` puts the sender's name first in any case.
    pub(crate) fn copied(&self, from: usize, to: usize, whole: bool) -> String {
        let part = |from: usize, to: usize| text::unfit(self.shown().get(from..to.max(from)).unwrap_or_default());
        match self {
            Self::Message(message) if from < message.body() && to > message.body() || whole => {
                let body = part(from.max(message.body()), to);
                // A name is copied whole or, inside a single row, from where the selection began.
                let name = part(if whole { 0 } else { from.min(message.name) }, message.name);
                if name.is_empty() { body } else { format!("{name}: {body}") }
            }
            Self::Message(message) if from < message.body() => part(from, to.min(message.name)),
            _ => part(from, to),
        }
    }
}

/// The rows.
#[derive(Debug, Default)]
pub(crate) struct Log {
    first: usize,
    rows: VecDeque<Row>,
    /// Of all the rows.
    bytes: usize,
}

impl Log {
    /// The number of the first row that is kept.
    pub(crate) fn first(&self) -> usize {
        self.first
    }

    /// The number that the next row will have.
    pub(crate) fn end(&self) -> usize {
        self.first + self.rows.len()
    }

    /// A row by its number.
    pub(crate) fn get(&self, row: usize) -> Option<&Row> {
        self.rows.get(row.checked_sub(self.first)?)
    }

    fn push(&mut self, row: Row) {
        self.bytes += row.bytes();
        self.rows.push_back(row);
        if self.rows.len() > ROWS || self.bytes > BYTES {
            let old = self.rows.len() / 10;
            self.bytes -= self.rows.drain(..old).map(|row| row.bytes()).sum::<usize>();
            self.first += old;
        }
    }
}

/// A handle on the rows. Two are equal when nothing happened between them.
#[derive(Clone, Debug)]
pub(crate) struct Feed {
    log: Rc<RefCell<Log>>,
    revision: u64,
    /// Counts changes to rows that were there before, which then have another height.
    edits: u64,
    zone: TimeZone,
    /// Whether the last message was history.
    in_history: bool,
}

impl Default for Feed {
    fn default() -> Self {
        Self::in_zone(TimeZone::system())
    }
}

impl PartialEq for Feed {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.log, &other.log) && self.revision == other.revision
    }
}

impl Feed {
    /// An empty one that shows times as in `zone`.
    pub(crate) fn in_zone(zone: TimeZone) -> Self {
        Self { log: Rc::default(), revision: 0, edits: 0, zone, in_history: false }
    }

    /// The rows.
    pub(crate) fn log(&self) -> Ref<'_, Log> {
        self.log.borrow()
    }

    /// How often a row changed that was there before.
    pub(crate) fn edits(&self) -> u64 {
        self.edits
    }

    fn push(&mut self, row: Row) {
        self.log.borrow_mut().push(row);
        self.revision += 1;
    }

    /// Somebody said something; `key` is theirs, where it is known.
    pub(crate) fn said(&mut self, said: &Said, key: Option<&Fingerprint>) {
        if said.history && !self.in_history {
            self.push(Row::Divider("said before you came".to_owned()));
        } else if !said.history {
            self.history_ends();
        }
        self.in_history = said.history;
        let leads = {
            let log = self.log.borrow();
            !matches!(log.rows.back(), Some(Row::Message(before)) if before.member == said.member)
        };
        self.push(Row::Message(Message::new(said, key, leads, &self.zone)));
    }

    /// Something happened, which is quiet or is loud.
    pub(crate) fn notice(&mut self, what: &str, loud: bool) {
        self.history_ends();
        let shown = text::fit(what, text::LINES).text;
        self.push(Row::Notice(Notice { shown, loud }));
    }

    fn history_ends(&mut self) {
        if std::mem::take(&mut self.in_history) {
            self.push(Row::Divider("you came in here".to_owned()));
        }
    }

    /// Shows all lines of a message.
    pub(crate) fn show_all(&mut self, row: usize) {
        let log = &mut *self.log.borrow_mut();
        let Some(index) = row.checked_sub(log.first) else { return };
        let Some(row) = log.rows.get_mut(index) else { return };
        let before = row.bytes();
        let Row::Message(message) = row else { return };
        let Some(rest) = message.rest.take() else { return };
        message.shown.truncate(message.body());
        message.shown.push_str(&text::fit(&rest, usize::MAX).text);
        message.hidden = 0;
        log.bytes = log.bytes - before + row.bytes();
        self.revision += 1;
        self.edits += 1;
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn said(seq: u64, from: &str, text: &str) -> Said {
        Said {
            seq,
            member: from.len() as MemberId,
            from: from.parse().unwrap(),
            own: false,
            history: false,
            text: text.to_owned(),
            at: "2026-05-04T09:41:00Z".parse().unwrap(),
        }
    }

    fn feed() -> Feed {
        Feed::in_zone(TimeZone::UTC)
    }

    fn kinds(feed: &Feed) -> String {
        let log = feed.log();
        (log.first()..log.end())
            .map(|row| match log.get(row).unwrap() {
                Row::Message(message) if message.history => 'h',
                Row::Message(message) if message.leads => 'M',
                Row::Message(_) => 'm',
                Row::Notice(_) => 'n',
                Row::Divider(_) => '-',
            })
            .collect()
    }

    #[test]
    fn a_message_begins_with_its_senders_name() {
        let mut feed = feed();
        feed.said(&said(1, "Ada", "hello"), None);
        let log = feed.log();
        let Some(Row::Message(message)) = log.get(0) else { panic!() };
        assert_eq!(&message.shown[..message.name], "Ada");
        assert_eq!(&message.shown[message.body()..], "hello");
        assert_eq!(message.time, "09:41");
    }

    #[test]
    fn the_local_time_is_shown() {
        let mut feed = Feed::in_zone(TimeZone::fixed(jiff::tz::offset(2)));
        feed.said(&said(1, "Ada", "hello"), None);
        let log = feed.log();
        let Some(Row::Message(message)) = log.get(0) else { panic!() };
        assert_eq!(message.time, "11:41");
    }

    #[test]
    fn consecutive_messages_of_one_person_have_one_leader() {
        let mut feed = feed();
        for (seq, from) in ["Ada", "Ada", "Ben77", "Ada"].iter().enumerate() {
            feed.said(&said(seq as u64, from, "x"), None);
        }
        feed.notice("Ben77 left", false);
        feed.said(&said(9, "Ada", "x"), None);
        assert_eq!(kinds(&feed), "MmMMnM");
    }

    #[test]
    fn history_stands_between_two_lines() {
        let mut feed = feed();
        feed.said(&Said { history: true, ..said(1, "Ada", "x") }, None);
        feed.said(&Said { history: true, ..said(2, "Ada", "x") }, None);
        feed.said(&said(3, "Ada", "x"), None);
        feed.said(&said(4, "Ada", "x"), None);
        assert_eq!(kinds(&feed), "-hh-Mm");
    }

    #[test]
    fn equal_feeds_had_nothing_happen_between_them() {
        let mut feed = feed();
        let before = feed.clone();
        assert!(before == feed);
        feed.notice("x", false);
        assert!(before != feed);
    }

    #[test]
    fn the_oldest_rows_go_and_the_others_keep_their_numbers() {
        let mut feed = feed();
        for row in 0..=ROWS {
            feed.notice(&row.to_string(), false);
        }
        let log = feed.log();
        assert_eq!((log.first(), log.end()), (ROWS / 10, ROWS + 1));
        assert_eq!(log.get(ROWS).unwrap().shown(), ROWS.to_string());
        assert!(log.get(0).is_none());
    }

    /// A hundred thousand rows of eight kilobytes each would have been kept.
    #[test]
    fn large_messages_do_not_fill_the_memory() {
        let mut feed = feed();
        let text = "x ".repeat(4096);
        for seq in 0..3 * (BYTES / text.len()) as u64 {
            feed.said(&said(seq, "Ada", &text), None);
        }
        let log = feed.log();
        assert!(log.bytes <= BYTES && log.first() > 0);
        assert_eq!(log.bytes, log.rows.iter().map(Row::bytes).sum::<usize>());
    }

    #[test]
    fn a_message_of_many_lines_is_shown_whole_when_asked_for() {
        let mut feed = feed();
        let text = vec!["x"; 100].join("\n");
        feed.said(&said(1, "Ada", &text), None);
        let hidden = |feed: &Feed| match feed.log().get(0) {
            Some(Row::Message(message)) => message.hidden,
            _ => panic!(),
        };
        assert_eq!(hidden(&feed), 60);
        feed.show_all(0);
        assert_eq!(hidden(&feed), 0);
        assert!(feed.log().get(0).unwrap().shown().ends_with(&text));
        assert_eq!(feed.edits(), 1);
    }
}

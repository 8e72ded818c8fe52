//! What was said and what happened, in order, as rows that can be drawn.
//!
//! Rows are added at the end, and taken away at the beginning when there are too many; a row keeps its number for life. What
//! one has said and the host has not confirmed stands behind them. [`Feed`] is a handle on all of it that is cheap to copy
//! and to compare, as a window does on every event.

use std::{
    cell::{Ref, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    link::Link,
    markup::Span,
    notices::{self, Quiet, What},
    pending::{Pending, State},
    people, text,
};
use crate::{
    conversation::Said,
    identity::{Fingerprint, Name},
    wire::MemberId,
};

/// Rows that are kept; the oldest go, a tenth at a time.
pub(crate) const ROWS: usize = 100_000;

/// Bytes of text that are kept, at most. The oldest rows go first.
const BYTES: usize = 32 * 1024 * 1024;

/// Notices that one row holds, at most.
const NOTICES: usize = 1_000;

/// Changes of rows that are remembered one by one.
const EDITS: usize = 64;

/// What stands between a name and what was said. A selection copies it as `": "`.
const GAP: &str = "\u{2002}";

/// One row.
#[derive(Clone, Debug)]
pub(crate) enum Row {
    /// Somebody said something.
    Message(Message),
    /// Something happened.
    Notice(Box<Notice>),
    /// A line between two times.
    Divider(String),
}

/// Somebody said something.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// Whose it is.
    member: MemberId,
    /// Its place in the room's log; none for what is not there yet.
    pub(crate) seq: Option<u64>,
    /// Name, gap and text, as they are laid out.
    pub(crate) shown: String,
    /// Bytes of the name at the beginning of `shown`.
    pub(crate) name: usize,
    /// The styles of `shown`.
    pub(crate) spans: Box<[Span]>,
    /// The links in `shown`.
    pub(crate) links: Box<[Link]>,
    /// The sender's colour.
    pub(crate) tint: usize,
    /// Whether it is one's own.
    pub(crate) own: bool,
    /// Whether it was said before one came.
    pub(crate) history: bool,
    /// Whether the row before is not by the same person.
    pub(crate) leads: bool,
    /// When the host received it.
    pub(crate) at: Timestamp,
    /// Lines that are not shown; asking for them shows them.
    pub(crate) hidden: usize,
    /// The whole text as it was typed, where that is not what is shown.
    source: Option<Box<str>>,
}

/// Something happened.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    /// What.
    pub(crate) shown: String,
    /// Whether it should be seen rather than merely be there.
    pub(crate) loud: bool,
    /// Notices that are told together, of which asking shows each.
    pub(crate) hidden: usize,
    /// The notices, if they are quiet.
    quiet: Vec<Quiet>,
    /// Whether somebody has asked to see each.
    open: bool,
}

impl Message {
    fn new(said: &Said, key: Option<&Fingerprint>, leads: bool) -> Self {
        let tint = people::tint(&said.from, key);
        let mut message = Self::by(&said.from, tint, &said.text);
        (message.member, message.seq, message.at) = (said.member, Some(said.seq), said.at);
        (message.own, message.history, message.leads) = (said.own, said.history, leads);
        message
    }

    /// One's own, as it is shown until it is in the log.
    fn by(from: &Name, tint: usize, text: &str) -> Self {
        let name = text::label(from.as_str());
        let mut message = Self {
            member: 0,
            seq: None,
            shown: String::new(),
            name: name.len(),
            spans: Box::default(),
            links: Box::default(),
            tint,
            own: true,
            history: false,
            leads: true,
            at: Timestamp::UNIX_EPOCH,
            hidden: 0,
            source: None,
        };
        message.shown = name;
        message.show(text, text::LINES);
        message
    }

    /// Shows so many lines of a text behind the name.
    fn show(&mut self, text: &str, lines: usize) {
        let drawn = text::drawn(text, lines);
        self.shown.truncate(self.name);
        self.shown.push_str(GAP);
        // What has a ground of its own begins on its own line.
        if drawn.spans.first().is_some_and(|span| span.from == 0 && span.style.is_of_lines()) {
            self.shown.push('\n');
        }
        let begin = self.shown.len();
        self.shown.push_str(&drawn.text);
        self.shown.shrink_to_fit();
        self.spans =
            drawn.spans.into_iter().map(|span| Span { from: span.from + begin, to: span.to + begin, ..span }).collect();
        self.links =
            drawn.links.into_iter().map(|link| Link { from: link.from + begin, to: link.to + begin, ..link }).collect();
        self.hidden = drawn.hidden;
        let is_whole = drawn.hidden == 0 && text::unfit(&drawn.text) == text;
        self.source = (!is_whole).then(|| text.into());
    }

    /// Where the text begins in `shown`.
    pub(crate) fn body(&self) -> usize {
        self.name + GAP.len()
    }

    /// The sender's name.
    pub(crate) fn from(&self) -> &str {
        self.shown.get(..self.name).unwrap_or_default()
    }

    /// The whole text as it was typed.
    pub(crate) fn source(&self) -> String {
        match &self.source {
            Some(source) => source.to_string(),
            None => text::unfit(self.shown.get(self.body()..).unwrap_or_default()),
        }
    }
}

impl Notice {
    fn fold(&mut self) {
        let (shown, hidden) = notices::shown(&self.quiet, self.open);
        self.shown = text::fit(&shown, usize::MAX).text;
        self.hidden = hidden;
    }
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
        self.shown().len()
            + match self {
                Self::Message(message) => {
                    let links: usize = message.links.iter().map(|link| size_of::<Link>() + link.target.len()).sum();
                    message.source.as_ref().map_or(0, |source| source.len()) + size_of_val(&*message.spans) + links
                }
                Self::Notice(notice) => notice.quiet.iter().map(Quiet::bytes).sum(),
                Self::Divider(_) => 0,
            }
    }

    /// What a selection of these bytes of `shown` copies. `whole` puts the sender's name first in any case.
    pub(crate) fn copied(&self, from: usize, to: usize, whole: bool) -> String {
        let part = |from: usize, to: usize| text::unfit(self.shown().get(from..to.max(from)).unwrap_or_default());
        match self {
            Self::Message(message) if from < message.body() && to > message.body() || whole => {
                let body = part(from.max(message.body()), to);
                // A block of code begins on a line of its own, which the copy does not need.
                let body = body.strip_prefix('\n').unwrap_or(&body);
                // A name is copied whole or, inside a single row, from where the selection began.
                let name = part(if whole { 0 } else { from.min(message.name) }, message.name);
                if name.is_empty() { body.to_owned() } else { format!("{name}: {body}") }
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
    /// The rows that changed last, oldest first.
    edited: VecDeque<usize>,
    /// How often a row has changed that was there before.
    edits: u64,
    /// What is not in the room's log yet.
    pending: Vec<Pending>,
    /// The first row that one has not seen, of those that came while one was not looking.
    mark: Option<usize>,
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

    /// A message by its row's number.
    pub(crate) fn message(&self, row: usize) -> Option<&Message> {
        match self.get(row)? {
            Row::Message(message) => Some(message),
            _ => None,
        }
    }

    /// What is not in the room's log yet.
    pub(crate) fn pending(&self) -> &[Pending] {
        &self.pending
    }

    /// The first row that one has not seen, of those that came while one was not looking.
    pub(crate) fn mark(&self) -> Option<usize> {
        self.mark
    }

    /// How often a row has changed that was there before.
    pub(crate) fn edits(&self) -> u64 {
        self.edits
    }

    /// The rows that have changed since there were so many edits; none if too many have.
    pub(crate) fn edited_since(&self, edits: u64) -> Option<impl Iterator<Item = usize> + '_> {
        let news = usize::try_from(self.edits.saturating_sub(edits)).ok()?;
        let skipped = self.edited.len().checked_sub(news)?;
        Some(self.edited.iter().skip(skipped).copied())
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

    /// Changes a row; `None` from `change` means that it stayed as it was.
    fn edit(&mut self, row: usize, change: impl FnOnce(&mut Row) -> Option<()>) -> bool {
        let index = row.checked_sub(self.first);
        let Some(changed) = index.and_then(|index| self.rows.get_mut(index)) else { return false };
        let before = changed.bytes();
        if change(changed).is_none() {
            return false;
        }
        self.bytes = self.bytes + changed.bytes() - before;
        self.is_edited(row);
        true
    }

    /// A row has to be laid out anew.
    fn is_edited(&mut self, row: usize) {
        if self.edited.len() >= EDITS {
            self.edited.pop_front();
        }
        self.edited.push_back(row);
        self.edits += 1;
    }

    fn set_mark(&mut self, mark: Option<usize>) {
        let old = std::mem::replace(&mut self.mark, mark);
        if old != mark {
            old.into_iter().chain(mark).for_each(|row| self.is_edited(row));
        }
    }
}

/// A handle on the rows. Two are equal when nothing happened between them.
#[derive(Clone, Debug)]
pub(crate) struct Feed {
    log: Rc<RefCell<Log>>,
    revision: u64,
    zone: TimeZone,
    /// Whether the last message was history.
    in_history: bool,
    /// The day of the last message.
    day: Option<Date>,
    /// Whether the next message of somebody else's gets the mark: one is looking elsewhere, and none has come since.
    unlooked: bool,
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
        Self { log: Rc::default(), revision: 0, zone, in_history: false, day: None, unlooked: false }
    }

    /// The rows.
    pub(crate) fn log(&self) -> Ref<'_, Log> {
        self.log.borrow()
    }

    /// The zone in which times are shown.
    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
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
        let day = said.at.to_zoned(self.zone.clone()).date();
        if self.day.replace(day) != Some(day) {
            self.push(Row::Divider(day.strftime("%A, %-d %B %Y").to_string()));
        }
        if let Some(tag) = said.tag {
            self.settled(tag);
        }
        let leads = {
            let log = self.log.borrow();
            !matches!(log.rows.back(), Some(Row::Message(before)) if before.member == said.member)
        };
        if said.own {
            // Whoever speaks has read.
            self.log.borrow_mut().set_mark(None);
        } else if !said.history && std::mem::take(&mut self.unlooked) {
            let mut log = self.log.borrow_mut();
            let end = log.end();
            log.set_mark(Some(end));
        }
        self.push(Row::Message(Message::new(said, key, leads)));
    }

    /// Somebody came or went.
    pub(crate) fn happened(&mut self, what: What, name: &str) {
        self.quiet(Quiet::Person(what, name.to_owned()));
    }

    /// Something happened, which is quiet or is loud.
    pub(crate) fn notice(&mut self, what: &str, loud: bool) {
        if !loud {
            return self.quiet(Quiet::Other(text::fit(what, text::LINES).text));
        }
        self.history_ends();
        let shown = text::fit(what, text::LINES).text;
        self.push(Row::Notice(Box::new(Notice { shown, loud, hidden: 0, quiet: Vec::new(), open: false })));
    }

    /// A quiet notice joins those right before it.
    fn quiet(&mut self, quiet: Quiet) {
        self.history_ends();
        let mut log = self.log.borrow_mut();
        let last = log.end().saturating_sub(1);
        let has_joined = log.edit(last, |row| match row {
            Row::Notice(notice) if !notice.loud && notice.quiet.len() < NOTICES => {
                notice.quiet.push(quiet.clone());
                notice.fold();
                Some(())
            }
            _ => None,
        });
        drop(log);
        self.revision += 1;
        if !has_joined {
            let mut notice = Notice { shown: String::new(), loud: false, hidden: 0, quiet: vec![quiet], open: false };
            notice.fold();
            self.push(Row::Notice(Box::new(notice)));
        }
    }

    fn history_ends(&mut self) {
        if std::mem::take(&mut self.in_history) {
            self.push(Row::Divider("you came in here".to_owned()));
        }
    }

    /// Shows all lines of a message, or each of many notices.
    pub(crate) fn show_all(&mut self, row: usize) {
        self.log.borrow_mut().edit(row, |row| match row {
            Row::Message(message) if message.hidden > 0 => {
                let source = message.source();
                message.show(&source, usize::MAX);
                Some(())
            }
            Row::Notice(notice) if notice.hidden > 0 => {
                notice.open = true;
                notice.fold();
                Some(())
            }
            _ => None,
        });
        self.revision += 1;
    }

    /// One has begun to look at the window, or looks elsewhere.
    pub(crate) fn focus_changed(&mut self, on: bool) {
        self.unlooked = !on;
        if !on {
            // What was marked was there to be read until now.
            self.log.borrow_mut().set_mark(None);
            self.revision += 1;
        }
    }

    /// One has said something, which the conversation knows by `tag`.
    pub(crate) fn saying(&mut self, tag: u64, text: &str, from: &Name, key: Option<&Fingerprint>) {
        let message = Message::by(from, people::tint(from, key), &crate::wire::text::clean(text));
        let pending = Pending { tag, message, text: text.to_owned(), state: State::Sending };
        self.log.borrow_mut().pending.push(pending);
        self.revision += 1;
    }

    /// What was said with this tag is in the room's log.
    pub(crate) fn settled(&mut self, tag: u64) -> bool {
        self.take(tag).is_some()
    }

    /// What was said with this tag was not sent. Whether it was waited for.
    pub(crate) fn failed(&mut self, tag: u64, why: &str) -> bool {
        let mut log = self.log.borrow_mut();
        let Some(pending) = log.pending.iter_mut().find(|pending| pending.tag == tag) else { return false };
        pending.state = State::Failed(text::label(why));
        drop(log);
        self.revision += 1;
        true
    }

    /// Takes away what was said with this tag, and gives its text.
    pub(crate) fn take(&mut self, tag: u64) -> Option<String> {
        let mut log = self.log.borrow_mut();
        let index = log.pending.iter().position(|pending| pending.tag == tag)?;
        let pending = log.pending.remove(index);
        drop(log);
        self.revision += 1;
        Some(pending.text)
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
            tag: None,
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
        let message = log.message(1).unwrap();
        assert_eq!(message.from(), "Ada");
        assert_eq!(&message.shown[message.body()..], "hello");
        assert_eq!(message.source(), "hello");
    }

    #[test]
    fn a_line_stands_between_two_local_days() {
        let mut feed = Feed::in_zone(TimeZone::fixed(jiff::tz::offset(2)));
        for (seq, at) in ["21:50", "22:10", "22:20"].iter().enumerate() {
            let at = format!("2026-05-04T{at}:00Z").parse().unwrap();
            feed.said(&Said { at, ..said(seq as u64, "Ada", "hello") }, None);
        }
        assert_eq!(kinds(&feed), "-M-Mm");
        assert_eq!(feed.log().get(0).unwrap().shown(), "Monday, 4 May 2026");
        assert_eq!(feed.log().get(2).unwrap().shown(), "Tuesday, 5 May 2026");
    }

    #[test]
    fn consecutive_messages_of_one_person_have_one_leader() {
        let mut feed = feed();
        for (seq, from) in ["Ada", "Ada", "Ben77", "Ada"].iter().enumerate() {
            feed.said(&said(seq as u64, from, "x"), None);
        }
        feed.notice("Ben77 left", false);
        feed.said(&said(9, "Ada", "x"), None);
        assert_eq!(kinds(&feed), "-MmMMnM");
    }

    #[test]
    fn history_stands_between_two_lines() {
        let mut feed = feed();
        feed.said(&Said { history: true, ..said(1, "Ada", "x") }, None);
        feed.said(&Said { history: true, ..said(2, "Ada", "x") }, None);
        feed.said(&said(3, "Ada", "x"), None);
        feed.said(&said(4, "Ada", "x"), None);
        assert_eq!(kinds(&feed), "--hh-Mm");
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
            feed.notice(&row.to_string(), true);
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
        let hidden = |feed: &Feed| feed.log().message(1).unwrap().hidden;
        assert_eq!(hidden(&feed), 60);
        assert_eq!(feed.log().message(1).unwrap().source(), text);
        feed.show_all(1);
        assert_eq!(hidden(&feed), 0);
        assert!(feed.log().get(1).unwrap().shown().ends_with(&text));
        assert_eq!(feed.log().edited_since(0).unwrap().collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn marks_are_not_shown_and_not_lost() {
        let mut feed = feed();
        feed.said(&said(1, "Ada", "this is **bold**, see https://example.org"), None);
        feed.said(&said(2, "Ada", "```\ncode\n```"), None);
        let log = feed.log();
        let bold = log.message(1).unwrap();
        assert_eq!(&bold.shown[bold.spans[0].from..bold.spans[0].to], "bold");
        assert_eq!(bold.links[0].target, "https://example.org/");
        assert_eq!(bold.source(), "this is **bold**, see https://example.org");
        let code = log.get(2).unwrap();
        assert!(code.shown().ends_with("\ncode"), "a block begins on its own line");
        assert_eq!(code.copied(0, code.shown().len(), true), "Ada: code");
        assert_eq!(log.message(2).unwrap().source(), "```\ncode\n```");
    }

    #[test]
    fn people_who_come_and_go_in_a_row_share_a_row() {
        let mut feed = feed();
        for name in ["Ada", "Ben", "Chiara", "Dmitri"] {
            feed.happened(What::Came, name);
        }
        assert_eq!(kinds(&feed), "n");
        assert_eq!(feed.log().get(0).unwrap().shown(), "Ada, Ben and 2 others came in");
        feed.notice("this matters", true);
        feed.happened(What::Left, "Ada");
        assert_eq!(kinds(&feed), "nnn");
        feed.show_all(0);
        assert_eq!(feed.log().get(0).unwrap().shown().lines().count(), 4);
        let log = feed.log();
        assert_eq!(log.bytes, log.rows.iter().map(Row::bytes).sum::<usize>());
    }

    #[test]
    fn too_many_changes_to_be_told_one_by_one_are_told_as_such() {
        let mut feed = feed();
        for n in 0..=EDITS {
            feed.happened(What::Came, &n.to_string());
        }
        assert!(feed.log().edited_since(0).is_some());
        feed.happened(What::Came, "x");
        assert!(feed.log().edited_since(0).is_none());
        assert_eq!(feed.log().edited_since(feed.log().edits()).unwrap().count(), 0);
    }

    #[test]
    fn what_one_says_waits_below_until_it_is_in_the_log() {
        let mut feed = feed();
        let me: Name = "Ada".parse().unwrap();
        feed.saying(1, "one", &me, None);
        feed.saying(2, "two", &me, None);
        feed.said(&said(5, "Ben77", "hello"), None);
        feed.said(&Said { own: true, tag: Some(1), ..said(6, "Ada", "one") }, None);
        assert_eq!(kinds(&feed), "-MM");
        assert_eq!(feed.log().pending().iter().map(|pending| pending.tag).collect::<Vec<_>>(), [2]);
        assert!(feed.failed(2, "the host is gone"));
        assert!(feed.log().pending()[0].has_failed());
        assert_eq!(feed.take(2).as_deref(), Some("two"));
        assert_eq!(feed.take(2), None);
        assert!(!feed.failed(3, "never said"));
    }

    #[test]
    fn the_first_message_that_came_while_one_was_away_is_marked() {
        let mut feed = feed();
        feed.said(&said(1, "Ben77", "seen"), None);
        feed.focus_changed(false);
        feed.happened(What::Came, "Chiara");
        feed.said(&said(2, "Ben77", "not seen"), None);
        feed.said(&said(3, "Ben77", "nor this"), None);
        assert_eq!(feed.log().mark(), Some(3));
        feed.focus_changed(true);
        feed.said(&said(4, "Ben77", "seen again"), None);
        assert_eq!(feed.log().mark(), Some(3), "it stays while one reads");
        feed.focus_changed(false);
        assert_eq!(feed.log().mark(), None);
        feed.said(&said(5, "Ben77", "not seen"), None);
        feed.focus_changed(true);
        feed.said(&Said { own: true, ..said(6, "Ada", "an answer") }, None);
        assert_eq!(feed.log().mark(), None, "whoever answers has read");
    }
}

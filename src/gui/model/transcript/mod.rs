//! What was said and what happened, in order, as rows that can be drawn.
//!
//! Rows are added at the end, and taken away at the beginning when there are too many; a row keeps its number for life. What
//! one has said and the host has not confirmed stands behind them. [`Feed`] is a handle on all of it that is cheap to copy
//! and to compare, as a window does on every event.
//!
//! - `row`: one row
//! - `log`: the rows that are kept

mod log;
mod row;

use std::{
    cell::{Ref, RefCell},
    rc::Rc,
};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    notices::{Quiet, What},
    pending::{Pending, State},
    people, text,
};
use crate::{
    conversation::Said,
    identity::{Fingerprint, Name},
};
pub(crate) use log::Log;
#[cfg(test)]
pub(crate) use log::ROWS;
pub(crate) use row::{Message, Notice, Row};

/// Notices that one row holds, at most.
const NOTICES: usize = 1_000;

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

    /// What was said with this tag is in the room's log, at a place that was missed: it is shown as of now.
    pub(crate) fn missed(&mut self, tag: u64, now: Timestamp) {
        let mut log = self.log.borrow_mut();
        let Some(index) = log.pending.iter().position(|pending| pending.tag == tag) else { return };
        let pending = log.pending.remove(index);
        drop(log);
        self.history_ends();
        let mut message = pending.message;
        message.at = now;
        self.push(Row::Message(message));
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
pub(crate) mod tests;

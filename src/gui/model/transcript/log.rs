//! The rows that are kept, and which of them have changed since somebody looked.

use std::collections::VecDeque;

use super::row::{Message, Row};
use crate::gui::model::pending::Pending;

/// Rows that are kept; the oldest go, a tenth at a time.
pub(crate) const ROWS: usize = 100_000;

/// Bytes of text that are kept, at most. The oldest rows go first.
pub(super) const BYTES: usize = 32 * 1024 * 1024;

/// Changes of rows that are remembered one by one.
pub(super) const EDITS: usize = 64;

/// The rows.
#[derive(Debug, Default)]
pub(crate) struct Log {
    first: usize,
    pub(super) rows: VecDeque<Row>,
    /// Of all the rows.
    pub(super) bytes: usize,
    /// The rows that changed last, oldest first.
    edited: VecDeque<usize>,
    /// How often a row has changed that was there before.
    edits: u64,
    /// What is not in the room's log yet.
    pub(super) pending: Vec<Pending>,
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

    pub(super) fn push(&mut self, row: Row) {
        self.bytes += row.bytes();
        self.rows.push_back(row);
        if self.rows.len() > ROWS || self.bytes > BYTES {
            let old = self.rows.len() / 10;
            self.bytes -= self.rows.drain(..old).map(|row| row.bytes()).sum::<usize>();
            self.first += old;
        }
    }

    /// Changes a row; `None` from `change` means that it stayed as it was.
    pub(super) fn edit(&mut self, row: usize, change: impl FnOnce(&mut Row) -> Option<()>) -> bool {
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

    pub(super) fn set_mark(&mut self, mark: Option<usize>) {
        let old = std::mem::replace(&mut self.mark, mark);
        if old != mark {
            old.into_iter().chain(mark).for_each(|row| self.is_edited(row));
        }
    }
}

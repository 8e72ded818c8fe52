//! The room's log: entries, each encoded once, each with a sequence number, the oldest forgotten when there are too many.
//!
//! The last entries are in memory. In a room that is saved, those before them are in its file.

use std::collections::VecDeque;

use bytes::Bytes;

use super::saved::{Entry, Found};
use crate::{random, wire::limits};

/// An append-only list of encoded entries, numbered from 1.
#[derive(Debug)]
pub(super) struct Log {
    epoch: u64,
    /// The number of the entry at the front of `entries`.
    first: u64,
    entries: VecDeque<Entry>,
    /// What `entries` hold together.
    bytes: usize,
    /// The numbers of the last messages among them, as many as whoever comes in is shown.
    messages: VecDeque<u64>,
    /// The oldest entry in the file, if there is one.
    saved_from: Option<u64>,
    /// What was read last.
    run: Option<Run>,
}

/// Entries that were read together, as one piece. Members of a busy room are mostly at the same place, or a little further on: they
/// are all given the same bytes, or what is left of them, which are put together once.
#[derive(Debug)]
struct Run {
    /// Where reading was to end.
    end: u64,
    /// The position of the first of them.
    position: u64,
    /// Where each of them begins in `frames`.
    begins: Vec<usize>,
    frames: Bytes,
}

impl Run {
    fn next(&self) -> u64 {
        self.position + self.begins.len() as u64
    }

    /// What is read from `position` to `end`, if that is a large part of this. A small one would keep all of it in memory: who does not
    /// acknowledge what they are sent could hold a multiple of what it counts as.
    fn rest(&self, position: u64, end: u64) -> Option<Bytes> {
        let skipped = position.checked_sub(self.position).filter(|_| end == self.end)?;
        let begin = *self.begins.get(skipped as usize)?;
        (begin <= self.frames.len() / 2).then(|| self.frames.slice(begin..))
    }
}

/// What lies ahead of a position.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Ahead {
    /// Nothing yet.
    Nothing,
    /// Entries were taken; this is the position after them.
    Entries(u64),
    /// What comes next is only in the file; what is in memory begins here.
    Saved(u64),
    /// The log has forgotten what comes next; it goes on here.
    Gap(u64),
}

impl Log {
    /// An empty log of a new epoch.
    pub(super) fn new() -> Self {
        Self {
            epoch: random::number(),
            first: 1,
            entries: VecDeque::new(),
            bytes: 0,
            messages: VecDeque::new(),
            saved_from: None,
            run: None,
        }
    }

    /// The log of a room that is saved.
    pub(super) fn found(found: &mut Found) -> Self {
        let entries = std::mem::take(&mut found.entries);
        let first = found.head - entries.len() as u64;
        let mut log = Self { epoch: found.epoch, first, saved_from: Some(found.first), ..Self::new() };
        for entry in entries {
            log.append(entry);
        }
        log
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The number that the next entry will have.
    pub(super) fn head(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// Appends an entry, which has been given the number [`head`](Self::head).
    pub(super) fn append(&mut self, entry: Entry) {
        if entry.is_message {
            if self.messages.len() == limits::HISTORY {
                self.messages.pop_front();
            }
            self.messages.push_back(self.head());
        }
        self.bytes += entry.frame.len();
        self.entries.push_back(entry);
        while self.entries.len() > limits::LOG_ENTRIES || self.bytes > limits::LOG_BYTES {
            self.forget_oldest();
        }
    }

    /// The file begins with this entry now. What was erased there is forgotten here.
    pub(super) fn forget_before(&mut self, seq: u64) {
        self.saved_from = Some(seq);
        while self.first < seq && !self.entries.is_empty() {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some(oldest) = self.entries.pop_front() {
            self.bytes -= oldest.frame.len();
            if self.messages.front() == Some(&self.first) {
                self.messages.pop_front();
            }
            self.first += 1;
        }
    }

    /// Adds entries from `position` on, and before `end`, to `batch`, as many as fit into [`limits::BATCH`] bytes, and one at
    /// least.
    pub(super) fn read(&mut self, position: u64, end: u64, batch: &mut Vec<Bytes>) -> Ahead {
        let oldest = self.saved_from.unwrap_or(self.first);
        if position < oldest {
            return Ahead::Gap(oldest);
        }
        let Some(skipped) = position.checked_sub(self.first) else { return Ahead::Saved(self.first) };
        let end = end.min(self.head());
        if position >= end {
            return Ahead::Nothing;
        }
        if let Some((run, frames)) = self.run.as_ref().and_then(|run| Some((run, run.rest(position, end)?))) {
            batch.push(frames);
            return Ahead::Entries(run.next());
        }
        let run = self.put_together(skipped as usize, position, end);
        batch.push(run.frames.clone());
        Ahead::Entries(self.run.insert(run).next())
    }

    /// The entries after the first `skipped`, from `position` on and before `end`, as many as fit.
    fn put_together(&self, skipped: usize, position: u64, end: u64) -> Run {
        let ahead = || self.entries.iter().skip(skipped).take((end - position) as usize).map(|entry| &entry.frame);
        let (mut begins, mut bytes) = (Vec::new(), 0);
        for frame in ahead() {
            if bytes + frame.len() > limits::BATCH && !begins.is_empty() {
                break;
            }
            begins.push(bytes);
            bytes += frame.len();
        }
        let frames = match (begins.len(), ahead().next()) {
            (1, Some(one)) => one.clone(),
            (count, _) => {
                let mut frames = Vec::with_capacity(bytes);
                ahead().take(count).for_each(|frame| frames.extend_from_slice(frame));
                frames.into()
            }
        };
        Run { end, position, begins, frames }
    }

    /// The position from which the last [`limits::HISTORY`] messages lie ahead, or as many as there are.
    pub(super) fn history(&self) -> u64 {
        self.messages.front().copied().unwrap_or(self.head())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(entries: usize, size: usize) -> Log {
        let mut log = Log::new();
        for _ in 0..entries {
            log.append(entry(true, size));
        }
        log
    }

    fn entry(is_message: bool, size: usize) -> Entry {
        Entry { at: 0, is_message, frame: vec![0; size].into() }
    }

    #[test]
    fn a_position_reads_what_lies_between_it_and_the_head() {
        let mut log = filled(3, 10);
        let mut batch = Vec::new();
        assert_eq!(log.read(2, u64::MAX, &mut batch), Ahead::Entries(4));
        assert_eq!(batch.concat().len(), 20);
        assert_eq!(log.read(4, u64::MAX, &mut batch), Ahead::Nothing);
    }

    #[test]
    fn a_batch_is_bounded_and_never_empty() {
        let mut log = filled(5, limits::BATCH / 2);
        let mut batch = Vec::new();
        assert_eq!(log.read(1, u64::MAX, &mut batch), Ahead::Entries(3));
        let mut log = filled(1, limits::BATCH * 2);
        assert_eq!(log.read(1, u64::MAX, &mut Vec::new()), Ahead::Entries(2));
    }

    #[test]
    fn members_who_read_the_same_are_given_the_same_bytes_and_others_their_own() {
        let mut log = Log::new();
        let frames: Vec<Bytes> = (0..4u8).map(|byte| vec![byte; 10].into()).collect();
        let read = |log: &mut Log, position, end| {
            let mut batch = Vec::new();
            assert_eq!(log.read(position, end, &mut batch), Ahead::Entries(end.min(log.head())));
            assert_eq!(batch.concat(), frames[position as usize - 1..end as usize - 1].concat());
            batch.remove(0)
        };
        for frame in &frames[..3] {
            log.append(Entry { at: 0, is_message: true, frame: frame.clone() });
        }
        let first = read(&mut log, 1, 4);
        assert_eq!(read(&mut log, 1, 4).as_ptr(), first.as_ptr());
        assert_eq!(read(&mut log, 2, 4).as_ptr(), first[10..].as_ptr(), "what is left of it");
        read(&mut log, 1, 3);
        log.append(Entry { at: 0, is_message: true, frame: frames[3].clone() });
        read(&mut log, 1, 5);
        read(&mut log, 1, 4);
    }

    /// Who never acknowledges is counted what they are sent, and each of a thousand bits held the whole run that it was cut from.
    #[test]
    fn a_bit_of_a_long_run_does_not_hold_all_of_it() {
        let mut log = filled(10, 100);
        log.read(1, 11, &mut Vec::new());
        let mut batch = Vec::new();
        assert_eq!(log.read(10, 11, &mut batch), Ahead::Entries(11));
        assert_eq!(batch[0].as_ptr(), log.entries[9].frame.as_ptr());
    }

    #[test]
    fn what_is_left_of_a_run_ends_where_the_run_does() {
        let mut log = filled(5, limits::BATCH / 3);
        let mut batch = Vec::new();
        assert_eq!(log.read(1, 6, &mut batch), Ahead::Entries(4));
        assert_eq!(log.read(2, 6, &mut batch), Ahead::Entries(4));
        assert_eq!(batch[1].len(), batch[0].len() - limits::BATCH / 3);
        assert_eq!(log.read(4, 6, &mut batch), Ahead::Entries(6));
        log.forget_before(3);
        assert_eq!(log.read(2, 6, &mut batch), Ahead::Gap(3));
    }

    #[test]
    fn the_log_forgets_the_oldest_and_says_where_it_goes_on() {
        let mut log = filled(limits::LOG_ENTRIES + 7, 1);
        assert_eq!(log.read(1, u64::MAX, &mut Vec::new()), Ahead::Gap(8));
        assert_eq!(log.head(), limits::LOG_ENTRIES as u64 + 8);
        let mut log = filled(4, limits::LOG_BYTES / 2);
        assert_eq!(log.read(1, u64::MAX, &mut Vec::new()), Ahead::Gap(3));
    }

    #[test]
    fn history_counts_messages_and_not_the_notices_between_them() {
        let mut log = Log::new();
        let append = |log: &mut Log, is_message| log.append(entry(is_message, 1));
        append(&mut log, false);
        assert_eq!(log.history(), log.head(), "there is none");
        append(&mut log, true);
        append(&mut log, false);
        assert_eq!(log.history(), 2);
        (1..limits::HISTORY).for_each(|_| append(&mut log, true));
        assert_eq!(log.history(), 2);
        append(&mut log, true);
        assert_eq!(log.history(), 4);
        append(&mut log, false);
        assert_eq!(log.history(), 4);
    }

    #[test]
    fn what_was_not_heard_yet_is_not_read() {
        let mut log = filled(3, 10);
        assert_eq!(log.read(1, 3, &mut Vec::new()), Ahead::Entries(3));
        assert_eq!(log.read(3, 3, &mut Vec::new()), Ahead::Nothing);
    }

    #[test]
    fn a_saved_log_says_what_is_in_the_file_and_what_was_erased_there() {
        let mut log = filled(limits::LOG_ENTRIES + 7, 1);
        log.forget_before(3);
        assert_eq!(log.read(2, u64::MAX, &mut Vec::new()), Ahead::Gap(3));
        assert_eq!(log.read(3, u64::MAX, &mut Vec::new()), Ahead::Saved(8));
        let late = log.head() - 5;
        log.forget_before(late);
        assert_eq!(log.read(late - 1, u64::MAX, &mut Vec::new()), Ahead::Gap(late));
        assert_eq!(log.history(), late);
        log.forget_before(log.head());
        assert_eq!((log.history(), log.bytes), (log.head(), 0));
    }
}

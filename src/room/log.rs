//! The room's log: entries, each encoded once, each with a sequence number, the oldest forgotten when there are too many.

use std::collections::VecDeque;

use bytes::Bytes;

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
}

#[derive(Debug)]
struct Entry {
    frame: Bytes,
    is_message: bool,
}

/// What lies ahead of a position.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Ahead {
    /// Nothing yet.
    Nothing,
    /// Entries were taken; this is the position after them.
    Entries(u64),
    /// The log has forgotten what comes next; it goes on here.
    Gap(u64),
}

impl Log {
    /// An empty log of a new epoch.
    pub(super) fn new() -> Self {
        Self { epoch: random::number(), first: 1, entries: VecDeque::new(), bytes: 0 }
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The number that the next entry will have.
    pub(super) fn head(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// Appends the entry that `encode` makes of its number.
    pub(super) fn append(&mut self, is_message: bool, encode: impl FnOnce(u64) -> Bytes) -> u64 {
        let seq = self.head();
        let frame = encode(seq);
        self.bytes += frame.len();
        self.entries.push_back(Entry { frame, is_message });
        while self.entries.len() > limits::LOG_ENTRIES || self.bytes > limits::LOG_BYTES {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes -= oldest.frame.len();
            self.first += 1;
        }
        seq
    }

    /// Adds entries from `position` on to `batch`, as many as fit into [`limits::BATCH`] bytes, and one at least.
    pub(super) fn read(&self, position: u64, batch: &mut Vec<Bytes>) -> Ahead {
        if position < self.first {
            return Ahead::Gap(self.first);
        }
        let mut bytes = 0;
        let mut next = position;
        for entry in self.entries.iter().skip((position - self.first) as usize) {
            bytes += entry.frame.len();
            if bytes > limits::BATCH && next > position {
                break;
            }
            batch.push(entry.frame.clone());
            next += 1;
        }
        if next == position { Ahead::Nothing } else { Ahead::Entries(next) }
    }

    /// The position from which `messages` messages lie ahead, or as many as there are.
    pub(super) fn history(&self, messages: usize) -> u64 {
        let mut start = self.head();
        let mut found = 0;
        for (back, entry) in self.entries.iter().rev().enumerate() {
            if found == messages {
                break;
            }
            if entry.is_message {
                found += 1;
                start = self.head() - 1 - back as u64;
            }
        }
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(entries: usize, size: usize) -> Log {
        let mut log = Log::new();
        for _ in 0..entries {
            log.append(true, |_| Bytes::from(vec![0; size]));
        }
        log
    }

    #[test]
    fn a_position_reads_what_lies_between_it_and_the_head() {
        let log = filled(3, 10);
        let mut batch = Vec::new();
        assert_eq!(log.read(2, &mut batch), Ahead::Entries(4));
        assert_eq!(batch.len(), 2);
        assert_eq!(log.read(4, &mut batch), Ahead::Nothing);
    }

    #[test]
    fn a_batch_is_bounded_and_never_empty() {
        let log = filled(5, limits::BATCH / 2);
        let mut batch = Vec::new();
        assert_eq!(log.read(1, &mut batch), Ahead::Entries(3));
        let log = filled(1, limits::BATCH * 2);
        assert_eq!(log.read(1, &mut Vec::new()), Ahead::Entries(2));
    }

    #[test]
    fn the_log_forgets_the_oldest_and_says_where_it_goes_on() {
        let log = filled(limits::LOG_ENTRIES + 7, 1);
        assert_eq!(log.read(1, &mut Vec::new()), Ahead::Gap(8));
        assert_eq!(log.head(), limits::LOG_ENTRIES as u64 + 8);
        let log = filled(4, limits::LOG_BYTES / 2);
        assert_eq!(log.read(1, &mut Vec::new()), Ahead::Gap(3));
    }

    #[test]
    fn history_counts_messages_and_not_the_notices_between_them() {
        let mut log = filled(3, 1);
        log.append(false, |_| Bytes::new());
        log.append(true, |_| Bytes::new());
        log.append(false, |_| Bytes::new());
        assert_eq!(log.history(2), 3);
        assert_eq!(log.history(100), 1);
        assert_eq!(log.history(0), log.head());
    }
}

//! What everybody has seen together: the log, as far as anybody has seen it, and whether it fits.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex, MutexGuard},
};

/// Shared by all members.
#[derive(Clone, Default)]
pub(crate) struct Truth(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    /// What was said, by sequence number.
    log: BTreeMap<u64, String>,
    /// What was to be said.
    said: HashSet<String>,
    /// Of these, what was given back as not acknowledged: it may be in the log, or not.
    unsure: HashSet<String>,
    sessions: Vec<Stretch>,
    returns: usize,
}

/// What one session saw: the first and the last message, and how many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) count: usize,
}

impl Truth {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().expect("no panic under it")
    }

    pub(crate) fn say(&self, text: &str) {
        self.seen().said.insert(text.to_owned());
    }

    pub(crate) fn unsent(&self, text: &str) {
        self.seen().unsure.insert(text.to_owned());
    }

    pub(crate) fn came_back(&self) {
        self.seen().returns += 1;
    }

    /// Somebody has seen this at this place, and everybody else must see the same there.
    pub(crate) fn heard(&self, seq: u64, text: &str) {
        let mut seen = self.seen();
        let known = seen.log.entry(seq).or_insert_with(|| text.to_owned());
        assert_eq!(known, text, "at {seq}, not everybody sees the same");
    }

    pub(crate) fn session(&self, stretch: Stretch) {
        self.seen().sessions.push(stretch);
    }

    pub(crate) fn messages(&self) -> usize {
        self.seen().log.len()
    }

    /// The last message that anybody has seen.
    pub(crate) fn last(&self) -> u64 {
        self.seen().log.keys().next_back().copied().unwrap_or(0)
    }

    pub(crate) fn sessions(&self) -> usize {
        self.seen().sessions.len()
    }

    pub(crate) fn returns(&self) -> usize {
        self.seen().returns
    }

    /// Everything that was said is in the log once, and everybody has seen all of it from their first message to their last.
    pub(crate) fn check(&self) {
        let seen = self.seen();
        let texts: HashSet<_> = seen.log.values().cloned().collect();
        assert_eq!(texts.len(), seen.log.len(), "something is in the log twice");
        let strangers: Vec<_> = texts.difference(&seen.said).collect();
        assert!(strangers.is_empty(), "nobody said {strangers:?}");
        let lost: Vec<_> = seen.said.difference(&texts).filter(|text| !seen.unsure.contains(*text)).collect();
        assert!(lost.is_empty(), "lost: {lost:?}");
        for stretch in &seen.sessions {
            let there = seen.log.range(stretch.first..=stretch.last).count();
            assert_eq!(there, stretch.count, "{stretch:?}");
        }
    }
}

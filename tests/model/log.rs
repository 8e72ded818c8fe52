//! The log as it must be for everybody: what the host's own conversation was shown, entry by entry.
//!
//! Others are shown less of it: a [`Position`] follows somebody through the log, and knows what they are not shown.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use parlor::{
    conversation::Event,
    wire::{Member, MemberId, limits, message::Departure},
};

use crate::{Check, ensure, text::Text};

/// The first entry: the host came.
const FIRST: u64 = 1;

/// What an entry takes beside its text, at most.
const OVERHEAD: usize = 100;

/// One entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Entry {
    Said { by: MemberId, text: Text, bytes: usize },
    Joined(MemberId),
    Left(MemberId, Departure),
    Away(MemberId),
    Back(MemberId),
}

/// Who is there, and whether they are away.
pub(crate) type Roster = BTreeMap<MemberId, (String, bool)>;

pub(crate) fn roster(members: &[Member]) -> Roster {
    members.iter().map(|member| (member.id, (member.name.to_string(), member.away))).collect()
}

/// What an event changes in a roster.
pub(crate) fn change(roster: &mut Roster, event: &Event) {
    match event {
        Event::Joined(member) | Event::Back(member) => {
            roster.insert(member.id, (member.name.to_string(), false));
        }
        Event::Left { member, .. } => {
            roster.remove(member);
        }
        Event::Away { member, .. } => {
            if let Some((_, away)) = roster.get_mut(member) {
                *away = true;
            }
        }
        Event::Members(members) => *roster = self::roster(members),
        _ => {}
    }
}

/// One log, from its beginning.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// The first of them has the number [`FIRST`].
    entries: Vec<Entry>,
    bytes: usize,
    texts: HashSet<Text>,
    /// The last that was said in each conversation.
    last: HashMap<(usize, usize), Text>,
    /// Who has which number, and since which entry.
    numbers: HashMap<String, (MemberId, u64)>,
    /// Where a host has left it. Nobody was there any more.
    ends: Vec<u64>,
    /// It is kept in a file, and forgets nothing.
    is_saved: bool,
}

impl Log {
    pub(crate) fn new(is_saved: bool) -> Self {
        Self { is_saved, ..Self::default() }
    }

    pub(crate) fn is_saved(&self) -> bool {
        self.is_saved
    }

    /// The number of the entry that is yet to come.
    pub(crate) fn head(&self) -> u64 {
        FIRST + self.entries.len() as u64
    }

    pub(crate) fn has(&self, text: Text) -> bool {
        self.texts.contains(&text)
    }

    fn get(&self, seq: u64) -> Option<Entry> {
        self.entries.get(usize::try_from(seq.checked_sub(FIRST)?).ok()?).copied()
    }

    fn from(&self, seq: u64) -> &[Entry] {
        &self.entries[self.entries.len().min(seq.saturating_sub(FIRST) as usize)..]
    }

    /// Adds what the host was shown.
    pub(crate) fn append(&mut self, entry: Entry) -> Check {
        if let Entry::Said { text, bytes, .. } = entry {
            ensure!(self.texts.insert(text), "{text:?} is in the log twice");
            let last = self.last.insert((text.member, text.talk), text);
            ensure!(last.is_none_or(|last| last < text), "{text:?} comes after {last:?}");
            self.bytes += bytes;
        }
        self.bytes += OVERHEAD;
        self.entries.push(entry);
        Ok(())
    }

    /// Somebody of this name has this number, and always had.
    pub(crate) fn number(&mut self, name: &str, id: MemberId) -> Check {
        let head = self.head();
        let others = self.numbers.iter().filter(|(other, _)| *other != name);
        ensure!(others.into_iter().all(|(_, (number, _))| *number != id), "that is somebody else's number");
        let (number, _) = *self.numbers.entry(name.to_owned()).or_insert((id, head));
        ensure!(number == id, "they were number {number}");
        Ok(())
    }

    /// Whether somebody of this name has this number.
    pub(crate) fn knows(&self, name: &str, id: MemberId) -> bool {
        self.numbers.get(name).is_some_and(|(number, _)| *number == id)
    }

    /// The host has left.
    pub(crate) fn end(&mut self) {
        self.ends.push(self.head());
    }

    /// Where it may have come to its end: where a host has left it, or now.
    pub(crate) fn ends(&self) -> impl Iterator<Item = u64> {
        self.ends.iter().copied().chain([self.head()])
    }

    /// Who is in the room, away or not.
    pub(crate) fn present(&self) -> BTreeSet<MemberId> {
        let mut present = BTreeSet::new();
        for entry in self.from(self.ends.last().copied().unwrap_or(FIRST)) {
            match entry {
                Entry::Joined(id) => drop(present.insert(*id)),
                Entry::Left(id, _) => drop(present.remove(id)),
                Entry::Said { .. } | Entry::Away(_) | Entry::Back(_) => {}
            }
        }
        present
    }

    /// Takes away what comes from `head` on, and gives what was said there.
    pub(crate) fn cut(&mut self, head: u64) -> HashSet<Text> {
        let entries = std::mem::take(&mut self.entries);
        let before = std::mem::take(&mut self.texts);
        self.bytes = 0;
        self.last.clear();
        self.numbers.retain(|_, (_, since)| *since < head);
        for entry in entries.into_iter().take(head.saturating_sub(FIRST) as usize) {
            self.append(entry).expect("it could be appended before");
        }
        before.difference(&self.texts).copied().collect()
    }

    /// Where the history begins of somebody who came at `head`.
    pub(crate) fn history(&self, head: u64) -> u64 {
        let messages = (FIRST..head).rev().filter(|seq| matches!(self.get(*seq), Some(Entry::Said { .. })));
        messages.take(limits::HISTORY).last().unwrap_or(head)
    }

    /// Where somebody came in or came back.
    pub(crate) fn arrivals(&self, who: MemberId) -> impl Iterator<Item = u64> {
        let is_arrival = move |entry: &Entry| matches!(entry, Entry::Joined(id) | Entry::Back(id) if *id == who);
        (FIRST..).zip(&self.entries).filter(move |(_, entry)| is_arrival(entry)).map(|(seq, _)| seq)
    }

    /// Whether the log may have forgotten all before `to`.
    fn may_have_forgotten(&self, to: u64) -> bool {
        if self.is_saved {
            return false;
        }
        let rest = self.from(to.saturating_sub(1));
        let size = |entry: &Entry| OVERHEAD + if let Entry::Said { bytes, .. } = entry { *bytes } else { 0 };
        rest.len() > limits::LOG_ENTRIES || rest.iter().map(size).sum::<usize>() > limits::LOG_BYTES
    }
}

/// Who follows a log.
pub(crate) struct Reader<'a> {
    pub(crate) own: MemberId,
    pub(crate) epoch: usize,
    /// What they were shown, in which epoch.
    pub(crate) shown: &'a HashMap<Text, usize>,
}

/// How far somebody has followed the log.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Position {
    /// The entry that comes next.
    next: u64,
    /// Entries before it are history: notices among them are not shown.
    came: u64,
    /// So many are missing from somewhere ahead, as they were told.
    gap: u64,
}

impl Position {
    pub(crate) fn new(next: u64, came: u64) -> Self {
        Self { next, came, gap: 0 }
    }

    /// Where they are when they were told that so many are missing.
    pub(crate) fn missing(&self, missed: u64) -> Self {
        Self { gap: self.gap + missed, ..*self }
    }

    /// Where they are after an event, if it can come next.
    pub(crate) fn after(&self, event: &Event, log: &Log, reader: &Reader<'_>) -> Option<Self> {
        self.beyond_the_gap(log, reader).find_map(|mut next| {
            loop {
                let entry = log.get(next)?;
                if self.shows(event, next, entry, reader) {
                    return Some(Self { next: next + 1, gap: 0, ..*self });
                }
                if !self.hides(next, entry, reader) {
                    return None;
                }
                next += 1;
            }
        })
    }

    /// Whether there is nothing more to show before `end`.
    pub(crate) fn is_at(&self, end: u64, log: &Log, reader: &Reader<'_>) -> bool {
        let is_hidden = |seq| log.get(seq).is_some_and(|entry| self.hides(seq, entry, reader));
        self.beyond_the_gap(log, reader).any(|next| next <= end && (next..end).all(is_hidden))
    }

    /// Whether everything that was shown lies before `end`.
    pub(crate) fn is_before(&self, end: u64) -> bool {
        self.next <= end
    }

    /// Where the gap may end: what is hidden may lie before it, or behind. Only a log that is full has one.
    fn beyond_the_gap(&self, log: &Log, reader: &Reader<'_>) -> impl Iterator<Item = u64> {
        let begins = (self.next..).take_while(move |begin| {
            (self.next..*begin)
                .last()
                .is_none_or(|seq| log.get(seq).is_some_and(|entry| self.hides(seq, entry, reader)))
        });
        let begins = begins.take(if self.gap == 0 { 1 } else { usize::MAX });
        begins.map(|begin| begin + self.gap).filter(|end| self.gap == 0 || log.may_have_forgotten(*end))
    }

    fn hides(&self, seq: u64, entry: Entry, reader: &Reader<'_>) -> bool {
        match entry {
            Entry::Said { text, .. } => reader.shown.get(&text).is_some_and(|epoch| *epoch < reader.epoch),
            Entry::Away(who) | Entry::Back(who) => seq < self.came || who == reader.own,
            Entry::Joined(_) | Entry::Left(..) => seq < self.came,
        }
    }

    fn shows(&self, event: &Event, seq: u64, entry: Entry, reader: &Reader<'_>) -> bool {
        match (event, entry) {
            (Event::Said(said), Entry::Said { by, text, bytes }) => {
                (said.seq, said.member, said.text.len()) == (seq, by, bytes)
                    && Text::read(&said.text) == Some(text)
                    && said.own == (by == reader.own)
                    && said.history == (seq < self.came)
            }
            (Event::Joined(member), Entry::Joined(id)) => member.id == id && seq >= self.came,
            (Event::Left { member, how, .. }, Entry::Left(id, left)) => {
                (*member, *how) == (id, left) && seq >= self.came
            }
            (Event::Away { member, .. }, Entry::Away(id)) => *member == id && seq >= self.came,
            (Event::Back(member), Entry::Back(id)) => member.id == id && seq >= self.came,
            _ => false,
        }
    }
}

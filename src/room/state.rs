//! What a room knows at one moment, all under one lock.
//!
//! Whatever changes it also notes what must not be forgotten, so that the room can hand that on in one piece when the lock is
//! given back.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::Notify;

use super::{
    log::Log,
    names::Names,
    saved::{Change, Changes, Entry},
};
use crate::wire::{
    Listing, Member, MemberId, Message,
    message::{Away, Departure, Left, Resume},
};

#[derive(Debug)]
pub(super) struct State {
    pub(super) log: Log,
    pub(super) names: Names,
    pub(super) present: BTreeMap<MemberId, Present>,
    /// The same, as newcomers are told.
    listing: Listing,
    /// How many connections have become members; tells one member's connections apart.
    pub(super) admissions: u64,
    /// Nothing is added to the log any more.
    pub(super) is_closed: bool,
    /// What has happened since the lock was taken.
    pub(super) changes: Changes,
    /// The number after that of what was said last.
    pub(super) said: u64,
}

impl State {
    pub(super) fn new(log: Log, names: Names, changes: Changes) -> Self {
        Self {
            log,
            names,
            present: BTreeMap::new(),
            listing: Listing::default(),
            admissions: 0,
            is_closed: false,
            changes,
            said: 0,
        }
    }

    /// Adds an entry, which `encode` makes of its number and the time, unless the room is closed.
    pub(super) fn append(&mut self, is_message: bool, encode: impl FnOnce(u64, u64) -> Bytes) {
        if self.is_closed {
            return;
        }
        let at = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0);
        let seq = self.log.head();
        let entry = Entry { at, is_message, frame: encode(seq, at) };
        self.changes.note(|| Change::Entry { seq, entry: entry.clone() });
        self.log.append(entry);
        if is_message {
            self.said = seq + 1;
        }
    }

    /// Gives somebody a place. Whoever had it loses it, and is given back.
    pub(super) fn place(&mut self, member: Member) -> (u64, Arc<Notify>, Option<Present>) {
        self.admissions += 1;
        let (id, admission) = (member.id, self.admissions);
        self.changes.note(|| Change::Presence { id, security: Some(member.security) });
        let replaced = Arc::<Notify>::default();
        self.listing.set(&member);
        let before = self.present.insert(id, Present { member, admission, _place: Place(replaced.clone()) });
        (admission, replaced, before)
    }

    /// Takes a member out of the room and tells everybody how they left.
    pub(super) fn part(&mut self, id: MemberId, how: Departure) {
        if let Some(Present { member, .. }) = self.present.remove(&id) {
            self.listing.remove(id);
            self.changes.note(|| Change::Presence { id, security: None });
            self.append(false, |seq, at| Left { seq, at, member: id, name: member.name, how }.encode());
        }
    }

    /// Tells everybody that a member's connection was lost.
    pub(super) fn go_away(&mut self, id: MemberId) {
        if let Some(present) = self.present.get_mut(&id) {
            present.member.away = true;
            self.listing.set(&present.member);
            let name = present.member.name.clone();
            self.append(false, |seq, at| Away { seq, at, member: id, name }.encode());
        }
    }

    /// Who is there, as whoever comes in is told.
    pub(super) fn roster(&self) -> Vec<Bytes> {
        self.listing.frames()
    }

    /// From where on somebody who comes back reads the log: from where they were, but never what lies before the history that
    /// they were sent at first. `None` when they were in another log.
    pub(super) fn first(&self, id: MemberId, resume: Option<&Resume>) -> Option<u64> {
        let resume = resume.filter(|resume| resume.epoch == self.log.epoch() && resume.next <= self.log.head())?;
        Some(resume.next.max(self.names.first(id)?))
    }

    /// Whoever has been away for longest.
    pub(super) fn longest_away(&self) -> Option<MemberId> {
        let away = self.present.values().filter(|present| present.member.away);
        away.min_by_key(|present| present.admission).map(|present| present.member.id)
    }
}

#[derive(Debug)]
pub(super) struct Present {
    pub(super) member: Member,
    pub(super) admission: u64,
    _place: Place,
}

/// A connection's place in the room. When another takes it, or it is given up, whoever waits for that is told.
#[derive(Debug)]
struct Place(Arc<Notify>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

//! Whose name is whose: a key owns its name for as long as the room lasts.
//!
//! A member's number goes with it, so that a member who comes back under the same key and name is the same member, and so
//! do the nonces of what they said, so that a message which was sent twice is still shown once.

use std::collections::{HashMap, VecDeque};

use crate::{
    identity::{Fingerprint, Name},
    wire::{MemberId, limits},
};

/// The names that are known to a room, by their folded form.
#[derive(Debug, Default)]
pub(super) struct Names {
    owners: HashMap<String, Owner>,
    /// The folded name of each number that was ever given out and is still known.
    by_id: HashMap<MemberId, String>,
    next: MemberId,
}

#[derive(Debug)]
struct Owner {
    id: MemberId,
    key: Option<Fingerprint>,
    /// The last nonces, oldest first.
    nonces: VecDeque<u64>,
}

/// What a claim to a name leads to.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Claim {
    /// It is theirs, under this number.
    Granted(MemberId),
    /// It is somebody else's.
    Taken,
    /// No more names can be remembered.
    Full,
}

impl Names {
    /// Claims `name` for a key, or for somebody without one. `is_present` tells who is in the room now: a name without a
    /// key is only theirs while they are, and a key's name stays theirs.
    pub(super) fn claim(
        &mut self,
        name: &Name,
        key: Option<Fingerprint>,
        is_present: impl Fn(MemberId) -> bool,
    ) -> Claim {
        let folded = name.folded();
        match self.owners.get(&folded) {
            Some(owner) if owner.key.is_some() && owner.key == key => return Claim::Granted(owner.id),
            Some(owner) if owner.key.is_some() || is_present(owner.id) => return Claim::Taken,
            // Somebody without a key had it, and is gone.
            Some(_) => self.forget(&folded),
            None => {}
        }
        let is_theirs = |owner: &Owner| key.is_some() && owner.key == key;
        let owned = self.owners.values().filter(|owner| is_theirs(owner)).count();
        if owned >= limits::NAMES_PER_KEY && !self.forget_one(|owner| is_theirs(owner) && !is_present(owner.id)) {
            return Claim::Full;
        }
        if self.owners.len() >= limits::NAMES_REMEMBERED && !self.forget_one(|owner| !is_present(owner.id)) {
            return Claim::Full;
        }
        let id = self.next;
        // A number that came round again would be somebody else's, the first of all the host's.
        let Some(next) = id.checked_add(1) else { return Claim::Full };
        self.next = next;
        self.by_id.insert(id, folded.clone());
        self.owners.insert(folded, Owner { id, key, nonces: VecDeque::new() });
        Claim::Granted(id)
    }

    /// The number that a key has under this name.
    pub(super) fn owned(&self, name: &Name, key: Option<Fingerprint>) -> Option<MemberId> {
        let owner = self.owners.get(&name.folded()).filter(|owner| key.is_some() && owner.key == key);
        owner.map(|owner| owner.id)
    }

    /// A name close to `name` that nobody owns.
    pub(super) fn suggest(&self, name: &Name) -> Name {
        name.suggest(|folded| self.owners.contains_key(folded))
    }

    /// Whether `nonce` is new from this member; it is remembered then.
    pub(super) fn is_new(&mut self, id: MemberId, nonce: u64) -> bool {
        let owner = self.by_id.get(&id).and_then(|folded| self.owners.get_mut(folded));
        let Some(owner) = owner else { return false };
        if owner.nonces.contains(&nonce) {
            return false;
        }
        if owner.nonces.len() == limits::NONCES {
            owner.nonces.pop_front();
        }
        owner.nonces.push_back(nonce);
        true
    }

    /// Makes place for one name among those that may go: one without a key if there is one, and who came longest ago.
    fn forget_one(&mut self, may_go: impl Fn(&Owner) -> bool) -> bool {
        let candidates = self.owners.iter().filter(|(_, owner)| may_go(owner));
        let oldest = candidates.min_by_key(|(_, owner)| (owner.key.is_some(), owner.id));
        let Some(folded) = oldest.map(|(folded, _)| folded.clone()) else { return false };
        self.forget(&folded);
        true
    }

    fn forget(&mut self, folded: &str) {
        if let Some(owner) = self.owners.remove(folded) {
            self.by_id.remove(&owner.id);
        }
    }
}

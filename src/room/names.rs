//! Whose name is whose: a key owns its name for as long as the room lasts.
//!
//! A member's number goes with it, so that a member who comes back under the same key and name is the same member, and so
//! do the nonces of what they said, so that a message which was sent twice is still shown once. Who has no key is known
//! by the pass that they were given, and their name is theirs only while they are in the room.

use std::collections::{HashMap, VecDeque};

use aws_lc_rs::constant_time;

use crate::{
    identity::{Fingerprint, Name},
    random,
    wire::{MemberId, limits, message::Pass},
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
    proof: Proof,
    /// The first entry that they were to see when they first came.
    first: u64,
    /// The last nonces, oldest first.
    nonces: VecDeque<u64>,
}

impl Owner {
    fn has_key(&self) -> bool {
        matches!(self.proof, Proof::Key(_))
    }
}

/// What shows that somebody is who they say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Proof {
    /// A key, which they have proved to have.
    Key(Fingerprint),
    /// A pass, in the clear.
    Pass(Pass),
}

impl Proof {
    /// What somebody shows. Without anything, it is a new pass, which opens nothing yet.
    pub(super) fn new(key: Option<Fingerprint>, pass: Option<Pass>) -> Self {
        match (key, pass) {
            (Some(key), _) => Self::Key(key),
            (None, Some(pass)) => Self::Pass(pass),
            (None, None) => Self::Pass(Pass(random::bytes())),
        }
    }

    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Key(one), Self::Key(other)) => one == other,
            (Self::Pass(one), Self::Pass(other)) => constant_time::verify_slices_are_equal(&one.0, &other.0).is_ok(),
            _ => false,
        }
    }
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
    /// Claims `name` for whoever shows `proof`, who, if they are new, is to see the log from `first` on. `is_present` tells
    /// who is in the room now.
    pub(super) fn claim(
        &mut self,
        name: &Name,
        proof: Proof,
        first: u64,
        is_present: impl Fn(MemberId) -> bool,
    ) -> Claim {
        let folded = name.folded();
        match self.owners.get(&folded) {
            Some(owner) if owner.proof.is(&proof) => return Claim::Granted(owner.id),
            Some(owner) if owner.has_key() || is_present(owner.id) => return Claim::Taken,
            // Somebody without a key had it, and is gone.
            Some(_) => self.forget(&folded),
            None => {}
        }
        let is_theirs = |owner: &Owner| owner.has_key() && owner.proof.is(&proof);
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
        self.owners.insert(folded, Owner { id, proof, first, nonces: VecDeque::new() });
        Claim::Granted(id)
    }

    /// The number under which whoever shows `proof` owns this name.
    pub(super) fn owned(&self, name: &Name, proof: &Proof) -> Option<MemberId> {
        self.owners.get(&name.folded()).filter(|owner| owner.proof.is(proof)).map(|owner| owner.id)
    }

    /// The first entry that a member was to see when they first came.
    pub(super) fn first(&self, id: MemberId) -> Option<u64> {
        self.by_id.get(&id).and_then(|folded| self.owners.get(folded)).map(|owner| owner.first)
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
        let oldest = candidates.min_by_key(|(_, owner)| (owner.has_key(), owner.id));
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

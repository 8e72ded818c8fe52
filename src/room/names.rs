//! Whose name is whose: a key owns its name for as long as the room lasts.
//!
//! A member's number goes with it, so that a member who comes back under the same key and name is the same member, and so
//! do the nonces of what they said, so that a message which was sent twice is still shown once. Who has no key is known
//! by the pass that they were given, and their name is theirs only while they are in the room.

use std::{
    collections::{BTreeMap, HashMap, VecDeque, hash_map::Entry},
    sync::Arc,
};

use super::saved::{Change, Changes, FoundMember, Member};
use crate::{
    identity::{Fingerprint, Name},
    wire::{HOST, MemberId, Secret, limits},
};

/// The names that are known to a room.
#[derive(Debug, Default)]
pub(super) struct Names {
    owners: BTreeMap<MemberId, Box<Owner>>,
    /// Whose name has this likeness. No two have one in common.
    by_likeness: HashMap<Arc<str>, MemberId>,
    /// How many names a key has.
    of_key: HashMap<Fingerprint, usize>,
    next: MemberId,
    /// What has changed since it was last asked for.
    changes: Changes,
}

#[derive(Debug)]
struct Owner {
    name: Name,
    likenesses: Box<[Arc<str>]>,
    proof: Proof,
    /// The first entry that they were to see when they first came.
    first: u64,
    /// The one in which they are, or were last; none of those who have only just claimed their name.
    conversation: Option<u64>,
    /// Their latest attempt to come back to it.
    attempt: u32,
    /// The last nonces, oldest first.
    nonces: VecDeque<u64>,
    /// How many nonces there have been.
    said: u64,
}

impl Owner {
    fn new(name: Name, proof: Proof, first: u64) -> Self {
        let likenesses = name.likenesses().into_iter().map(Arc::from).collect();
        Self { name, likenesses, proof, first, conversation: None, attempt: 0, nonces: VecDeque::new(), said: 0 }
    }

    /// As it is saved.
    fn change(&self, id: MemberId) -> Change {
        let Self { name, proof, first, conversation, attempt, .. } = self;
        Change::Member(Member {
            id,
            name: name.clone(),
            proof: proof.clone(),
            first: *first,
            conversation: *conversation,
            attempt: *attempt,
        })
    }

    fn has_key(&self) -> bool {
        matches!(self.proof, Proof::Key(_))
    }
}

/// What shows that somebody is who they say.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Proof {
    /// A key, which they have proved to have.
    Key(Fingerprint),
    /// A pass, in the clear.
    Pass(Secret),
}

impl Proof {
    /// What somebody shows. Without anything, it is a new pass, which opens nothing yet.
    pub(super) fn new(key: Option<Fingerprint>, pass: Option<Secret>) -> Self {
        match (key, pass) {
            (Some(key), _) => Self::Key(key),
            (None, Some(pass)) => Self::Pass(pass),
            (None, None) => Self::Pass(Secret::random()),
        }
    }

    /// The key, if it is one.
    pub(super) fn key(&self) -> Option<Fingerprint> {
        match self {
            Self::Key(key) => Some(*key),
            Self::Pass(_) => None,
        }
    }

    /// The pass, if it is one.
    pub(super) fn pass(&self) -> Option<Secret> {
        match self {
            Self::Key(_) => None,
            Self::Pass(pass) => Some(pass.clone()),
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

/// Whether it is somebody's turn.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Turn {
    /// It is.
    Theirs,
    /// A later attempt of the same conversation was here before.
    Overtaken,
    /// A later conversation has their place.
    Replaced,
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
        if let Some(id) = self.owned(name, &proof) {
            return Claim::Granted(id);
        }
        let owner = Owner::new(name.clone(), proof, first);
        if !self.free(&owner, &is_present) {
            return Claim::Taken;
        }
        let has_too_many = owner.proof.key().is_some_and(|key| self.of_key.get(&key) >= Some(&limits::NAMES_PER_KEY));
        if has_too_many && !self.forget_one(|id, other| other.proof == owner.proof && !is_present(id)) {
            return Claim::Full;
        }
        if self.owners.len() >= limits::NAMES_REMEMBERED && !self.forget_one(|id, _| !is_present(id)) {
            return Claim::Full;
        }
        let id = self.next;
        // A number that came round again would be somebody else's, the first of all the host's.
        let Some(next) = id.checked_add(1) else { return Claim::Full };
        self.next = next;
        self.give(id, owner);
        Claim::Granted(id)
    }

    /// The same for the host, whose number is [`HOST`] whatever their name and key: in a room that was saved they may have had
    /// others. `false` when the name is somebody else's.
    pub(super) fn claim_host(
        &mut self,
        name: &Name,
        proof: Proof,
        first: u64,
        is_present: impl Fn(MemberId) -> bool,
    ) -> bool {
        if self.owned(name, &proof) != Some(HOST) {
            self.forget(HOST);
            let owner = Owner::new(name.clone(), proof, first);
            if !self.free(&owner, is_present) {
                return false;
            }
            self.next = self.next.max(HOST + 1);
            self.give(HOST, owner);
        }
        true
    }

    /// Takes the name of `owner` from those who had it without a key and are gone. `false` when it, or one like it, is
    /// somebody's.
    fn free(&mut self, owner: &Owner, is_present: impl Fn(MemberId) -> bool) -> bool {
        for likeness in &owner.likenesses {
            match self.by_likeness.get(likeness).and_then(|id| Some((*id, self.owners.get(id)?))) {
                Some((id, owner)) if owner.has_key() || is_present(id) => return false,
                Some((id, _)) => self.forget(id),
                None => {}
            }
        }
        true
    }

    fn give(&mut self, id: MemberId, owner: Owner) {
        self.changes.note(|| owner.change(id));
        self.put(id, owner);
    }

    fn put(&mut self, id: MemberId, owner: Owner) {
        for likeness in &owner.likenesses {
            self.by_likeness.insert(likeness.clone(), id);
        }
        if let Some(key) = owner.proof.key() {
            *self.of_key.entry(key).or_default() += 1;
        }
        self.owners.insert(id, Box::new(owner));
    }

    /// The names of a room that was saved.
    pub(super) fn found(members: Vec<FoundMember>, next: MemberId) -> Self {
        let mut names = Self { next, changes: Changes::kept(), ..Self::default() };
        for FoundMember { member, nonces, said, .. } in members {
            let Member { id, name, proof, first, conversation, attempt } = member;
            names.put(
                id,
                Owner { conversation, attempt, nonces: nonces.into(), said, ..Owner::new(name, proof, first) },
            );
        }
        names
    }

    /// What has changed since this was last asked for.
    pub(super) fn take_changes(&mut self) -> Vec<Change> {
        self.changes.take()
    }

    /// The number under which whoever shows `proof` owns this name.
    pub(super) fn owned(&self, name: &Name, proof: &Proof) -> Option<MemberId> {
        let folded = name.folded();
        let id = *self.by_likeness.get(&*folded)?;
        self.owners.get(&id).is_some_and(|owner| owner.proof == *proof && owner.name.folded() == folded).then_some(id)
    }

    /// The first entry that a member was to see when they first came.
    pub(super) fn first(&self, id: MemberId) -> Option<u64> {
        self.owners.get(&id).map(|owner| owner.first)
    }

    /// Whether a member may come in now: with a new conversation (no `attempt`) always, which is theirs from then on; otherwise
    /// only with that one, and with an attempt that is later than all before.
    pub(super) fn turn(&mut self, id: MemberId, conversation: u64, attempt: Option<u32>) -> Turn {
        let Some(owner) = self.owners.get_mut(&id) else { return Turn::Replaced };
        match (attempt, owner.conversation) {
            (Some(_), Some(other)) if other != conversation => return Turn::Replaced,
            (Some(attempt), Some(_)) if attempt <= owner.attempt => return Turn::Overtaken,
            _ => {}
        }
        (owner.conversation, owner.attempt) = (Some(conversation), attempt.unwrap_or(0));
        self.changes.note(|| owner.change(id));
        Turn::Theirs
    }

    /// A name close to `name` that nobody owns, nor one like it.
    pub(super) fn suggest(&self, name: &Name) -> Name {
        name.suggest(|name| name.likenesses().iter().any(|likeness| self.by_likeness.contains_key(&**likeness)))
    }

    /// Whether `nonce` is new from this member; it is remembered then.
    pub(super) fn is_new(&mut self, id: MemberId, nonce: u64) -> bool {
        let Some(owner) = self.owners.get_mut(&id) else { return false };
        // Mostly it is not there, so all are looked at: without a way out in between, many at a time.
        let (older, newer) = owner.nonces.as_slices();
        if [older, newer].into_iter().flatten().fold(false, |found, one| found | (*one == nonce)) {
            return false;
        }
        if owner.nonces.len() == limits::NONCES {
            owner.nonces.pop_front();
        }
        owner.nonces.push_back(nonce);
        self.changes.note(|| Change::Nonce { id, number: owner.said, nonce });
        owner.said += 1;
        true
    }

    /// Makes place for one name among those that may go: one without a key if there is one, and who came longest ago.
    fn forget_one(&mut self, may_go: impl Fn(MemberId, &Owner) -> bool) -> bool {
        let candidates = self.owners.iter().filter(|(id, owner)| may_go(**id, owner));
        let oldest = candidates.min_by_key(|(id, owner)| (owner.has_key(), **id)).map(|(id, _)| *id);
        oldest.map(|id| self.forget(id)).is_some()
    }

    fn forget(&mut self, id: MemberId) {
        if let Some(owner) = self.owners.remove(&id) {
            self.changes.note(|| Change::Forgotten(id));
            for likeness in &owner.likenesses {
                self.by_likeness.remove(likeness);
            }
            if let Some(Entry::Occupied(mut count)) = owner.proof.key().map(|key| self.of_key.entry(key)) {
                *count.get_mut() -= 1;
                if *count.get() == 0 {
                    count.remove();
                }
            }
        }
    }
}

//! The room: a log, and members as positions in it.
//!
//! The host appends each entry once, already encoded. A member is a [`Cursor`]: a position in the log, and a task that
//! writes whatever lies between it and the head. Nothing is queued for anybody: a late joiner's history is a cursor set
//! further back, and a slow member is a cursor that lags, which holds nobody up and costs nothing; if the log has
//! forgotten what comes next, the member is told exactly what is missing.

mod log;
mod names;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::{sync::watch, time::sleep};

use self::{
    log::{Ahead, Log},
    names::{Claim, Names, Proof},
};
use crate::{
    identity::{Fingerprint, Name, RoomName},
    wire::{
        HOST, Member, MemberId, Message, Security, limits,
        message::{Away, Back, Departure, Gap, Joined, Left, Refusal, Refused, Resume, Roster, Said, Say, Welcome},
    },
};

/// One conversation.
#[derive(Debug)]
pub struct Room {
    name: RoomName,
    state: Mutex<State>,
    /// Tells every cursor where the log ends by now.
    head: watch::Sender<Head>,
}

#[derive(Debug)]
struct State {
    log: Log,
    names: Names,
    present: BTreeMap<MemberId, Present>,
    /// How many connections have become members; tells one member's connections apart.
    admissions: u64,
}

impl State {
    fn roster(&self) -> Vec<Member> {
        self.present.values().map(|present| present.member.clone()).collect()
    }

    /// From where on somebody who comes back reads the log: from where they were, but never what lies before the history that
    /// they were sent at first. `None` when they were in another log.
    fn first(&self, id: MemberId, resume: Option<Resume>) -> Option<u64> {
        let resume = resume.filter(|resume| resume.epoch == self.log.epoch() && resume.next <= self.log.head())?;
        Some(resume.next.max(self.names.first(id)?))
    }

    /// Whoever has been away for longest.
    fn longest_away(&self) -> Option<MemberId> {
        let away = self.present.values().filter(|present| present.member.away);
        away.min_by_key(|present| present.admission).map(|present| present.member.id)
    }
}

#[derive(Debug)]
struct Present {
    member: Member,
    admission: u64,
    /// Dropped when another connection takes this one's place.
    _place: watch::Sender<()>,
}

#[derive(Clone, Copy, Debug)]
struct Head {
    seq: u64,
    is_open: bool,
}

/// Somebody who wants to come in, as far as the handshake has shown.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// The name they want.
    pub name: &'a str,
    /// The room they expect, if they do.
    pub room: Option<&'a str>,
    /// The key they have proved to have.
    pub fingerprint: Option<Fingerprint>,
    /// What their connection guarantees.
    pub security: Security,
    /// Where they were, if they come back.
    pub resume: Option<Resume>,
}

/// What became of something that was said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Heard {
    /// It was new.
    Now,
    /// The log has it already.
    Before,
}

/// A text that cannot be said. Whoever sends one does not keep to the protocol.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SayError {
    /// There is nothing in it.
    #[error("a message without a text")]
    Empty,
    /// It is over [`limits::TEXT`].
    #[error("a message of {0} bytes; the largest allowed is {max}", max = limits::TEXT)]
    TooLong(usize),
}

impl Room {
    /// A new room, with nobody in it.
    pub fn new(name: RoomName) -> Arc<Self> {
        let log = Log::new();
        let (head, _) = watch::channel(Head { seq: log.head(), is_open: true });
        let state = State { log, names: Names::default(), present: BTreeMap::new(), admissions: 0 };
        Arc::new(Self { name, state: Mutex::new(state), head })
    }

    /// Lets somebody in. The first to come in is the host.
    ///
    /// A key that comes again under its name is the same member, and so is who has no key and shows the pass they were given.
    /// They take the place of their older connection, and the others are told only if that was lost before.
    ///
    /// # Errors
    ///
    /// The answer to give, when they cannot come in.
    pub fn admit(self: &Arc<Self>, candidate: &Candidate<'_>) -> Result<Membership, Refused> {
        let name: Name = candidate.name.parse().map_err(|error| refused(Refusal::NameInvalid, &error))?;
        if name.mixes_scripts() {
            let why = "That name mixes letters of scripts that look alike: write it in one of them.";
            return Err(refused(Refusal::NameInvalid, &why));
        }
        if candidate.room.is_some_and(|room| room != self.name.as_str()) {
            return Err(refused(Refusal::NoSuchRoom, &format!("The room here is “{}”.", self.name)));
        }
        let proof = Proof::new(candidate.fingerprint, candidate.resume.and_then(|resume| resume.pass));
        let mut state = self.state();
        let is_back = state.names.owned(&name, &proof).is_some_and(|id| state.present.contains_key(&id));
        // Who is here goes before who may come back.
        let gives_way = match state.present.len() >= limits::MEMBERS && !is_back {
            true => Some(state.longest_away().ok_or_else(full)?),
            false => None,
        };
        let history = state.log.history(limits::HISTORY);
        let State { names, present, .. } = &mut *state;
        let id = match names.claim(&name, proof, history, |id| present.contains_key(&id)) {
            Claim::Granted(HOST) if present.contains_key(&HOST) => return Err(taken(&name, names)),
            Claim::Granted(id) => id,
            Claim::Taken => return Err(taken(&name, names)),
            Claim::Full => return Err(full()),
        };
        if !names.is_latest(id, candidate.resume.map_or(0, |resume| resume.attempt)) {
            return Err(refused(Refusal::Overtaken, &"A later attempt of yours to come back has arrived before."));
        }
        if let Some(away) = gives_way {
            self.part(&mut state, away, Departure::Lost);
        }
        // Who takes their own place keeps the spelling under which the others know them.
        let name = state.present.get(&id).map_or(name, |present| present.member.name.clone());
        let Candidate { fingerprint, security, .. } = *candidate;
        let member = Member { id, name, fingerprint, security, away: false };
        state.admissions += 1;
        let admission = state.admissions;
        let first = state.first(id, candidate.resume).unwrap_or(history);
        let (place, replaced) = watch::channel(());
        let present = Present { member: member.clone(), admission, _place: place };
        let before = state.present.insert(id, present);
        let entry = member.clone();
        match before {
            None => self.append(&mut state, false, |seq, at| Joined { seq, at, member: entry }.encode()),
            Some(before) if before.member.away => {
                self.append(&mut state, false, |seq, at| Back { seq, at, member: entry }.encode());
            }
            Some(_) => {}
        }
        let welcome = Welcome {
            room: self.name.clone(),
            epoch: state.log.epoch(),
            member: id,
            first,
            head: state.log.head(),
            members: state.present.len() as u32,
            ticket: None,
            pass: match proof {
                Proof::Key(_) => None,
                Proof::Pass(pass) => Some(pass),
            },
        };
        let roster = state.roster();
        drop(state);
        Ok(Membership { room: self.clone(), member, admission, replaced, welcome, roster, is_over: false })
    }

    /// Takes a member out of the room and tells everybody how they left.
    fn part(&self, state: &mut State, id: MemberId, how: Departure) {
        if let Some(Present { member, .. }) = state.present.remove(&id) {
            self.append(state, false, |seq, at| Left { seq, at, member: id, name: member.name, how }.encode());
        }
    }

    /// Ends the room. Nothing is added to the log any more, and cursors come to their end after the last entry.
    pub fn close(&self) {
        // Under the lock, so that no entry comes after the end.
        let _state = self.state();
        self.head.send_modify(|head| head.is_open = false);
    }

    /// Comes to an end when the room has closed. Cancel-safe.
    pub async fn closed(&self) {
        // The sender is ours: it cannot be gone.
        let _ = self.head.subscribe().wait_for(|head| !head.is_open).await;
    }

    fn append(&self, state: &mut State, is_message: bool, encode: impl FnOnce(u64, u64) -> Bytes) {
        if !self.head.borrow().is_open {
            return;
        }
        let at = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0);
        let seq = state.log.append(is_message, |seq| encode(seq, at));
        self.head.send_modify(|head| head.seq = seq + 1);
    }

    /// A poisoned lock means that a change was cut short. What stands is still one order for all, so the room goes on.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refused(refusal: Refusal, detail: &impl ToString) -> Refused {
    Refused { refusal, detail: detail.to_string(), suggestion: None }
}

fn full() -> Refused {
    refused(Refusal::Full, &format!("The room is full: {} members are the most it can hold.", limits::MEMBERS))
}

fn taken(name: &Name, names: &Names) -> Refused {
    let suggestion = names.suggest(name);
    let detail =
        format!("The name “{name}”, or one that looks like it, is taken in this room. “{suggestion}” is free.");
    Refused { refusal: Refusal::NameTaken, detail, suggestion: Some(suggestion) }
}

/// A place in the room. Dropped without a word it counts as lost.
#[derive(Debug)]
pub struct Membership {
    room: Arc<Room>,
    member: Member,
    admission: u64,
    replaced: watch::Receiver<()>,
    welcome: Welcome,
    roster: Vec<Member>,
    is_over: bool,
}

impl Membership {
    /// Who this is.
    pub fn member(&self) -> &Member {
        &self.member
    }

    /// What a new member is told first. The ticket is the transport's to add.
    pub fn welcome(&self) -> Welcome {
        self.welcome.clone()
    }

    /// Who was in the room when this member came in. Handed out once: it is large, and a place is held for long.
    pub fn take_roster(&mut self) -> Vec<Member> {
        std::mem::take(&mut self.roster)
    }

    /// A reader of the log that starts at this member's history.
    pub fn cursor(&self) -> Cursor {
        Cursor { room: self.room.clone(), position: self.welcome.first, head: self.room.head.subscribe() }
    }

    /// Says something to everyone, unless it was said already: a nonce is taken once.
    ///
    /// # Errors
    ///
    /// When there is nothing to say, or too much.
    pub fn say(&self, say: Say) -> Result<Heard, SayError> {
        let Say { nonce, text } = say;
        if text.trim().is_empty() {
            return Err(SayError::Empty);
        }
        if text.len() > limits::TEXT {
            return Err(SayError::TooLong(text.len()));
        }
        let Member { id: by, name, .. } = self.member.clone();
        let mut state = self.room.state();
        if !self.holds_its_place(&state) {
            // Whoever has it now says it again if need be.
            return Ok(Heard::Now);
        }
        if !state.names.is_new(by, nonce) {
            return Ok(Heard::Before);
        }
        self.room.append(&mut state, true, |seq, at| Said { seq, at, by, name, nonce, text }.encode());
        Ok(Heard::Now)
    }

    /// Comes to an end when another connection of the same key has taken this one's place. Cancel-safe.
    pub fn replaced(&self) -> impl Future<Output = ()> + use<> {
        let mut replaced = self.replaced.clone();
        // Nothing is ever sent: the error is that the sender is gone.
        async move { while replaced.changed().await.is_ok() {} }
    }

    /// The connection was lost: keeps the place for [`limits::AWAY`], so that they can come back to it, and then gives it
    /// up. Comes to an end at once when they are back, or when the room ends. The others are told of each.
    pub async fn linger(self) {
        self.go_away();
        tokio::select! {
            () = sleep(limits::AWAY) => {}
            () = self.replaced() => {}
            () = self.room.closed() => {}
        }
        self.leave(Departure::Lost);
    }

    fn go_away(&self) {
        let mut state = self.room.state();
        if self.holds_its_place(&state)
            && let Some(present) = state.present.get_mut(&self.member.id)
        {
            present.member.away = true;
            let Member { id: member, name, .. } = self.member.clone();
            self.room.append(&mut state, false, |seq, at| Away { seq, at, member, name }.encode());
        }
    }

    /// Gives the place up. Others are told, unless another connection of the same member has it now.
    pub fn leave(mut self, how: Departure) {
        self.end(how);
    }

    fn end(&mut self, how: Departure) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        let mut state = self.room.state();
        if self.holds_its_place(&state) {
            self.room.part(&mut state, self.member.id, how);
        }
    }

    fn holds_its_place(&self, state: &State) -> bool {
        state.present.get(&self.member.id).is_some_and(|present| present.admission == self.admission)
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.end(Departure::Lost);
    }
}

/// A position in the log.
#[derive(Debug)]
pub struct Cursor {
    room: Arc<Room>,
    position: u64,
    head: watch::Receiver<Head>,
}

impl Cursor {
    /// Waits for entries and adds them to `batch`, at most [`limits::BATCH`] bytes of them. `false` means that the room
    /// has ended and everything has been read.
    ///
    /// Cancel-safe: the position moves only when `batch` is filled.
    pub async fn next(&mut self, batch: &mut Vec<Bytes>) -> bool {
        loop {
            let is_open = self.head.borrow_and_update().is_open;
            match self.read(batch) {
                Ahead::Entries(position) | Ahead::Gap(position) => {
                    self.position = position;
                    return true;
                }
                Ahead::Nothing if !is_open => return false,
                Ahead::Nothing => {}
            }
            if self.head.changed().await.is_err() {
                return false;
            }
        }
    }

    fn read(&self, batch: &mut Vec<Bytes>) -> Ahead {
        let state = self.room.state();
        let ahead = state.log.read(self.position, batch);
        if let Ahead::Gap(to) = ahead {
            let (roster, head) = (state.roster(), state.log.head());
            batch.push(Gap { from: self.position, to, head, members: roster.len() as u32 }.encode());
            batch.extend(Roster::split(&roster).map(|roster| roster.encode()));
        }
        ahead
    }
}

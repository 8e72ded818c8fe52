//! The room: a log, and members as positions in it.
//!
//! The host appends each entry once, already encoded. A member is a [`Cursor`]: a position in the log, and a task that
//! writes whatever lies between it and the head. Nothing is queued for anybody: a late joiner's history is a cursor set
//! further back, and a slow member is a cursor that lags, which holds nobody up and costs nothing; if the log has
//! forgotten what comes next, the member is told exactly what is missing.

mod log;
mod names;
mod saved;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::{sync::watch, time::sleep};
use tracing::info;

pub use self::saved::{Keep, Save, SaveError};
use self::{
    log::{Ahead, Log},
    names::{Claim, Names, Proof, Turn},
    saved::{Change, Entry, Found, Journal, Progress, Store},
};
use crate::{
    identity::{Fingerprint, Name, RoomName},
    wire::{
        HOST, Member, MemberId, Message, Secret, Security, limits,
        message::{Away, Back, Departure, Gap, Joined, Left, Refusal, Refused, Resume, Roster, Said, Say, Welcome},
    },
};

/// One conversation.
#[derive(Debug)]
pub struct Room {
    name: RoomName,
    state: Mutex<State>,
    /// Tells every cursor where the log ends by now: in a room that is saved, where the file does.
    head: watch::Sender<Head>,
    /// What writes the room down, if it is saved.
    journal: Option<Journal>,
    /// Why nothing can be written down at this moment.
    stuck: watch::Sender<Option<String>>,
}

#[derive(Debug)]
struct State {
    log: Log,
    names: Names,
    present: BTreeMap<MemberId, Present>,
    /// How many connections have become members; tells one member's connections apart.
    admissions: u64,
    /// Nothing is added to the log any more.
    is_closed: bool,
    /// What has happened since the lock was taken.
    changes: Vec<Change>,
}

impl State {
    fn new(log: Log, names: Names) -> Self {
        Self { log, names, present: BTreeMap::new(), admissions: 0, is_closed: false, changes: Vec::new() }
    }

    fn append(&mut self, is_message: bool, encode: impl FnOnce(u64, u64) -> Bytes) {
        if self.is_closed {
            return;
        }
        let at = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0);
        let seq = self.log.head();
        let entry = Entry { at, is_message, frame: encode(seq, at) };
        self.log.append(entry.clone());
        self.changes.push(Change::Entry { seq, entry });
    }

    /// Gives somebody a place. Whoever had it loses it, and is given back.
    fn place(&mut self, member: Member) -> (u64, watch::Receiver<()>, Option<Present>) {
        self.admissions += 1;
        let (id, admission) = (member.id, self.admissions);
        self.changes.push(Change::Presence { id, security: Some(member.security) });
        let (place, replaced) = watch::channel(());
        let before = self.present.insert(id, Present { member, admission, _place: place });
        (admission, replaced, before)
    }

    /// Takes a member out of the room and tells everybody how they left.
    fn part(&mut self, id: MemberId, how: Departure) {
        if let Some(Present { member, .. }) = self.present.remove(&id) {
            self.changes.push(Change::Presence { id, security: None });
            self.append(false, |seq, at| Left { seq, at, member: id, name: member.name, how }.encode());
        }
    }

    fn roster(&self) -> Vec<Member> {
        self.present.values().map(|present| present.member.clone()).collect()
    }

    /// From where on somebody who comes back reads the log: from where they were, but never what lies before the history that
    /// they were sent at first. `None` when they were in another log.
    fn first(&self, id: MemberId, resume: Option<&Resume>) -> Option<u64> {
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

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
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
    /// Which of their conversations it is.
    pub conversation: u64,
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
        Arc::new(Self::with(name, State::new(Log::new(), Names::default()), None))
    }

    /// The room `wanted`, or whichever room is in the file, or a new one of the name `otherwise`; saved from now on. Those who
    /// were in it when its host was cut short are still there, away: their places are given, too.
    ///
    /// Reads files: not for where others wait. Needs a tokio runtime around it.
    ///
    /// # Errors
    ///
    /// When the file cannot be used; it is as it was then.
    pub fn saved(
        save: &Save,
        wanted: Option<&RoomName>,
        otherwise: &RoomName,
    ) -> Result<(Arc<Self>, Vec<Membership>), SaveError> {
        let (store, mut found) = saved::open(save, wanted, otherwise)?;
        let log = Log::found(&mut found);
        let Found { room: name, next_member, members, .. } = found;
        let were_here = members.iter().filter_map(|found| {
            let (saved::Member { id, name, proof, .. }, security) = (found.member.clone(), found.security?);
            let fingerprint = proof.key();
            // Somebody's presence came to an end with the host that saw it.
            Some(Member { id, name, fingerprint, security, away: true })
        });
        let were_here: Vec<_> = were_here.collect();
        let mut state = State::new(log, Names::found(members, next_member));
        let places: Vec<_> = were_here.into_iter().map(|member| (state.place(member.clone()), member)).collect();
        let room = Arc::new_cyclic(|room| Self::with(name, state, Some((store, room.clone()))));
        let state = room.state();
        let away =
            places.into_iter().filter(|(_, member)| member.id != HOST).map(|((admission, replaced, _), member)| {
                let welcome = room.welcome(&state, member.id, state.log.head(), None);
                Membership {
                    room: room.clone(),
                    member,
                    admission,
                    replaced,
                    welcome,
                    roster: Vec::new(),
                    is_over: false,
                }
            });
        let away = away.collect();
        drop(state);
        Ok((room, away))
    }

    fn with(name: RoomName, state: State, saved: Option<(Store, Weak<Self>)>) -> Self {
        let (head, _) = watch::channel(Head { seq: state.log.head(), is_open: true });
        let journal = saved.map(|(store, room)| {
            Journal::start(store, move |progress| {
                if let Some(room) = room.upgrade() {
                    room.learn(progress);
                }
            })
        });
        Self { name, state: Mutex::new(state), head, journal, stuck: watch::channel(None).0 }
    }

    /// The room's name.
    pub fn name(&self) -> &RoomName {
        &self.name
    }

    /// Whether what is said is kept in a file.
    pub fn is_saved(&self) -> bool {
        self.journal.is_some()
    }

    /// Tells, whenever it changes, why nothing can be saved, and that it can be again. Nobody hears anything meanwhile.
    pub fn stuck(&self) -> watch::Receiver<Option<String>> {
        self.stuck.subscribe()
    }

    /// Lets the host in, under whatever name and key they have by now.
    ///
    /// # Errors
    ///
    /// When the name is that of another member of a room that was saved.
    pub fn admit_host(
        self: &Arc<Self>,
        name: &Name,
        fingerprint: Option<Fingerprint>,
        security: Security,
    ) -> Result<Membership, Refused> {
        let mut state = self.state();
        let history = state.log.history(limits::HISTORY);
        let proof = Proof::new(fingerprint, None);
        let State { names, present, .. } = &mut *state;
        if !names.claim_host(name, proof, history, |id| id != HOST && present.contains_key(&id)) {
            return Err(taken(name, names));
        }
        let member = Member { id: HOST, name: name.clone(), fingerprint, security, away: false };
        Ok(self.enter(state, member, history, None))
    }

    /// Lets somebody in who is not the host.
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
        let proof = Proof::new(candidate.fingerprint, candidate.resume.as_ref().and_then(|resume| resume.pass.clone()));
        let mut state = self.state();
        if self.is_behind(&state) {
            return Err(refused(Refusal::Full, &"The host cannot save the room at this moment. Try again later."));
        }
        let is_back = state.names.owned(&name, &proof).is_some_and(|id| state.present.contains_key(&id));
        // Who is here goes before who may come back.
        let gives_way = match state.present.len() >= limits::MEMBERS && !is_back {
            true => Some(state.longest_away().ok_or_else(full)?),
            false => None,
        };
        let history = state.log.history(limits::HISTORY);
        let State { names, present, .. } = &mut *state;
        let id = match names.claim(&name, proof.clone(), history, |id| present.contains_key(&id)) {
            Claim::Granted(HOST) => return Err(taken(&name, names)),
            Claim::Granted(id) => id,
            Claim::Taken => return Err(taken(&name, names)),
            Claim::Full => return Err(full()),
        };
        let attempt = candidate.resume.as_ref().map(|resume| resume.attempt);
        match names.turn(id, candidate.conversation, attempt) {
            Turn::Theirs => {}
            Turn::Overtaken => {
                return Err(refused(Refusal::Overtaken, &"A later attempt of yours to come back has arrived before."));
            }
            Turn::Replaced => return Err(refused(Refusal::Replaced, &"You have joined again from elsewhere.")),
        }
        if let Some(away) = gives_way {
            state.part(away, Departure::Lost);
        }
        // Who takes their own place keeps the spelling under which the others know them.
        let name = state.present.get(&id).map_or(name, |present| present.member.name.clone());
        let Candidate { fingerprint, security, .. } = *candidate;
        let member = Member { id, name, fingerprint, security, away: false };
        let first = state.first(id, candidate.resume.as_ref()).unwrap_or(history);
        Ok(self.enter(state, member, first, proof.pass()))
    }

    /// Gives somebody their place, tells everybody, and lets them see the log from `first` on.
    fn enter(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, State>,
        member: Member,
        first: u64,
        pass: Option<Secret>,
    ) -> Membership {
        let (admission, replaced, before) = state.place(member.clone());
        let entry = member.clone();
        match before {
            None => state.append(false, |seq, at| Joined { seq, at, member: entry }.encode()),
            Some(before) if before.member.away => {
                state.append(false, |seq, at| Back { seq, at, member: entry }.encode());
            }
            Some(_) => {}
        }
        let (welcome, roster) = (self.welcome(&state, member.id, first, pass), state.roster());
        self.publish(state);
        Membership { room: self.clone(), member, admission, replaced, welcome, roster, is_over: false }
    }

    fn welcome(&self, state: &State, member: MemberId, first: u64, pass: Option<Secret>) -> Welcome {
        Welcome {
            room: self.name.clone(),
            epoch: state.log.epoch(),
            member,
            first,
            head: state.log.head(),
            members: state.present.len() as u32,
            ticket: None,
            pass,
            saved: self.is_saved(),
        }
    }

    /// Ends the room. Nothing is added to the log any more, and cursors come to their end after the last entry.
    pub fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        state.changes.push(Change::Closed);
        self.publish(state);
    }

    /// Comes to an end when the room has closed, and everything was saved that is. Cancel-safe.
    pub async fn closed(&self) {
        // The sender is ours: it cannot be gone.
        let _ = self.head.subscribe().wait_for(|head| !head.is_open).await;
    }

    /// Hands on what has happened, now that it is complete: to the members, or first to the file.
    fn publish(&self, mut state: MutexGuard<'_, State>) {
        let mut changes = state.names.take_changes();
        changes.append(&mut state.changes);
        match &self.journal {
            Some(journal) if !changes.is_empty() => journal.write(changes),
            Some(_) => {}
            None => {
                let head = Head { seq: state.log.head(), is_open: !state.is_closed };
                self.head.send_if_modified(|before| std::mem::replace(before, head) != head);
            }
        }
    }

    /// What has become of what was to be saved.
    fn learn(&self, progress: Progress) {
        match progress {
            Progress::Saved { first, head } => {
                self.state().log.forget_before(first);
                self.head.send_modify(|before| before.seq = head);
                self.stuck.send_if_modified(|stuck| stuck.take().is_some());
            }
            Progress::Stuck(error) => {
                let why = Some(error.to_string());
                self.stuck.send_if_modified(|before| std::mem::replace(before, why.clone()) != why);
            }
            Progress::Closed => self.head.send_modify(|before| before.is_open = false),
        }
    }

    /// Waits until every entry before `seq` is saved, or nothing is any more.
    async fn saved_up_to(&self, seq: u64) {
        let _ = self.head.subscribe().wait_for(|head| head.seq >= seq || !head.is_open).await;
    }

    /// Whether so much waits to be saved that nothing more is to be added.
    fn is_behind(&self, state: &State) -> bool {
        state.log.head() - self.head.borrow().seq >= limits::UNSAVED
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
        state.append(true, |seq, at| Said { seq, at, by, name, nonce, text }.encode());
        self.room.publish(state);
        Ok(Heard::Now)
    }

    /// Waits until everything that has happened so far is saved, if the room is: only then may anybody be told. Cancel-safe.
    pub async fn settled(&self) {
        let head = self.room.state().log.head();
        self.room.saved_up_to(head).await;
    }

    /// Waits until there is room for something to be said: in a room that is saved, for as long as the disk does not keep up.
    /// Cancel-safe.
    pub async fn may_speak(&self) {
        let head = self.room.state().log.head();
        self.room.saved_up_to((head + 1).saturating_sub(limits::UNSAVED)).await;
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
            state.append(false, |seq, at| Away { seq, at, member, name }.encode());
            self.room.publish(state);
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
            state.part(self.member.id, how);
            self.room.publish(state);
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
            let Head { seq, is_open } = *self.head.borrow_and_update();
            match self.read(seq, batch) {
                Ahead::Entries(position) => {
                    self.position = position;
                    return true;
                }
                Ahead::Gap(to) => {
                    self.skip(to, batch);
                    return true;
                }
                Ahead::Saved(in_memory) => {
                    let frames = self.read_saved().await;
                    match frames.len() {
                        // Erased meanwhile, or not to be read.
                        0 => self.skip(in_memory, batch),
                        read => self.position += read as u64,
                    }
                    batch.extend(frames);
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

    fn read(&self, end: u64, batch: &mut Vec<Bytes>) -> Ahead {
        self.room.state().log.read(self.position, end, batch)
    }

    async fn read_saved(&self) -> Vec<Bytes> {
        match &self.room.journal {
            Some(journal) => journal.read(self.position).await,
            None => Vec::new(),
        }
    }

    /// Goes on at `to`, and says what is missing.
    fn skip(&mut self, to: u64, batch: &mut Vec<Bytes>) {
        let state = self.room.state();
        let (roster, head) = (state.roster(), state.log.head());
        info!(from = self.position, to, "too slow: the log has let go of what came next");
        batch.push(Gap { from: self.position, to, head, members: roster.len() as u32 }.encode());
        batch.extend(Roster::split(&roster).map(|roster| roster.encode()));
        drop(state);
        self.position = to;
    }
}

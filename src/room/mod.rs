//! The room: a log, and members as positions in it.
//!
//! The host appends each entry once, already encoded. A member is a [`Cursor`]: a position in the log, from which
//! whatever lies between it and the head is written to them. Nothing is queued for anybody: a late joiner's history is a
//! cursor set further back, and a slow member is a cursor that lags, which holds nobody up and costs nothing; if the log
//! has forgotten what comes next, the member is told exactly what is missing.
//!
//! - `log`: the entries
//! - `state`: what a room knows at one moment
//! - `membership`: a place in the room
//! - `cursor`: a position in the log
//! - `herald`: tells members that the log has grown
//! - `names`: whose name is whose
//! - `places`: how many have a place in it
//! - `saved`: a room that is kept in a file

mod cursor;
mod herald;
mod log;
mod membership;
mod names;
mod places;
mod saved;
mod state;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::watch;

#[cfg(feature = "bench")]
pub use self::places::let_so_many_in;
pub(crate) use self::places::places;
pub use self::{
    cursor::{Cursor, Reading},
    herald::{Matter, News},
    membership::{Heard, Membership, SayError},
    saved::{Keep, Save, SaveError},
};
use self::{
    herald::{Head, Herald},
    log::Log,
    names::{Claim, Names, Proof, Turn},
    saved::{Change, Changes, Found, Journal, Progress, Store},
    state::State,
};
use crate::{
    identity::{Fingerprint, Name, RoomName},
    wire::{
        HOST, Member, MemberId, Message, Secret, Security, limits,
        message::{Back, Departure, Joined, Refusal, Refused, Resume, Welcome},
    },
};

/// One conversation.
#[derive(Debug)]
pub struct Room {
    name: RoomName,
    state: Mutex<State>,
    /// Tells every cursor where the log ends by now: in a room that is saved, where the file does.
    herald: Arc<Herald>,
    /// What writes the room down, if it is saved.
    journal: Option<Journal>,
    /// Why nothing can be written down at this moment.
    stuck: watch::Sender<Option<String>>,
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

impl Room {
    /// A new room, with nobody in it.
    pub fn new(name: RoomName) -> Arc<Self> {
        Arc::new(Self::with(name, State::new(Log::new(), Names::default(), Changes::default()), None))
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
            // Their connections came to an end with the host.
            Some(Member { id, name, fingerprint, security, away: true })
        });
        let were_here: Vec<_> = were_here.collect();
        let mut state = State::new(log, Names::found(members, next_member), Changes::kept());
        let places: Vec<_> = were_here.into_iter().map(|member| (state.place(member.clone()), member)).collect();
        let room = Arc::new_cyclic(|room| Self::with(name, state, Some((store, room.clone()))));
        let state = room.state();
        let away =
            places.into_iter().filter(|(_, member)| member.id != HOST).map(|((admission, replaced, _), member)| {
                let welcome = Box::new(room.welcome(&state, member.id, state.log.head(), None));
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
        let herald = Herald::new(Head { seq: state.log.head(), is_open: true });
        let journal = saved.map(|(store, room)| {
            Journal::start(store, move |progress| {
                if let Some(room) = room.upgrade() {
                    room.learn(progress);
                }
            })
        });
        Self { name, state: Mutex::new(state), herald, journal, stuck: watch::channel(None).0 }
    }

    /// The room's name.
    pub fn name(&self) -> &RoomName {
        &self.name
    }

    /// Hears that there is more for cursors to read.
    pub fn news(&self) -> News {
        self.herald.news()
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
        let history = state.log.history();
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
        let gives_way = match state.present.len() >= places() && !is_back {
            true => Some(state.longest_away().ok_or_else(full)?),
            false => None,
        };
        let history = state.log.history();
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
        let (welcome, roster) = (Box::new(self.welcome(&state, member.id, first, pass)), state.roster());
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
        state.changes.note(|| Change::Closed);
        self.publish(state);
    }

    /// Comes to an end when the room has closed, and everything was saved that is. Cancel-safe.
    pub async fn closed(&self) {
        self.herald.closed().await;
    }

    /// Hands on what has happened, now that it is complete: to the members, or first to the file.
    fn publish(&self, mut state: MutexGuard<'_, State>) {
        let Some(journal) = &self.journal else {
            let head = Head { seq: state.log.head(), is_open: !state.is_closed };
            return self.herald.tell(head, state.said);
        };
        let mut changes = state.names.take_changes();
        changes.extend(state.changes.take());
        if !changes.is_empty() {
            journal.write(changes);
        }
    }

    /// What has become of what was to be saved.
    fn learn(&self, progress: Progress) {
        match progress {
            Progress::Saved { first, head } => {
                let mut state = self.state();
                state.log.forget_before(first);
                self.herald.tell(Head { seq: head, is_open: true }, state.said);
                drop(state);
                self.stuck.send_if_modified(|stuck| stuck.take().is_some());
            }
            Progress::Stuck(error) => {
                let why = Some(error.to_string());
                self.stuck.send_if_modified(|before| std::mem::replace(before, why.clone()) != why);
            }
            Progress::Closed => self.herald.close(),
        }
    }

    /// Waits until every entry before `seq` is saved, if any is, or nothing is any more.
    async fn saved_up_to(&self, seq: u64) {
        if self.is_saved() {
            // On the heap: where nothing is saved, nobody has to have the space for it.
            Box::pin(self.herald.wait_for(|head| head.seq >= seq || !head.is_open)).await;
        }
    }

    /// Whether so much waits to be saved that nothing more is to be added.
    fn is_behind(&self, state: &State) -> bool {
        self.is_saved() && state.log.head() - self.herald.told().seq >= limits::UNSAVED
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
    refused(Refusal::Full, &format!("The room is full: {} members are the most it can hold.", places()))
}

fn taken(name: &Name, names: &Names) -> Refused {
    let suggestion = names.suggest(name);
    let detail =
        format!("The name “{name}”, or one that looks like it, is taken in this room. “{suggestion}” is free.");
    Refused { refusal: Refusal::NameTaken, detail, suggestion: Some(suggestion) }
}

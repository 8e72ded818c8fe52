//! A member's conversation, and whether what it shows is what it must.

use std::collections::{HashMap, HashSet};

use parlor::{
    conversation::{Closed, Command, Conversation, Event, RefusedReason, State},
    wire::MemberId,
};

use crate::{
    Check, ensure,
    ledger::{Fate, Ledger},
    log::{Log, Position, Reader, Roster, change, roster},
    step::Leave,
    text::Text,
};

/// A room is named after its log: they are counted.
const ROOM: &str = "Room ";

/// What is known of the world when a conversation shows something.
pub(crate) struct Known<'a> {
    pub(crate) logs: &'a [Log],
    /// Where a member has arrived that is accounted for: by epoch.
    pub(crate) arrived: &'a mut HashMap<usize, u64>,
    /// Whether a room was left by its host.
    pub(crate) has_left: &'a dyn Fn(usize) -> bool,
    /// Another attempt with the same key may take this one's place.
    pub(crate) has_rival: bool,
    /// There may be another connection with the same key, whose place this one takes.
    pub(crate) has_double: bool,
}

pub(crate) struct Talk {
    pub(crate) member: usize,
    number: usize,
    conversation: Option<Conversation>,
    pub(crate) typed: usize,
    pub(crate) ledger: Ledger,
    epoch: usize,
    own: MemberId,
    /// Where it may be in the log.
    positions: HashSet<Position>,
    shown: HashMap<Text, usize>,
    roster: Roster,
    pub(crate) is_welcomed: bool,
    pub(crate) is_online: bool,
    pub(crate) is_stalled: bool,
    /// The logs in which it was told of a gap: an echo may lie there.
    gaps: HashSet<usize>,
    /// Whether something was given back that was said in the room.
    has_given_back: bool,
    pub(crate) left: Option<Leave>,
    pub(crate) end: Option<String>,
}

impl Talk {
    pub(crate) fn new(member: usize, number: usize, conversation: Conversation) -> Self {
        Self {
            member,
            number,
            conversation: Some(conversation),
            typed: 0,
            ledger: Ledger::default(),
            epoch: 0,
            own: 0,
            positions: HashSet::new(),
            shown: HashMap::new(),
            roster: Roster::new(),
            is_welcomed: false,
            is_online: false,
            is_stalled: false,
            gaps: HashSet::new(),
            has_given_back: false,
            left: None,
            end: None,
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.conversation.is_none()
    }

    /// Types a text of so many bytes. `false` when the commands are full.
    pub(crate) fn say(&mut self, bytes: usize) -> bool {
        let text = Text { member: self.member, talk: self.number, number: self.typed };
        let Some(conversation) = &self.conversation else { return false };
        let is_taken = conversation.commands.try_send(Command::Say { text: text.written(bytes), tag: 0 }).is_ok();
        if is_taken {
            self.typed += 1;
            self.ledger.typed(text);
        }
        is_taken
    }

    pub(crate) fn leave(&mut self, how: Leave) -> bool {
        let Some(conversation) = &self.conversation else { return false };
        match how {
            Leave::Exit => conversation.exit.leave(),
            Leave::Finish if conversation.commands.try_send(Command::Finish).is_err() => return false,
            Leave::Finish => {}
            Leave::Drop => {
                self.is_online = false;
                self.conversation = None;
            }
        }
        self.left = Some(how);
        true
    }

    /// Looks at everything there is to be shown. Whether there was something.
    pub(crate) fn look(&mut self, known: &mut Known<'_>) -> Result<bool, String> {
        let mut was_something = false;
        while let Some(conversation) = self.conversation.as_mut().filter(|_| !self.is_stalled || !self.is_welcomed) {
            use tokio::sync::mpsc::error::TryRecvError::{Disconnected, Empty};
            match conversation.events.try_recv() {
                Ok(event) => {
                    was_something = true;
                    self.see(&event, known).map_err(|why| format!("{self:?}: {event:?}: {why}"))?;
                }
                Err(Empty) => break,
                Err(Disconnected) => {
                    self.conversation = None;
                    self.is_online = false;
                    ensure!(self.end.is_some(), "{self:?} ends without a word");
                }
            }
        }
        Ok(was_something)
    }

    fn see(&mut self, event: &Event, known: &mut Known<'_>) -> Check {
        ensure!(self.end.is_none(), "something comes after the end");
        match event {
            Event::State { state, .. } => self.is_online = *state == State::Online,
            Event::Welcomed(welcomed) => {
                ensure!(!std::mem::replace(&mut self.is_welcomed, true), "it is welcomed twice");
                self.epoch = epoch(welcomed.room.as_str())?;
                self.own = welcomed.member;
                self.roster = roster(&welcomed.members);
                self.find_position(known, false);
            }
            Event::Resumed { welcomed, anew } => {
                ensure!(self.is_welcomed, "it comes back and never came");
                let epoch = epoch(welcomed.room.as_str())?;
                ensure!(*anew == (epoch != self.epoch), "it is in log {epoch}, and was in {}", self.epoch);
                ensure!(*anew || self.own == welcomed.member, "its number has changed");
                self.own = welcomed.member;
                if *anew {
                    self.epoch = epoch;
                    self.find_position(known, true);
                }
            }
            Event::Said(_) | Event::Joined(_) | Event::Left { .. } | Event::Away { .. } | Event::Back(_) => {
                change(&mut self.roster, event);
                self.follow(event, known)?;
            }
            Event::Members(_) => change(&mut self.roster, event),
            Event::Delivered { .. } => {}
            Event::Gap { missed } => {
                self.gaps.insert(self.epoch);
                self.positions = self.positions.iter().map(|at| at.missing(*missed)).collect();
            }
            Event::Unsent { text, .. } => {
                let text = Text::read(text).ok_or("what is given back was never typed")?;
                self.ledger.decide(text, Fate::GivenBack)?;
                self.has_given_back |= self.is_welcomed;
            }
            Event::Refused(refused) => {
                use RefusedReason::{Busy, Unreachable, WrongProtocol};
                let is_network = matches!(refused.reason, Unreachable | Busy | WrongProtocol);
                ensure!(is_network && !self.is_welcomed, "it is refused");
                self.over(event, known)?;
            }
            Event::Closed(closed) => {
                match closed {
                    Closed::Left => ensure!(self.left.is_some(), "nobody has asked to leave"),
                    Closed::Lost { .. } => ensure!(self.left == Some(Leave::Finish), "it gives up"),
                    Closed::HostLeft => ensure!((known.has_left)(self.epoch), "the host has not left"),
                    Closed::Replaced => ensure!(known.has_rival, "nobody has taken its place"),
                    Closed::Violation { .. } | Closed::Removed { .. } => return Err("that is no end".to_owned()),
                }
                self.over(event, known)?;
            }
            Event::Asked(_)
            | Event::Listening(_)
            | Event::Unannounced { .. }
            | Event::Saving { .. }
            | Event::Mapped { .. } => {
                return Err("that has no place here".to_owned());
            }
        }
        Ok(())
    }

    /// Where one who has just come in may be: at an arrival that is not accounted for; or, if they have taken an older
    /// connection's place, which the log does not tell, anywhere. Who comes to a new log may have come before, and not have heard
    /// the answer: then it was at any time since.
    fn find_position(&mut self, known: &mut Known<'_>, anew: bool) {
        let log = &known.logs[self.epoch];
        let arrived = known.arrived.entry(self.epoch).or_default();
        let arrivals: Vec<_> = log.arrivals(self.own).filter(|arrival| *arrival > *arrived).collect();
        *arrived = arrivals.last().copied().unwrap_or(*arrived);
        let position = |began, came| Position::new(log.history(began), if anew { 0 } else { came });
        self.positions = arrivals.iter().map(|arrival| position(*arrival, arrival + 1)).collect();
        let is_anywhere = arrivals.is_empty() || known.has_double || self.is_stalled;
        let since = if is_anywhere { Some(1) } else { arrivals.first().copied().filter(|_| anew) };
        if let Some(since) = since {
            self.positions.extend((since..=log.head()).map(|head| position(head, head)));
        }
    }

    fn follow(&mut self, event: &Event, known: &Known<'_>) -> Check {
        let log = &known.logs[self.epoch];
        let reader = Reader { own: self.own, epoch: self.epoch, shown: &self.shown };
        let after: HashSet<_> = self.positions.iter().filter_map(|at| at.after(event, log, &reader)).collect();
        if after.is_empty() {
            let at: Vec<_> = self.positions.iter().take(3).collect();
            return Err(format!("that does not come next, at {at:?} of {log:?}"));
        }
        self.positions = after;
        if let Event::Said(said) = event {
            let text = Text::read(&said.text).ok_or("nobody has said that")?;
            let before = self.shown.insert(text, self.epoch);
            ensure!(before.is_none(), "{text:?} is shown twice");
            if said.own && text.talk == self.number {
                self.ledger.decide(text, Fate::Acknowledged(self.epoch))?;
            }
        }
        Ok(())
    }

    /// Whether it shows everything before `end`, and nothing else.
    fn is_at(&self, end: u64, logs: &[Log]) -> bool {
        let reader = Reader { own: self.own, epoch: self.epoch, shown: &self.shown };
        self.positions.iter().any(|at| at.is_at(end, &logs[self.epoch], &reader))
    }

    /// The host was killed, and this log goes on from `head`: whatever was shown of it must still be there, and not be among
    /// what is `lost`.
    pub(crate) fn survives(&self, epoch: usize, head: u64, lost: &HashSet<Text>) -> Check {
        let seen = lost.iter().find(|text| self.shown.get(text) == Some(&epoch));
        ensure!(seen.is_none(), "{self:?} has shown {seen:?}, and it was not saved");
        let is_before = self.epoch != epoch || self.positions.iter().any(|at| at.is_before(head));
        ensure!(
            !self.is_welcomed || is_before,
            "{self:?} is at {:?}, and only what is before {head} was saved",
            self.positions
        );
        Ok(())
    }

    /// The same, or what is missing.
    pub(crate) fn is_complete(&self, logs: &[Log], epoch: usize, roster: &Roster) -> Check {
        ensure!(self.epoch == epoch, "{self:?} is in another log than the host, who is in {epoch}");
        ensure!(
            self.is_at(logs[epoch].head(), logs),
            "{self:?} is behind at {:?}, in {:?}",
            self.positions,
            logs[epoch]
        );
        ensure!(self.roster == *roster, "{self:?} shows {:?}, and the host {roster:?}", self.roster);
        ensure!(roster.get(&self.own).is_some_and(|(_, away)| !away), "{self:?} is not there: {roster:?}");
        Ok(())
    }

    /// What was typed, and not decided yet. What is in the log, and is not shown for a gap, is.
    pub(crate) fn unheard(&self, logs: &[Log]) -> Vec<Text> {
        let is_in_a_gap = |text: &Text| self.gaps.iter().any(|epoch| logs[*epoch].has(*text));
        self.ledger.with(Fate::Waiting).filter(|text| !is_in_a_gap(text)).collect()
    }

    fn over(&mut self, event: &Event, known: &Known<'_>) -> Check {
        self.end = Some(format!("{event:?}"));
        self.is_online = false;
        if matches!(event, Event::Closed(Closed::HostLeft)) {
            ensure!(
                known.logs[self.epoch].ends().any(|end| self.is_at(end, known.logs)),
                "the host leaves, and not everything was shown: {:?}",
                self.positions
            );
        }
        let lost = self.unheard(known.logs);
        ensure!(lost.is_empty(), "{lost:?} are lost");
        let has_finished = self.left == Some(Leave::Finish) && matches!(event, Event::Closed(Closed::Left));
        ensure!(!has_finished || !self.has_given_back, "it has not waited for every echo");
        Ok(())
    }
}

impl std::fmt::Debug for Talk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "conversation {} of member {}", self.number, self.member)
    }
}

/// The room of a log.
pub(crate) fn room(epoch: usize) -> String {
    format!("{ROOM}{epoch}")
}

/// Which log a room has.
fn epoch(room: &str) -> Result<usize, String> {
    room.strip_prefix(ROOM).and_then(|number| number.parse().ok()).ok_or(format!("there is no such room: {room}"))
}

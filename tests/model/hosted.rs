//! The host's conversation: what it shows is the log, and it must fit together.

use std::collections::{BTreeSet, HashMap};

use parlor::{
    conversation::{Closed, Command, Conversation, Event, Welcomed},
    wire::{self, MemberId, limits, message::Departure},
};
use tokio::time::{Duration, Instant};

use crate::{
    Check, ensure,
    ledger::{Fate, Ledger},
    log::{Entry, Log, Position, Reader, Roster, change, roster},
    talk::room,
    text::{HOST, Text},
};

/// Events are looked at so late, at most.
const LATE: Duration = Duration::from_millis(1_100);

pub(crate) struct Hosted {
    pub(crate) epoch: usize,
    /// How many hosts were there before.
    number: usize,
    conversation: Conversation,
    position: Option<Position>,
    typed: usize,
    ledger: Ledger,
    pub(crate) roster: Roster,
    /// Who is away, since when.
    away: HashMap<MemberId, Instant>,
    /// Who went away because the host before was cut short: the log is yet to say so.
    were_here: BTreeSet<MemberId>,
    pub(crate) has_left: bool,
    pub(crate) is_over: bool,
}

/// What a host cannot know by itself.
pub(crate) struct Guests<'a> {
    /// Whether a text may be said in this log: it was typed, and not acknowledged in an earlier one.
    pub(crate) may_be_said: &'a dyn Fn(Text) -> Check,
    /// Whether somebody of this name has left, as often as the room was told.
    pub(crate) has_left: &'a mut dyn FnMut(&str) -> bool,
}

impl Hosted {
    pub(crate) fn new(epoch: usize, number: usize, conversation: Conversation) -> Self {
        Self {
            epoch,
            number,
            conversation,
            position: None,
            typed: 0,
            ledger: Ledger::default(),
            roster: Roster::new(),
            away: HashMap::new(),
            were_here: BTreeSet::new(),
            has_left: false,
            is_over: false,
        }
    }

    pub(crate) fn say(&mut self, bytes: usize) -> bool {
        let text = Text { member: HOST, talk: self.number, number: self.typed };
        let is_taken = self.conversation.commands.try_send(Command::Say { text: text.written(bytes), tag: 0 }).is_ok();
        if is_taken {
            self.typed += 1;
            self.ledger.typed(text);
        }
        is_taken
    }

    pub(crate) fn leave(&mut self) {
        self.conversation.exit.leave();
        self.has_left = true;
    }

    /// Looks at everything there is to be shown. Whether there was something.
    pub(crate) fn look(&mut self, log: &mut Log, guests: &mut Guests<'_>) -> Result<bool, String> {
        let mut was_something = false;
        while let Ok(event) = self.conversation.events.try_recv() {
            was_something = true;
            self.see(&event, log, guests).map_err(|why| format!("the host: {event:?}: {why}"))?;
        }
        Ok(was_something)
    }

    fn see(&mut self, event: &Event, log: &mut Log, guests: &mut Guests<'_>) -> Check {
        match event {
            Event::Listening(_) | Event::State { .. } => {}
            Event::Welcomed(welcomed) => self.come(welcomed, log)?,
            Event::Said(said) if said.history => {}
            Event::Said(said) => {
                ensure!(said.seq == log.head(), "the next is {}", log.head());
                let text = Text::read(&said.text).ok_or("nobody has said that")?;
                match self.ledger.fate(text) {
                    Some(_) => self.ledger.decide(text, Fate::Acknowledged(self.epoch))?,
                    None => (guests.may_be_said)(text)?,
                }
                let entry = Entry::Said { by: said.member, text, bytes: said.text.len() };
                log.append(entry)?;
            }
            Event::Joined(member) => {
                ensure!(!self.roster.contains_key(&member.id), "they are there");
                log.number(member.name.as_str(), member.id)?;
                log.append(Entry::Joined(member.id))?;
            }
            Event::Left { member, name, how } => {
                ensure!(self.roster.contains_key(member), "they are not there");
                let since = self.away.remove(member);
                self.were_here.remove(member);
                match how {
                    Departure::Left => ensure!((guests.has_left)(name.as_str()), "they have not asked to leave"),
                    Departure::Lost => {
                        let waited = since.ok_or("they were not away")?.elapsed();
                        ensure!(waited + LATE >= limits::AWAY, "they had {waited:?} to come back");
                    }
                    Departure::Removed => return Err("they have done nothing".to_owned()),
                }
                log.append(Entry::Left(*member, *how))?;
            }
            Event::Away { member, .. } => {
                let is_known = self.roster.get(member).is_some_and(|(_, away)| *away == self.were_here.remove(member));
                ensure!(is_known, "they are not there");
                self.away.insert(*member, Instant::now());
                log.append(Entry::Away(*member))?;
            }
            Event::Back(member) => {
                self.were_here.remove(&member.id);
                ensure!(self.away.remove(&member.id).is_some(), "they were not away");
                log.append(Entry::Back(member.id))?;
            }
            Event::Unsent { text, .. } => {
                let text = Text::read(text).ok_or("what is given back was never typed")?;
                self.ledger.decide(text, Fate::GivenBack)?;
            }
            Event::Closed(Closed::Left) => {
                ensure!(self.has_left, "it has not left");
                let lost: Vec<_> = self.ledger.with(Fate::Waiting).collect();
                ensure!(lost.is_empty(), "{lost:?} are lost");
                self.is_over = true;
            }
            _ => return Err("that has no place here".to_owned()),
        }
        change(&mut self.roster, event);
        if matches!(event, Event::Said(_) | Event::Joined(_) | Event::Left { .. } | Event::Away { .. } | Event::Back(_))
        {
            let position = self.position.ok_or("the host is not there yet")?;
            let after = position.after(event, log, &self.reader(&HashMap::new()));
            self.position = Some(after.ok_or_else(|| format!("that does not come next, at {position:?} of {log:?}"))?);
        }
        Ok(())
    }

    /// The host comes in, or, where the one before was cut short, back: all who were there then are away.
    fn come(&mut self, welcomed: &Welcomed, log: &mut Log) -> Check {
        ensure!(welcomed.room.as_str() == room(self.epoch), "that is another room");
        ensure!(welcomed.saved == log.is_saved(), "it says otherwise of whether it is saved");
        ensure!(welcomed.member == wire::HOST, "it has another number");
        self.roster = roster(&welcomed.members);
        let before = log.present();
        let history = log.history(log.head());
        log.append(if before.contains(&wire::HOST) { Entry::Back(wire::HOST) } else { Entry::Joined(wire::HOST) })?;
        self.position = Some(Position::new(history, log.head()));
        for (id, (name, is_away)) in &self.roster {
            ensure!(*is_away == (*id != wire::HOST), "member {id} is there, or the host is not");
            ensure!(*id == wire::HOST || log.knows(name, *id), "{name} was not number {id}");
        }
        self.were_here = self.roster.keys().copied().filter(|id| *id != wire::HOST).collect();
        self.away = self.were_here.iter().map(|id| (*id, Instant::now())).collect();
        let others: BTreeSet<_> = before.into_iter().filter(|id| *id != wire::HOST).collect();
        ensure!(self.were_here == others, "{others:?} were there");
        Ok(())
    }

    fn reader<'a>(&self, nothing: &'a HashMap<Text, usize>) -> Reader<'a> {
        Reader { own: wire::HOST, epoch: self.epoch, shown: nothing }
    }

    /// It shows everything, and nobody is away for longer than they may.
    pub(crate) fn check(&self, log: &Log) -> Check {
        let nothing = HashMap::new();
        let is_complete = self.position.is_some_and(|at| at.is_at(log.head(), log, &self.reader(&nothing)));
        ensure!(is_complete, "the host is at {:?} of {log:?}", self.position);
        for (member, since) in &self.away {
            let away = since.elapsed();
            ensure!(away <= limits::AWAY + LATE, "member {member} is away for {away:?}");
        }
        Ok(())
    }
}

//! The host's conversation: what it shows is the log, and it must fit together.

use std::collections::HashMap;

use parlor::{
    conversation::{Closed, Command, Conversation, Event},
    wire::{MemberId, limits, message::Departure},
};
use tokio::time::{Duration, Instant};

use crate::{
    Check, ensure,
    ledger::{Fate, Ledger},
    log::{Entry, Log, Roster, change, roster},
    text::{HOST, Text},
};

/// Events are looked at so late, at most.
const LATE: Duration = Duration::from_millis(1_100);

pub(crate) struct Hosted {
    pub(crate) epoch: usize,
    conversation: Conversation,
    typed: usize,
    ledger: Ledger,
    pub(crate) roster: Roster,
    /// Who is away, since when.
    away: HashMap<MemberId, Instant>,
    numbers: HashMap<String, MemberId>,
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
    pub(crate) fn new(epoch: usize, conversation: Conversation) -> Self {
        Self {
            epoch,
            conversation,
            typed: 0,
            ledger: Ledger::default(),
            roster: Roster::new(),
            away: HashMap::new(),
            numbers: HashMap::new(),
            has_left: false,
            is_over: false,
        }
    }

    pub(crate) fn say(&mut self, bytes: usize) -> bool {
        let text = Text { member: HOST, talk: self.epoch, number: self.typed };
        let is_taken = self.conversation.commands.try_send(Command::Say(text.written(bytes))).is_ok();
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
            Event::Welcomed(welcomed) => self.roster = roster(&welcomed.members),
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
                let number = *self.numbers.entry(member.name.to_string()).or_insert(member.id);
                ensure!(number == member.id, "they were number {number}");
                log.append(Entry::Joined(member.id))?;
            }
            Event::Left { member, name, how } => {
                ensure!(self.roster.contains_key(member), "they are not there");
                let since = self.away.remove(member);
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
                ensure!(self.roster.get(member).is_some_and(|(_, away)| !away), "they are not there");
                self.away.insert(*member, Instant::now());
                log.append(Entry::Away(*member))?;
            }
            Event::Back(member) => {
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
        Ok(())
    }

    /// Nobody is away for longer than they may.
    pub(crate) fn check(&self) -> Check {
        for (member, since) in &self.away {
            let away = since.elapsed();
            ensure!(away <= limits::AWAY + LATE, "member {member} is away for {away:?}");
        }
        Ok(())
    }
}

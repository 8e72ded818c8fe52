//! From what a host sends to what a front end is told.
//!
//! Everything is checked on the way: entries come in their order and once, and what others wrote is made harmless. A view
//! outlives the connections over which it is filled.

use std::{
    collections::{BTreeMap, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
};

use jiff::Timestamp;

use super::{Event, Outbox, Said};
use crate::wire::{
    FromHost, Member, MemberId, Secret, limits,
    message::{self, Resume, Welcome},
    text,
};

/// A member's view of the room's log.
#[derive(Debug)]
pub struct View {
    own: MemberId,
    epoch: u64,
    pass: Option<Secret>,
    attempts: u32,
    /// Entries before it are history.
    came: u64,
    /// The entry that comes next.
    next: u64,
    /// Who is there, as the front end knows it.
    present: BTreeMap<MemberId, Member>,
    /// Who is there, once everything up to there was seen.
    roster: Option<Roster>,
    /// What was said in earlier logs, as far back as a host remembers: what it had lost may be said again.
    before: VecDeque<u64>,
    /// The same of this log.
    lately: VecDeque<u64>,
}

/// Who is there, as of an entry that is yet to be seen.
#[derive(Debug)]
struct Roster {
    head: u64,
    /// How many are yet to be listed.
    missing: usize,
    members: Vec<Member>,
    /// The front end is told, even if it knows that already.
    is_news: bool,
}

/// The host has sent what it may not send here.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the host does not keep to the protocol: {0}")]
pub struct Violation(&'static str);

impl View {
    /// The view of somebody who has just been let in, to a room with these members.
    pub fn new(welcome: &Welcome, members: &[Member]) -> Self {
        Self {
            own: welcome.member,
            epoch: welcome.epoch,
            pass: welcome.pass.clone(),
            attempts: 0,
            came: welcome.head,
            next: welcome.first,
            present: by_number(members.iter().cloned()),
            roster: None,
            before: VecDeque::new(),
            lately: VecDeque::new(),
        }
    }

    /// Where one is, to be told to a host to which one comes back. Each time counts as an attempt.
    pub fn position(&mut self) -> Resume {
        self.attempts += 1;
        Resume { epoch: self.epoch, next: self.next, pass: self.pass.clone(), attempt: self.attempts }
    }

    /// One has been let in again, to a room with these members, after one `was_lost` or without anybody noticing. Whether it
    /// has begun a new log.
    pub fn resume(&mut self, welcome: &Welcome, members: Vec<Member>, was_lost: bool) -> bool {
        let is_new = welcome.epoch != self.epoch;
        if is_new {
            self.before.append(&mut self.lately);
            self.before.drain(..self.before.len().saturating_sub(limits::LOG_ENTRIES));
            self.epoch = welcome.epoch;
            // One was there all the time: nothing of it is history. How much came before it, nobody can say.
            self.came = 0;
            self.next = welcome.first;
        }
        self.own = welcome.member;
        self.pass = welcome.pass.clone();
        // Who has missed nothing knows who is there, unless that was just being told, or another host goes on with the log.
        let is_half_told = self.roster.as_ref().is_some_and(|roster| roster.missing > 0);
        let is_news = was_lost || is_new || is_half_told || welcome.first > self.next;
        self.roster = Some(Roster { head: welcome.head, missing: 0, members, is_news });
        is_new
    }

    /// What a message of the host's means to the front end, oldest first; the echo of one's own is taken off `outbox`.
    ///
    /// # Errors
    ///
    /// A message that has no place after the welcome.
    pub fn see(&mut self, message: FromHost, outbox: &mut Outbox) -> Result<Vec<Event>, Violation> {
        let is_listing = self.roster.as_ref().is_some_and(|roster| roster.missing > 0);
        if is_listing && !matches!(message, FromHost::Roster(_) | FromHost::Pong(_) | FromHost::Repeated(_)) {
            return Err(Violation("the roster is not complete"));
        }
        let mut events = match message {
            FromHost::Said(said) => self.said(said, outbox),
            FromHost::Joined(joined) => {
                self.in_order(joined.seq, |view| view.is_news(joined.seq).then_some(Event::Joined(joined.member)))
            }
            FromHost::Left(left) => self.in_order(left.seq, |view| {
                let event = Event::Left { member: left.member, name: left.name, how: left.how };
                view.is_news(left.seq).then_some(event)
            }),
            FromHost::Away(away) => self.in_order(away.seq, |view| {
                let is_news = view.is_news(away.seq) && away.member != view.own;
                is_news.then_some(Event::Away { member: away.member, name: away.name })
            }),
            FromHost::Back(back) => self.in_order(back.seq, |view| {
                let is_news = view.is_news(back.seq) && back.member.id != view.own;
                is_news.then_some(Event::Back(back.member))
            }),
            FromHost::Gap(gap) => {
                if gap.members as usize > limits::MEMBERS || gap.to > gap.head {
                    return Err(Violation("its gap contradicts itself"));
                }
                let missing = gap.members as usize;
                self.roster = Some(Roster { head: gap.head, missing, members: Vec::new(), is_news: true });
                self.skip_to(gap.to).into_iter().collect()
            }
            FromHost::Roster(listed) => match &mut self.roster {
                Some(roster) if (1..=roster.missing).contains(&listed.members.len()) => {
                    roster.missing -= listed.members.len();
                    roster.members.extend(listed.members);
                    Vec::new()
                }
                _ => return Err(Violation("a roster that nobody waits for")),
            },
            FromHost::Repeated(repeated) => delivered(outbox.is_known(repeated.nonce)),
            FromHost::Pong(_) => Vec::new(),
            FromHost::Welcome(_) => return Err(Violation("it welcomes twice")),
            FromHost::Refused(_) => return Err(Violation("it refuses whom it has welcomed")),
        };
        if events.iter().any(|event| matches!(event, Event::Gap { .. })) {
            events.extend(delivered(outbox.missed()));
        }
        events.iter().for_each(|event| self.follow(event));
        events.extend(self.members());
        Ok(events)
    }

    /// Who is there, if that is certain only now.
    pub fn members(&mut self) -> Option<Event> {
        let roster = self.roster.take_if(|roster| roster.missing == 0 && roster.head <= self.next)?;
        let present = by_number(roster.members.iter().cloned());
        let is_news = roster.is_news || present != self.present;
        self.present = present;
        is_news.then_some(Event::Members(roster.members))
    }

    fn follow(&mut self, event: &Event) {
        match event {
            Event::Joined(member) | Event::Back(member) => drop(self.present.insert(member.id, member.clone())),
            Event::Left { member, .. } => drop(self.present.remove(member)),
            Event::Away { member, .. } => {
                self.present.entry(*member).and_modify(|member| member.away = true);
            }
            _ => {}
        }
    }

    fn said(&mut self, said: message::Said, outbox: &mut Outbox) -> Vec<Event> {
        let own = said.by == self.own;
        let tag = if own { outbox.acknowledge(said.nonce) } else { None };
        let seen = self.next > said.seq;
        let mut events = self.in_order(said.seq, |view| {
            if !view.is_new(&said) {
                return tag.map(|tag| Event::Delivered { tag, was_shown: true });
            }
            Some(Event::Said(Said {
                seq: said.seq,
                member: said.by,
                own,
                tag,
                history: said.seq < view.came,
                text: text::clean(&said.text),
                at: timestamp(said.at),
                from: said.name,
            }))
        });
        if seen {
            events.extend(tag.map(|tag| Event::Delivered { tag, was_shown: false }));
        }
        events
    }

    /// Whether this was not seen in an earlier log. A host that has lost its log is told again what it had not confirmed.
    fn is_new(&mut self, said: &message::Said) -> bool {
        let mut hasher = DefaultHasher::new();
        (said.name.as_str(), said.nonce, &said.text).hash(&mut hasher);
        let hash = hasher.finish();
        if self.lately.len() >= limits::LOG_ENTRIES {
            self.lately.pop_front();
        }
        self.lately.push_back(hash);
        !self.before.contains(&hash)
    }

    /// Whether who came or went at this entry was not in the first roster already.
    fn is_news(&self, seq: u64) -> bool {
        seq >= self.came
    }

    /// The event of entry `seq`, unless it was seen; and before it what is missing, if something is.
    fn in_order(&mut self, seq: u64, event: impl FnOnce(&mut Self) -> Option<Event>) -> Vec<Event> {
        if seq < self.next {
            return Vec::new();
        }
        let gap = self.skip_to(seq);
        self.next = seq.saturating_add(1);
        gap.into_iter().chain(event(self)).collect()
    }

    fn skip_to(&mut self, seq: u64) -> Option<Event> {
        let missed = seq.saturating_sub(self.next);
        self.next = self.next.max(seq);
        (missed > 0).then_some(Event::Gap { missed })
    }
}

fn delivered(tags: Vec<u64>) -> Vec<Event> {
    tags.into_iter().map(|tag| Event::Delivered { tag, was_shown: false }).collect()
}

/// A peer's clock may say anything; what no calendar has is shown as the start of 1970.
fn timestamp(milliseconds: u64) -> Timestamp {
    i64::try_from(milliseconds)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

fn by_number(members: impl Iterator<Item = Member>) -> BTreeMap<MemberId, Member> {
    members.map(|member| (member.id, member)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{
        Security,
        message::{Departure, Gap, Left, Pong},
    };

    fn welcome(first: u64, head: u64) -> Welcome {
        Welcome {
            room: "Kitchen".parse().unwrap(),
            epoch: 7,
            member: 1,
            first,
            head,
            members: 0,
            ticket: None,
            pass: None,
            saved: false,
        }
    }

    /// An innocent host was taken for one that does not keep to the protocol.
    #[test]
    fn a_list_of_members_that_was_cut_short_by_a_move_is_begun_anew() {
        let mut view = View::new(&welcome(1, 1), &[]);
        let mut outbox = Outbox::default();
        view.see(FromHost::Gap(Gap { from: 1, to: 9, head: 9, members: 300 }), &mut outbox).unwrap();
        view.resume(&welcome(9, 9), Vec::new(), false);
        let left = Left { seq: 9, at: 0, member: 4, name: "Ben".parse().unwrap(), how: Departure::Left };
        assert!(view.see(FromHost::Left(left), &mut outbox).is_ok());
    }

    /// Somebody who came back to a host that had started again, and had noticed nothing, was shown who had been there before.
    #[test]
    fn who_moves_to_another_host_of_the_same_log_learns_who_is_there() {
        let [ana, ben] = [(0, "Ana"), (4, "Ben")].map(|(id, name)| Member {
            id,
            name: name.parse().unwrap(),
            fingerprint: None,
            security: Security::Plaintext,
            away: false,
        });
        let mut view = View::new(&welcome(1, 1), &[ana.clone(), ben.clone()]);
        view.resume(&welcome(1, 1), vec![ben.clone(), ana.clone()], false);
        assert!(view.members().is_none(), "the same");
        view.resume(&welcome(1, 1), vec![ana.clone()], false);
        assert_eq!(view.members(), Some(Event::Members(vec![ana.clone()])));
        let joined = FromHost::Joined(message::Joined { seq: 1, at: 0, member: ben.clone() });
        view.see(joined, &mut Outbox::default()).unwrap();
        view.resume(&welcome(2, 2), vec![ana.clone(), ben], false);
        assert!(view.members().is_none(), "what has come since is known, too");
        view.resume(&welcome(2, 2), vec![ana], false);
        assert!(view.members().is_some());
    }

    #[test]
    fn who_has_missed_something_in_a_move_learns_who_is_there() {
        let mut view = View::new(&welcome(1, 1), &[]);
        view.resume(&welcome(1, 1), Vec::new(), false);
        assert!(view.members().is_none(), "nothing was missed");
        view.resume(&welcome(5, 5), Vec::new(), false);
        view.see(FromHost::Pong(Pong { number: 1 }), &mut Outbox::default()).unwrap();
        let left = Left { seq: 5, at: 0, member: 4, name: "Ben".parse().unwrap(), how: Departure::Left };
        let events = view.see(FromHost::Left(left), &mut Outbox::default()).unwrap();
        assert!(events.iter().any(|event| matches!(event, Event::Members(_))), "{events:?}");
    }
}

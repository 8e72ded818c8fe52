//! From what a host sends to what a front end is told.
//!
//! Everything is checked on the way: entries come in their order and once, and what others wrote is made harmless.

use jiff::Timestamp;

use super::{Event, Outbox, Said};
use crate::wire::{FromHost, MemberId, message::Welcome, text};

/// A member's view of the room's log.
#[derive(Debug)]
pub struct View {
    own: MemberId,
    /// Entries before it are history; the roster is as of here.
    head: u64,
    /// The entry that comes next.
    next: u64,
}

/// The host has sent what it may not send here.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the host does not keep to the protocol: {0}")]
pub struct Violation(&'static str);

impl View {
    /// The view of somebody who has just been let in.
    pub fn new(welcome: &Welcome) -> Self {
        Self { own: welcome.member, head: welcome.head, next: welcome.first }
    }

    /// What a message of the host's means to the front end, oldest first; the echo of one's own is taken off `outbox`.
    ///
    /// # Errors
    ///
    /// A message that has no place after the welcome.
    pub fn see(&mut self, message: FromHost, outbox: &mut Outbox) -> Result<Vec<Event>, Violation> {
        match message {
            FromHost::Said(said) => {
                let own = said.by == self.own;
                if own {
                    outbox.acknowledge(said.nonce);
                }
                let history = said.seq < self.head;
                Ok(self.in_order(said.seq, || {
                    Some(Event::Said(Said {
                        seq: said.seq,
                        member: said.by,
                        from: said.name,
                        own,
                        history,
                        text: text::clean(&said.text),
                        at: timestamp(said.at),
                    }))
                }))
            }
            FromHost::Joined(joined) => {
                let is_news = joined.seq >= self.head;
                Ok(self.in_order(joined.seq, || is_news.then_some(Event::Joined(joined.member))))
            }
            FromHost::Left(left) => {
                let is_news = left.seq >= self.head;
                let event = Event::Left { member: left.member, name: left.name, how: left.how };
                Ok(self.in_order(left.seq, || is_news.then_some(event)))
            }
            FromHost::Gap(gap) => Ok(self.skip_to(gap.to).into_iter().collect()),
            FromHost::Pong(_) => Ok(Vec::new()),
            FromHost::Welcome(_) | FromHost::Roster(_) => Err(Violation("it welcomes twice")),
            FromHost::Refused(_) => Err(Violation("it refuses whom it has welcomed")),
        }
    }

    /// The event of entry `seq`, unless it was seen; and before it what is missing, if something is.
    fn in_order(&mut self, seq: u64, event: impl FnOnce() -> Option<Event>) -> Vec<Event> {
        if seq < self.next {
            return Vec::new();
        }
        let gap = self.skip_to(seq);
        self.next = seq.saturating_add(1);
        gap.into_iter().chain(event()).collect()
    }

    fn skip_to(&mut self, seq: u64) -> Option<Event> {
        let missed = seq.saturating_sub(self.next);
        self.next = self.next.max(seq);
        (missed > 0).then_some(Event::Gap { missed })
    }
}

/// A peer's clock may say anything; what no calendar has is shown as the start of 1970.
fn timestamp(milliseconds: u64) -> Timestamp {
    i64::try_from(milliseconds)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

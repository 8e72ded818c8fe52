//! Whether every message came to every member, once, as it was, in the order in which it was said, and in the same order to all; and
//! how long that took.

use std::{collections::VecDeque, ops::Range, rc::Rc, time::Instant};

use hdrhistogram::Histogram;
use serde::Serialize;
use tokio::sync::Notify;

use super::body::Body;

/// What went wrong, each so many times.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub(crate) struct Faults {
    /// Messages that somebody never got.
    pub(crate) lost: u64,
    /// Messages that somebody got again, or after a later one of the same sender.
    pub(crate) repeated: u64,
    /// Messages that were not as they had been said.
    pub(crate) damaged: u64,
    /// Messages that somebody got in another order than the others.
    pub(crate) disordered: u64,
    /// What a server said that it may not, and connections that ended.
    pub(crate) broken: u64,
}

/// One for all members.
pub(crate) struct Tally {
    begun: Instant,
    echo: bool,
    members: usize,
    senders: Vec<Sender>,
    /// The number that each member expects of each sender next, the senders of one member side by side.
    next: Vec<u32>,
    /// What was said, in the order in which whoever was first got it.
    order: Vec<(u16, u32)>,
    /// How far each member has come in it.
    position: Vec<usize>,
    /// Deliveries until now.
    pub(crate) delivered: u64,
    /// Messages that were said until now.
    pub(crate) said: u64,
    pub(crate) faults: Faults,
    /// The first thing that was broken, in words.
    pub(crate) complaint: Option<String>,
    /// Messages that were said in this time count, in nanoseconds since the load began.
    pub(crate) counts: Range<u64>,
    /// From being said to being heard, in nanoseconds.
    pub(crate) times: Histogram<u64>,
}

#[derive(Default)]
struct Sender {
    /// How many members do not have it yet, for each message from `first` on.
    missing: VecDeque<u32>,
    first: u32,
    /// Told whenever everybody has a message.
    through: Rc<Notify>,
}

impl Tally {
    pub(crate) fn new(members: usize, senders: usize) -> Self {
        Self {
            begun: Instant::now(),
            echo: true,
            members,
            senders: (0..senders).map(|_| Sender::default()).collect(),
            next: vec![0; members * senders],
            order: Vec::new(),
            position: vec![0; members],
            delivered: 0,
            said: 0,
            faults: Faults::default(),
            complaint: None,
            counts: u64::MAX..u64::MAX,
            // A minute, to three digits.
            times: Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("proper bounds"),
        }
    }

    /// Nanoseconds since the load began.
    pub(crate) fn now(&self) -> u64 {
        self.begun.elapsed().as_nanos() as u64
    }

    /// Senders do not hear themselves.
    pub(crate) fn has_no_echo(&mut self) {
        self.echo = false;
    }

    /// Those who get what somebody says.
    fn receivers(&self) -> u32 {
        self.members as u32 - u32::from(!self.echo)
    }

    /// What `sender` says next.
    pub(crate) fn say(&mut self, sender: usize) -> Body {
        let (at, receivers) = (self.now(), self.receivers());
        let one = &mut self.senders[sender];
        let number = one.first + one.missing.len() as u32;
        one.missing.push_back(receivers);
        self.said += 1;
        Body { sender: sender as u16, number, at }
    }

    /// How many messages of `sender` not everybody has.
    pub(crate) fn outstanding(&self, sender: usize) -> usize {
        self.senders[sender].missing.len()
    }

    /// Told whenever everybody has a message of `sender`.
    pub(crate) fn through(&self, sender: usize) -> Rc<Notify> {
        self.senders[sender].through.clone()
    }

    /// Whether everybody has everything.
    pub(crate) fn is_through(&self) -> bool {
        self.senders.iter().all(|sender| sender.missing.is_empty())
    }

    /// `member` has heard `text` at this moment.
    pub(crate) fn heard(&mut self, member: usize, text: &[u8], now: u64) {
        let Some(body) = Body::read(text).filter(|body| usize::from(body.sender) < self.senders.len()) else {
            self.faults.damaged += 1;
            return;
        };
        let (sender, senders) = (usize::from(body.sender), self.senders.len());
        let next = &mut self.next[member * senders + sender];
        if body.number < *next {
            self.faults.repeated += 1;
            return;
        }
        // What is left out here is missing in the end.
        *next = body.number + 1;
        self.delivered += 1;
        self.compare(member, body);
        if self.counts.contains(&body.at) {
            self.times.saturating_record(now - body.at);
        }
        self.count_down(sender, body.number);
    }

    /// Compares with what the others heard. Who is not told what they say themselves cannot be compared.
    fn compare(&mut self, member: usize, body: Body) {
        if !self.echo && member < self.senders.len() {
            return;
        }
        let position = &mut self.position[member];
        match self.order.get(*position) {
            Some(said) if *said == (body.sender, body.number) => {}
            Some(_) => self.faults.disordered += 1,
            None => self.order.push((body.sender, body.number)),
        }
        *position += 1;
    }

    fn count_down(&mut self, sender: usize, number: u32) {
        let one = &mut self.senders[sender];
        let missing = number.checked_sub(one.first).and_then(|index| one.missing.get_mut(index as usize));
        let Some(missing) = missing else {
            // Nobody has said that yet.
            self.faults.damaged += 1;
            return;
        };
        *missing = missing.saturating_sub(1);
        let before = one.first;
        while one.missing.front() == Some(&0) {
            one.missing.pop_front();
            one.first += 1;
        }
        if one.first != before {
            one.through.notify_one();
        }
    }

    /// Something is wrong that has nothing to do with one message.
    pub(crate) fn broken(&mut self, why: impl ToString) {
        self.faults.broken += 1;
        self.complaint.get_or_insert_with(|| why.to_string());
    }

    /// What nobody waits for any longer is lost.
    pub(crate) fn close(&mut self) {
        self.faults.lost =
            self.senders.iter().flat_map(|sender| &sender.missing).map(|missing| u64::from(*missing)).sum();
    }
}

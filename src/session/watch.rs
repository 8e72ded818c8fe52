//! When to look for another connection while one still has one: a decision without a clock or a socket.
//!
//! A connection can be dead long before its end is certain. Over QUIC something comes every few seconds, so a silence
//! tells something. Over TLS and TCP it does not; but a host who does not answer what was said is asked, and whoever is asked
//! answers soon, or never. So is one when this machine has moved, or has slept. Where there is doubt, one
//! knocks again, over all that is allowed, beside the connection that one has: that goes on if it is heard again first, and
//! is left only for another one in which one has been welcomed. So doubt may cost a handshake, and never the conversation.
//!
//! Who talks over TLS because QUIC did not get through tries it again now and then, and less often each time that it does
//! not last.

use std::time::{Duration, Instant};

use crate::wire::limits;

/// Over QUIC we send something every [`limits::KEEP_ALIVE`], which the host acknowledges; this much later that has arrived, or
/// UDP has stopped doing so.
const SILENT: Duration = limits::KEEP_ALIVE.saturating_add(Duration::from_secs(2));

/// The same when we have sent something that QUIC on the other side acknowledges within 25 ms: time to lose it and send it
/// again, on a slow network, several times.
const UNACKNOWLEDGED: Duration = Duration::from_secs(3);

/// Over TLS and TCP, what a host says is all that can be heard. When there was nothing so long after something was sent, it is
/// asked: one whose disk is slow lets an echo wait, and no answer...
const UNCONFIRMED: Duration = Duration::from_secs(3);

/// ... which on a slow network takes less than this.
const UNHEARD: Duration = Duration::from_secs(2);

/// Who is asked after this machine has moved answers within this, on one network, or is not reached any more.
const UNANSWERED: Duration = Duration::from_millis(250);

/// After a vain attempt, the next one comes after this, and then each after twice as long...
const AGAIN_FIRST: Duration = Duration::from_secs(1);

/// ... up to this.
const AGAIN_MAX: Duration = Duration::from_secs(8);

/// QUIC is tried again after this, and then each time after twice as long...
const RETURN_FIRST: Duration = Duration::from_secs(5);

/// ... up to this. An attempt is a few packets.
const RETURN_MAX: Duration = Duration::from_secs(10 * 60);

/// What to do next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// Send the host something that it has to answer.
    Ask,
    /// Knock again. An attempt that is under way for a lesser reason ends.
    Knock(Why),
    /// Nothing before then; with none, not before something happens.
    WaitUntil(Option<Instant>),
}

/// Why to knock again.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Why {
    /// To return to QUIC.
    Return,
    /// The connection may be dead.
    Doubt,
}

/// How long to wait before QUIC is tried again. Outlives connections, so that a QUIC which never lasts is tried ever less
/// often.
#[derive(Debug)]
pub(super) struct Returning {
    wait: Duration,
    /// When the last connection over QUIC was made.
    since: Option<Instant>,
}

impl Default for Returning {
    fn default() -> Self {
        Self { wait: RETURN_FIRST, since: None }
    }
}

impl Returning {
    /// A connection over QUIC was made.
    pub(super) fn made(&mut self, now: Instant) {
        self.since = Some(now);
    }

    /// There is one over something else: had QUIC lasted, this is a new beginning.
    pub(super) fn left(&mut self, now: Instant) {
        match self.since.take().map(|since| now.saturating_duration_since(since)) {
            // For some of that time it may have been dead, and nobody knew.
            Some(lasted) if lasted > self.wait + limits::QUIC_SILENCE => self.wait = RETURN_FIRST,
            Some(_) => self.failed(),
            None => {}
        }
    }

    fn failed(&mut self) {
        self.wait = (self.wait * 2).min(RETURN_MAX);
    }
}

/// The watch over one connection.
#[derive(Debug)]
pub(super) struct Watch {
    /// Silence tells something: it is over QUIC.
    is_never_silent: bool,
    /// When something last came from the host, of whatever kind.
    heard: Instant,
    /// Since when something of ours has not been acknowledged, if it has to be.
    sent: Option<Instant>,
    /// When the host was asked about that.
    asked_about: Option<Instant>,
    /// This machine has moved or slept, and the host is to be asked.
    is_to_ask: bool,
    /// When it was asked, and with which number.
    asked: Option<(Instant, u32)>,
    /// No attempt before then.
    not_before: Instant,
    again: Duration,
    /// When to try QUIC again, for who is not over it and might be.
    back_at: Option<Instant>,
}

impl Watch {
    /// Over a connection that was made `now`; `is_quic`, over QUIC, and else `may_return` tells how long not to try that, if
    /// it is to be tried at all.
    pub(super) fn new(is_quic: bool, may_return: Option<&Returning>, now: Instant) -> Self {
        let back_at = may_return.filter(|_| !is_quic).map(|returning| now + returning.wait);
        Self {
            is_never_silent: is_quic,
            heard: now,
            sent: None,
            asked_about: None,
            is_to_ask: false,
            asked: None,
            not_before: now,
            again: AGAIN_FIRST,
            back_at,
        }
    }

    /// What to do at `now`.
    pub(super) fn step(&self, now: Instant) -> Step {
        let unconfirmed = self.sent.filter(|_| !self.is_never_silent && self.asked_about.is_none());
        let ask = unconfirmed.map(|then| then + UNCONFIRMED);
        if self.is_to_ask || ask.is_some_and(|then| now >= then) {
            return Step::Ask;
        }
        let doubt = self.doubt().map(|then| then.max(self.not_before));
        if doubt.is_some_and(|then| now >= then) {
            return Step::Knock(Why::Doubt);
        }
        match self.back_at {
            Some(then) if now >= then => Step::Knock(Why::Return),
            then => Step::WaitUntil([ask, doubt, then].into_iter().flatten().min()),
        }
    }

    /// Something has come from the host, `then` or later: what was sent after that may still be on its way.
    pub(super) fn heard(&mut self, then: Instant) {
        self.heard = self.heard.max(then);
        self.sent = self.sent.filter(|sent| *sent > then);
        self.asked_about = self.asked_about.filter(|_| self.sent.is_some());
        if self.asked.is_none() {
            self.trust(then);
        }
    }

    /// The host has answered what it was asked with this number.
    pub(super) fn answered(&mut self, number: u32, now: Instant) {
        if self.asked.is_some_and(|(_, asked)| number >= asked) {
            self.asked = None;
            self.trust(now);
        }
    }

    /// Something was sent that the host has to acknowledge.
    pub(super) fn sent(&mut self, now: Instant) {
        self.sent.get_or_insert(now);
    }

    /// The host was asked, with this number. Who has moved hears an answer in that alone, for anything else may have been on its
    /// way before; who has not, in whatever comes.
    pub(super) fn asked(&mut self, number: u32, now: Instant) {
        match std::mem::take(&mut self.is_to_ask) {
            true => self.asked = Some((now, number)),
            false => self.asked_about = Some(now),
        }
        self.sent(now);
    }

    /// This machine is somewhere else, or has slept: what did not work may work now.
    pub(super) fn moved(&mut self, now: Instant) {
        self.is_to_ask = true;
        self.trust(now);
        if let Some(then) = &mut self.back_at {
            *then = now + RETURN_FIRST.min(then.saturating_duration_since(now));
        }
    }

    /// Whether the connection may be dead.
    pub(super) fn is_in_doubt(&self, now: Instant) -> bool {
        self.doubt().is_some_and(|then| now >= then)
    }

    /// An attempt was in vain.
    pub(super) fn failed(&mut self, why: Why, returning: &mut Returning, now: Instant) {
        match why {
            Why::Doubt => {
                self.not_before = now + self.again;
                self.again = (self.again * 2).min(AGAIN_MAX);
            }
            Why::Return => {
                returning.failed();
                self.back_at = Some(now + returning.wait);
            }
        }
    }

    fn trust(&mut self, now: Instant) {
        (self.not_before, self.again) = (now, AGAIN_FIRST);
    }

    /// From when on the connection is in doubt, unless something comes.
    fn doubt(&self) -> Option<Instant> {
        let asked = self.asked.map(|(then, _)| then + UNANSWERED);
        let silent = self.is_never_silent.then_some(self.heard + SILENT);
        let sent = match self.is_never_silent {
            true => self.sent.map(|then| then + UNACKNOWLEDGED),
            false => self.asked_about.map(|then| then + UNHEARD),
        };
        [asked, silent, sent].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn waits(step: Step, start: Instant) -> Option<Duration> {
        match step {
            Step::WaitUntil(then) => then.map(|then| then - start),
            other => panic!("expected to wait, got {other:?}"),
        }
    }

    #[test]
    fn quic_that_falls_silent_is_doubted_sooner_when_something_was_said() {
        let start = Instant::now();
        let mut watch = Watch::new(true, None, start);
        assert_eq!(waits(watch.step(start), start), Some(SILENT));
        watch.sent(start + SECOND);
        assert_eq!(waits(watch.step(start + SECOND), start), Some(SECOND + UNACKNOWLEDGED));
        assert_eq!(watch.step(start + SECOND + UNACKNOWLEDGED), Step::Knock(Why::Doubt));
        // It was counted only later, and may have come before.
        watch.heard(start);
        assert_eq!(watch.step(start + SECOND + UNACKNOWLEDGED), Step::Knock(Why::Doubt));
        watch.heard(start + 5 * SECOND);
        assert_eq!(waits(watch.step(start + 5 * SECOND), start), Some(5 * SECOND + SILENT));
    }

    /// A host whose disk is slow lets an echo wait, and would be dialled without end.
    #[test]
    fn silence_over_tls_tells_nothing_but_of_a_host_who_does_not_answer_either() {
        let start = Instant::now();
        let mut watch = Watch::new(false, None, start);
        assert_eq!(waits(watch.step(start + 20 * SECOND), start), None);
        watch.sent(start);
        assert_eq!(waits(watch.step(start), start), Some(UNCONFIRMED));
        let mut now = start + UNCONFIRMED;
        assert_eq!(watch.step(now), Step::Ask);
        watch.asked(1, now);
        assert_eq!(waits(watch.step(now), now), Some(UNHEARD));
        watch.heard(now + UNHEARD);
        assert_eq!(waits(watch.step(now + UNHEARD), start), None, "whatever comes is an answer");
        now = start + 10 * SECOND;
        watch.sent(now);
        watch.sent(now + UNCONFIRMED);
        assert_eq!(watch.step(now + UNCONFIRMED), Step::Ask);
        // Who was busy asks late, and does not hold that against the host.
        let late = now + 9 * SECOND;
        watch.asked(2, late);
        assert_eq!(waits(watch.step(late), late), Some(UNHEARD));
        assert_eq!(watch.step(late + UNHEARD), Step::Knock(Why::Doubt));
    }

    #[test]
    fn who_has_moved_asks_and_knocks_again_when_there_is_no_answer() {
        for is_quic in [true, false] {
            let start = Instant::now();
            let mut watch = Watch::new(is_quic, None, start);
            watch.moved(start);
            assert_eq!(watch.step(start), Step::Ask);
            watch.asked(7, start);
            // What was on its way before is no answer.
            watch.heard(start);
            watch.answered(6, start);
            assert_eq!(waits(watch.step(start), start), Some(UNANSWERED));
            assert_eq!(watch.step(start + UNANSWERED), Step::Knock(Why::Doubt));
            watch.answered(7, start + UNANSWERED);
            assert!(!watch.is_in_doubt(start + UNANSWERED));
        }
    }

    #[test]
    fn attempts_in_vain_become_rarer_until_the_machine_moves() {
        let start = Instant::now();
        let mut returning = Returning::default();
        let mut watch = Watch::new(true, None, start);
        let mut now = start + SILENT;
        for wait in [1, 2, 4, 8, 8] {
            assert_eq!(watch.step(now), Step::Knock(Why::Doubt));
            watch.failed(Why::Doubt, &mut returning, now);
            assert_eq!(waits(watch.step(now), now), Some(wait * SECOND));
            now += wait * SECOND;
        }
        watch.failed(Why::Doubt, &mut returning, now);
        watch.moved(now);
        assert_eq!(watch.step(now), Step::Ask);
        watch.asked(1, now);
        assert_eq!(watch.step(now), Step::Knock(Why::Doubt));
    }

    #[test]
    fn quic_is_tried_again_ever_less_often_and_soon_after_a_move() {
        let start = Instant::now();
        let mut returning = Returning::default();
        let mut watch = Watch::new(false, Some(&returning), start);
        let mut now = start;
        let mut wait = RETURN_FIRST;
        for _ in 0..10 {
            assert_eq!(waits(watch.step(now), now), Some(wait));
            now += wait;
            assert_eq!(watch.step(now), Step::Knock(Why::Return));
            watch.failed(Why::Return, &mut returning, now);
            wait = (wait * 2).min(RETURN_MAX);
        }
        watch.moved(now);
        assert_eq!(watch.step(now), Step::Ask);
        watch.asked(1, now);
        watch.heard(now);
        watch.answered(1, now);
        assert_eq!(waits(watch.step(now), now), Some(RETURN_FIRST));
    }

    #[test]
    fn a_quic_that_does_not_last_is_not_returned_to_as_soon() {
        let start = Instant::now();
        let mut returning = Returning::default();
        let waits_for = |returning: &Returning, now| waits(Watch::new(false, Some(returning), now).step(now), now);
        for _ in 0..2 {
            returning.left(start);
            assert_eq!(waits_for(&returning, start), Some(RETURN_FIRST), "however often TLS is made anew");
        }
        returning.made(start);
        returning.left(start + RETURN_FIRST + SILENT);
        assert_eq!(waits_for(&returning, start), Some(2 * RETURN_FIRST), "it was dead, and that was not seen at once");
        returning.made(start);
        returning.left(start + 3 * RETURN_FIRST + limits::QUIC_SILENCE);
        assert_eq!(waits_for(&returning, start), Some(RETURN_FIRST), "it did");
    }
}

//! Which attempt to begin when, and what to make of those that failed: a decision without a clock or a socket.
//!
//! QUIC and TLS race to every address of a host, each a little after the one before it or as soon as one has failed. The
//! first to complete its handshake has won. All of them expect the same key, so blocked UDP may slow a join down and can
//! never weaken it. A wrong key is sticky: unless another attempt finds the right one, it is what the join ends with.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use crate::{
    transport::{Error, Kind, Place},
    wire::limits,
};

/// Head start of one attempt before the next, towards addresses nearby. RFC 8305, section 8, names it as the least.
const NEARBY: Duration = Duration::from_millis(100);

/// Head start elsewhere: the default of RFC 8305, section 8.
const ELSEWHERE: Duration = Duration::from_millis(250);

/// How long the others may go on when one attempt has met a wrong key.
const AFTER_A_WRONG_KEY: Duration = Duration::from_secs(2);

/// How long the last ones may go on when all have begun and one was turned away. QUIC hears nothing from a closed port;
/// over an open one, this is enough for its first packet to be lost twice.
const AFTER_A_NO: Duration = Duration::from_secs(3);

/// One way to one address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Attempt {
    /// Over what.
    pub(super) kind: Kind,
    /// Where to.
    pub(super) place: Place,
}

/// What to do next.
#[derive(Debug)]
pub(super) enum Step {
    /// Begin this attempt, and ask again.
    Begin(Attempt),
    /// Nothing before then, unless an attempt ends.
    WaitUntil(Instant),
    /// No attempt is left, or no time: this is why.
    GiveUp(Error),
}

/// A race of attempts.
#[derive(Debug)]
pub(super) struct Race {
    /// What was not begun, in order.
    ahead: std::vec::IntoIter<Attempt>,
    /// What is not made to wait for the others.
    worked: Option<Kind>,
    running: usize,
    /// When the next may begin though others run.
    next: Instant,
    deadline: Instant,
    failure: Option<Error>,
}

impl Race {
    /// A race over `kinds` to each of `places`, in that order, which starts `now`. The others have no head start before
    /// the kind that `worked` the last time, if one did; they are tried as well, for networks differ.
    pub(super) fn new(places: &[Place], kinds: &[Kind], worked: Option<Kind>, now: Instant) -> Self {
        let attempts: Vec<_> = interleave(places)
            .flat_map(|place| kinds.iter().map(move |&kind| Attempt { kind, place: place.clone() }))
            .collect();
        let deadline = now + limits::DIAL;
        // What is not tried now has nothing to say about what is.
        let worked = worked.filter(|kind| kinds.contains(kind));
        Self { ahead: attempts.into_iter(), worked, running: 0, next: now, deadline, failure: None }
    }

    /// What to do at `now`.
    pub(super) fn step(&mut self, now: Instant) -> Step {
        if now >= self.deadline || (self.running == 0 && self.ahead.as_slice().is_empty()) {
            return Step::GiveUp(self.failure.take().unwrap_or(Error::TimedOut));
        }
        let may_begin = now >= self.next || self.running == 0;
        match self.ahead.as_slice() {
            [attempt, ..] if may_begin => {
                let attempt = attempt.clone();
                self.ahead.next();
                self.running += 1;
                self.next = now
                    + match self.worked {
                        Some(worked) if worked != attempt.kind => Duration::ZERO,
                        _ if is_nearby(&attempt.place) => NEARBY,
                        _ => ELSEWHERE,
                    };
                Step::Begin(attempt)
            }
            [] => Step::WaitUntil(self.deadline),
            _ => Step::WaitUntil(self.next.min(self.deadline)),
        }
    }

    /// An attempt has failed at `now`: the next one begins at once.
    pub(super) fn failed(&mut self, error: Error, now: Instant) {
        self.running -= 1;
        self.next = now;
        if error.is_about_identity() {
            self.deadline = self.deadline.min(now + AFTER_A_WRONG_KEY);
        } else if self.ahead.as_slice().is_empty() && !matches!(error, Error::TimedOut) {
            self.deadline = self.deadline.min(now + AFTER_A_NO);
        }
        if self.failure.as_ref().is_none_or(|known| weight(&error) > weight(known)) {
            self.failure = Some(error);
        }
    }
}

/// How much a failure says. Of several, the one that says most is told; a wrong key is never hidden by another.
fn weight(error: &Error) -> u8 {
    match error {
        Error::IdentityMismatch { .. } => 7,
        Error::IdentityUnproven { .. } => 6,
        Error::IdentityRefused => 5,
        Error::Closed { .. } => 4,
        Error::WrongProtocol(_) => 3,
        Error::Unreachable(_) => 2,
        Error::TimedOut => 1,
        Error::Io(_) | Error::IdentityUnknown { .. } | Error::IdentityImpossible => 0,
    }
}

/// Addresses of both families in turn, beginning with that of the first: one dead family costs one head start. What family a
/// name has, nobody here knows.
fn interleave(places: &[Place]) -> impl Iterator<Item = &Place> {
    let is_v6 = |place: &Place| matches!(place, Place::Socket(address) if address.is_ipv6());
    let first_is_v6 = places.first().is_some_and(is_v6);
    let (first, second): (Vec<_>, Vec<_>) = places.iter().partition(|place| is_v6(place) == first_is_v6);
    let rounds = first.len().max(second.len());
    (0..rounds).flat_map(move |round| [first.get(round).copied(), second.get(round).copied()]).flatten()
}

/// Whether a place is on this machine or its own network.
fn is_nearby(place: &Place) -> bool {
    let Place::Socket(address) = place else { return false };
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::identity::Fingerprint;

    const BOTH: [Kind; 2] = [Kind::Quic, Kind::Tls];

    fn at(text: &str) -> Place {
        Place::Socket(text.parse().unwrap())
    }

    fn begun(step: Step) -> (Kind, Place) {
        match step {
            Step::Begin(attempt) => (attempt.kind, attempt.place),
            other => panic!("expected an attempt to begin, got {other:?}"),
        }
    }

    fn waits(step: Step, start: Instant) -> Duration {
        match step {
            Step::WaitUntil(then) => then - start,
            other => panic!("expected to wait, got {other:?}"),
        }
    }

    fn gives_up(step: Step) -> Error {
        match step {
            Step::GiveUp(error) => error,
            other => panic!("expected to give up, got {other:?}"),
        }
    }

    fn mismatch() -> Error {
        Error::IdentityMismatch { expected: Fingerprint::from_bytes([1; 32]), found: Fingerprint::from_bytes([2; 32]) }
    }

    fn unreachable() -> Error {
        Error::Unreachable(io::ErrorKind::ConnectionRefused.into())
    }

    #[test]
    fn tls_begins_after_a_head_start_that_depends_on_the_distance() {
        for (address, head_start) in [
            ("192.168.1.20:7275", NEARBY),
            ("[::1]:7275", NEARBY),
            ("[fe80::1]:1", NEARBY),
            ("203.0.113.9:7275", ELSEWHERE),
        ] {
            let start = Instant::now();
            let mut race = Race::new(&[at(address)], &BOTH, None, start);
            assert_eq!(begun(race.step(start)).0, Kind::Quic);
            assert_eq!(waits(race.step(start), start), head_start, "{address}");
            assert_eq!(begun(race.step(start + head_start)).0, Kind::Tls);
            assert_eq!(waits(race.step(start + head_start), start), limits::DIAL);
        }
    }

    /// A network that blocks UDP made every join wait.
    /// All addresses began at once, and all but one handshake was thrown away.
    #[test]
    fn what_worked_and_is_not_tried_now_takes_no_head_start_away() {
        let start = Instant::now();
        let places = [at("192.168.1.20:7275"), at("192.168.1.21:7275")];
        let mut race = Race::new(&places, &[Kind::Tls], Some(Kind::Quic), start);
        assert!(matches!(race.step(start), Step::Begin(_)));
        assert!(matches!(race.step(start), Step::WaitUntil(then) if then == start + NEARBY));
    }

    #[test]
    fn what_worked_the_last_time_is_not_made_to_wait() {
        let start = Instant::now();
        for (worked, wait) in [(Kind::Tls, Duration::ZERO), (Kind::Quic, NEARBY)] {
            let mut race = Race::new(&[at("192.168.1.20:7275")], &BOTH, Some(worked), start);
            assert_eq!(begun(race.step(start)).0, Kind::Quic, "it is tried all the same");
            if !wait.is_zero() {
                assert_eq!(waits(race.step(start), start), wait);
            }
            assert_eq!(begun(race.step(start + wait)).0, Kind::Tls);
            assert_eq!(waits(race.step(start + wait), start), limits::DIAL);
        }
    }

    #[test]
    fn a_failure_begins_the_next_attempt_at_once() {
        let start = Instant::now();
        let mut race = Race::new(&[at("192.168.1.20:7275")], &BOTH, None, start);
        race.step(start);
        let soon = start + Duration::from_millis(4);
        race.failed(unreachable(), soon);
        assert_eq!(begun(race.step(soon)).0, Kind::Tls);
        race.failed(Error::TimedOut, soon);
        assert!(matches!(gives_up(race.step(soon)), Error::Unreachable(_)), "the more telling failure is told");
    }

    #[test]
    fn a_mismatch_is_never_hidden_by_another_failure() {
        for order in [[mismatch(), unreachable()], [unreachable(), mismatch()]] {
            let start = Instant::now();
            let mut race = Race::new(&[at("192.168.1.20:7275")], &BOTH, None, start);
            for error in order {
                race.step(start);
                race.failed(error, start);
            }
            assert!(matches!(gives_up(race.step(start)), Error::IdentityMismatch { .. }));
        }
    }

    #[test]
    fn after_a_mismatch_the_others_have_little_time_left() {
        let start = Instant::now();
        let mut race = Race::new(&[at("192.168.1.20:7275")], &BOTH, None, start);
        race.step(start);
        race.step(start + NEARBY);
        race.failed(mismatch(), start + NEARBY);
        let end = NEARBY + AFTER_A_WRONG_KEY;
        assert_eq!(waits(race.step(start + NEARBY), start), end);
        assert!(matches!(gives_up(race.step(start + end)), Error::IdentityMismatch { .. }));
    }

    /// A plain host made who joined it wait eight seconds for QUIC before they were told.
    #[test]
    fn after_a_no_silence_is_not_waited_out() {
        let start = Instant::now();
        let mut race = Race::new(&[at("192.168.1.20:7275")], &BOTH, None, start);
        race.step(start);
        race.step(start + NEARBY);
        race.failed(Error::WrongProtocol(String::new()), start + NEARBY);
        let end = NEARBY + AFTER_A_NO;
        assert_eq!(waits(race.step(start + NEARBY), start), end);
        assert!(matches!(gives_up(race.step(start + end)), Error::WrongProtocol(_)));
    }

    #[test]
    fn the_whole_has_a_deadline() {
        let start = Instant::now();
        let mut race = Race::new(&[at("203.0.113.9:7275")], &BOTH, None, start);
        race.step(start);
        race.step(start + ELSEWHERE);
        assert!(matches!(gives_up(race.step(start + limits::DIAL)), Error::TimedOut));
    }

    #[test]
    fn families_take_turns() {
        let start = Instant::now();
        let addresses = [at("[2001:db8::1]:1"), at("[2001:db8::2]:1"), at("203.0.113.1:1")];
        let mut race = Race::new(&addresses, &[Kind::Tls], None, start);
        let order: Vec<_> = (0..3).map(|n| begun(race.step(start + ELSEWHERE * n)).1).collect();
        assert_eq!(order, [0, 2, 1].map(|index| addresses[index].clone()));
    }

    #[test]
    fn nobody_to_dial_is_no_race() {
        let now = Instant::now();
        assert!(matches!(gives_up(Race::new(&[], &BOTH, None, now).step(now)), Error::TimedOut));
    }
}

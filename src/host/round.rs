//! How fast the fan-out goes around the members: to all of them at once, or in a large and busy room to a few at a time.
//!
//! To write to a member costs the same for one entry as for twenty. So where there are many, and much is said, the fan-out goes
//! around them at a steady speed, and whatever came since it was last with somebody goes out in one write. Nobody waits for longer
//! than a turn takes. Who says something when nothing was said for as long is heard by everybody at once, however large the room;
//! in a small one, everybody always is.
//!
//! To wait for a while and then write to all would save as much, but the last of them would wait for all those writes, too.

use std::time::Duration;

use tokio::time::Instant;

use crate::room::Matter;

/// How long a turn takes for each member. A write takes some 6 µs of the host (over TLS; 12 over QUIC), so a busy room keeps it
/// writing for a third of the time, and not all of it.
const TURN: Duration = Duration::from_micros(20);

/// A turn that would be shorter takes no time: clocks here go by the millisecond.
const SHORTEST: Duration = Duration::from_millis(2);

/// The longest: nobody waits for more than a tenth of what people notice.
const LONGEST: Duration = Duration::from_millis(10);

/// Whoever is reached in this time is written to in one go. The first ones do not wait for it.
const STEP: Duration = Duration::from_millis(1);

/// Who comes and goes is told later than what is said, so many times over: where hundreds come at once, as many are told of
/// each.
const PRESENCE: u32 = 20;

/// Who is still to be told, and when. Members stand in a ring; this counts them from the front.
#[derive(Debug)]
pub(super) struct Round {
    /// So many have something ahead of them.
    owed: usize,
    /// And so many something that was said. They are the first of those.
    speech: usize,
    /// The time until then has been made use of.
    spent: Instant,
    /// The room has ended, and nobody waits for anything.
    is_over: bool,
}

/// How fast to go.
struct Pace {
    /// So many are to be told.
    owed: usize,
    /// So many of them together.
    step: usize,
    /// The time for each.
    each: Duration,
    /// The time for all members.
    turn: Duration,
}

impl Round {
    /// Of a room in which nothing was said for long.
    pub(super) fn new(now: Instant) -> Self {
        let spent = now.checked_sub(LONGEST * PRESENCE).unwrap_or(now);
        Self { owed: 0, speech: 0, spent, is_over: false }
    }

    /// There is news, for all members.
    pub(super) fn learn(&mut self, matter: Matter, members: usize, now: Instant) {
        let is_begun = match matter {
            Matter::Nothing => return,
            Matter::Presence => self.owed > 0,
            Matter::Speech | Matter::End => self.speech > 0,
        };
        self.owed = members;
        if matter > Matter::Presence {
            self.speech = members;
        }
        self.is_over |= matter == Matter::End;
        let Pace { step, each, turn, .. } = self.pace(members);
        let idle = now.saturating_duration_since(self.spent);
        if !is_begun && idle < turn {
            self.spent = now - idle.min(each * step as u32);
        }
    }

    /// Whether somebody is still to be told of something that was said. That more is said changes nothing then.
    pub(super) fn has_speech(&self) -> bool {
        self.speech > 0
    }

    /// When to go on, if there is anybody to be told.
    pub(super) fn due(&self, members: usize) -> Option<Instant> {
        let Pace { owed, step, each, .. } = self.pace(members);
        (owed > 0).then(|| self.spent + each * owed.min(step) as u32)
    }

    /// How many are to be told now. They are counted as told.
    pub(super) fn take(&mut self, members: usize, now: Instant) -> usize {
        let Pace { owed, step, each, .. } = self.pace(members);
        let time = now.saturating_duration_since(self.spent).min(each * members as u32);
        let count = match time.as_nanos().checked_div(each.as_nanos()) {
            Some(reached) => owed.min(reached as usize),
            None => owed,
        };
        if count < owed.min(step) {
            return 0;
        }
        self.spent = now - time + each * count as u32;
        self.owed = self.owed.min(members) - count;
        self.speech = self.speech.min(members).saturating_sub(count);
        count
    }

    fn pace(&self, members: usize) -> Pace {
        let (owed, times) = if self.speech > 0 { (self.speech, 1) } else { (self.owed, PRESENCE) };
        let turn = if self.is_over { Duration::ZERO } else { turn(members, times) };
        let steps = turn.as_micros().div_ceil((STEP * times).as_micros()).max(1);
        Pace {
            owed: owed.min(members),
            step: members.div_ceil(steps as usize),
            each: turn / members.max(1) as u32,
            turn,
        }
    }
}

/// What [`let_turns_take`] has been told.
#[cfg(feature = "bench")]
static CHOSEN: std::sync::OnceLock<Duration> = std::sync::OnceLock::new();

/// For benchmarks, which draw what a turn costs and saves: in every room of this process it takes so long, however large the room
/// is. Once and for all.
#[cfg(feature = "bench")]
pub fn let_turns_take(turn: Duration) {
    let _ = CHOSEN.set(turn);
}

/// How long a turn takes that may take so many times as long as where something was said.
fn turn(members: usize, times: u32) -> Duration {
    #[cfg(feature = "bench")]
    if let Some(turn) = CHOSEN.get() {
        return *turn * times;
    }
    let turn = (TURN * times).saturating_mul(members.try_into().unwrap_or(u32::MAX));
    if turn < SHORTEST { Duration::ZERO } else { turn.min(LONGEST * times) }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// Members in their ring, and when what they have not heard was said; and a clock of whole milliseconds.
    struct Ring {
        round: Round,
        waiting: VecDeque<Option<Instant>>,
        now: Instant,
        longest: Duration,
        writes: usize,
    }

    impl Ring {
        fn new(members: usize) -> Self {
            let now = Instant::now();
            let waiting = vec![None; members].into();
            Self { round: Round::new(now), waiting, now, longest: Duration::ZERO, writes: 0 }
        }

        /// Tells all of them something, and then whoever is due. How many have heard it.
        fn tell(&mut self, matter: Matter) -> usize {
            for waiting in &mut self.waiting {
                waiting.get_or_insert(self.now);
            }
            self.round.learn(matter, self.waiting.len(), self.now);
            self.go()
        }

        fn go(&mut self) -> usize {
            let members = self.waiting.len();
            let count = match self.round.due(members) {
                Some(due) if due <= self.now => self.round.take(members, self.now),
                _ => 0,
            };
            for _ in 0..count {
                let since = self.waiting.pop_front().flatten().expect("nobody is written to for nothing");
                self.longest = self.longest.max(self.now - since);
                self.waiting.push_back(None);
            }
            self.writes += count;
            count
        }

        fn pass(&mut self, time: Duration) -> usize {
            (0..time.as_millis())
                .map(|_| {
                    self.now += Duration::from_millis(1);
                    self.go()
                })
                .sum()
        }
    }

    #[test]
    fn who_speaks_in_the_quiet_is_heard_at_once_however_many_there_are() {
        let mut ring = Ring::new(10_000);
        for _ in 0..100 {
            assert_eq!(ring.tell(Matter::Speech), 10_000);
            ring.pass(LONGEST);
        }
    }

    #[test]
    fn among_few_nobody_ever_waits() {
        let mut ring = Ring::new(99);
        for _ in 0..10_000 {
            assert_eq!(ring.tell(Matter::Speech), 99);
        }
    }

    #[test]
    fn among_many_what_is_said_soon_after_goes_around_in_one_turn() {
        for (members, turn) in [(100, SHORTEST), (250, Duration::from_millis(5)), (500, LONGEST), (5_000, LONGEST)] {
            let mut ring = Ring::new(members);
            assert_eq!(ring.tell(Matter::Speech), members);
            ring.pass(turn - STEP);
            let first = ring.tell(Matter::Speech);
            assert!(first > 0 && first <= members / 2, "{first} of {members}");
            // What comes meanwhile is told with it.
            assert_eq!(ring.tell(Matter::Speech), 0);
            let told = first + ring.pass(turn + STEP);
            assert_eq!(told, members + first, "and the first ones again");
            assert!(ring.longest <= turn, "{members} members: {:?}", ring.longest);
            assert_eq!(ring.pass(LONGEST * 10), 0);
        }
    }

    #[test]
    fn nobody_waits_for_longer_than_a_turn_however_fast_the_others_are() {
        let mut ring = Ring::new(1_000);
        for _ in 0..500 {
            for _ in 0..10 {
                ring.tell(Matter::Speech);
            }
            ring.pass(STEP);
        }
        assert!(ring.longest <= LONGEST, "{:?}", ring.longest);
        let most = 1_000 * (500 / 10 + 2);
        assert!(ring.writes <= most, "{}", ring.writes);
    }

    #[test]
    fn who_comes_in_a_crowd_is_told_of_later_or_with_what_is_said() {
        let mut ring = Ring::new(1_000);
        assert_eq!(ring.tell(Matter::Presence), 1_000, "who comes alone is told of at once");
        for _ in 0..100 {
            ring.tell(Matter::Presence);
            ring.pass(STEP);
        }
        assert!(ring.writes <= 1_600, "half a turn: {}", ring.writes);
        ring.tell(Matter::Speech);
        ring.pass(LONGEST);
        assert!(ring.waiting.iter().all(Option::is_none), "all that was left is told with it");
        let before = ring.writes;
        ring.tell(Matter::Presence);
        ring.pass(LONGEST * PRESENCE);
        assert_eq!(ring.writes, before + 1_000);
        assert!(ring.longest <= LONGEST * PRESENCE, "{:?}", ring.longest);
    }

    /// Of a hundred who came at once, each was told to all who were there by then: five thousand writes.
    #[test]
    fn of_a_crowd_that_comes_into_a_small_room_not_each_is_told_to_all() {
        let mut ring = Ring::new(1);
        for _ in 1..100 {
            ring.waiting.push_back(None);
            ring.tell(Matter::Presence);
        }
        assert!(ring.writes <= 200, "{}", ring.writes);
        ring.pass(TURN * PRESENCE * 100);
        assert!(ring.waiting.iter().all(Option::is_none));
        // Who speaks is heard at once all the same.
        ring.tell(Matter::Presence);
        ring.waiting.drain(50..);
        assert_eq!(ring.tell(Matter::Speech), 50);
    }

    #[test]
    fn the_end_does_not_wait_and_takes_along_what_does() {
        let mut ring = Ring::new(1_000);
        ring.tell(Matter::Speech);
        assert!(ring.tell(Matter::Speech) < 1_000);
        ring.tell(Matter::End);
        assert!(ring.waiting.iter().all(Option::is_none));
    }

    #[test]
    fn who_leaves_meanwhile_is_not_waited_for() {
        let mut ring = Ring::new(1_000);
        ring.tell(Matter::Speech);
        ring.tell(Matter::Speech);
        ring.waiting.drain(1..);
        ring.pass(LONGEST);
        assert!(ring.waiting.iter().all(Option::is_none) && !ring.round.has_speech());
        ring.waiting.clear();
        ring.round.learn(Matter::Speech, 1, ring.now);
        assert_eq!(ring.pass(LONGEST), 0);
    }
}

//! How fast the fan-out goes around the members: to all of them at once, or where much is said in a large room, to a few at a time.
//!
//! To write to a member costs the same for one entry as for twenty. So where there are many, the fan-out goes around them at a
//! steady speed, and whatever came since it was last with somebody goes out in one write. Who says something after a quiet turn is
//! heard by everybody at once, however large the room; in one of fewer than a hundred, everybody always is. Who comes and goes is
//! told in the same way, but it may take longer.
//!
//! To wait for a while and then write to all would save as much, but the last of them would wait for all those writes, too.

use std::time::Duration;

use tokio::time::Instant;

use crate::room::Matter;

/// How long a turn takes for each member. A write takes some 6 µs of the host over TLS, and 12 over QUIC: where much is said to
/// five hundred, it writes for a third of the time over TLS, and half of it over QUIC.
const EACH: Duration = Duration::from_micros(20);

/// A turn that would be shorter takes no time: clocks here go by the millisecond.
const SHORTEST: Duration = Duration::from_millis(2);

/// The longest. With what a clock of milliseconds may be late, nobody waits for more than 10 ms, a tenth of what people notice.
const LONGEST: Duration = Duration::from_millis(9);

/// Whoever is reached in this time is written to in one go.
const STEP: Duration = Duration::from_millis(1);

/// Who comes and goes may wait so many times as long, in steps that are as much longer: where hundreds come at once, as many are
/// told of each.
const PRESENCE: u32 = 20;

/// Who is still to be told, and when. Members stand in a ring; this counts them from the front.
#[derive(Debug)]
pub(super) struct Round {
    /// So many have something ahead of them, at most: some may have left.
    owed: usize,
    /// The first of those, so many at most, have something ahead that was said.
    speech: usize,
    /// The time until then has been made use of.
    spent: Instant,
    /// When somebody was written to last.
    written: Instant,
    /// The room has ended, and nobody waits for anything.
    is_over: bool,
}

/// How fast to go.
struct Speed {
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
        let long_ago = now.checked_sub(LONGEST * PRESENCE).unwrap_or(now);
        Self { owed: 0, speech: 0, spent: long_ago, written: long_ago, is_over: false }
    }

    /// There is news, for all members.
    pub(super) fn learn(&mut self, matter: Matter, members: usize, now: Instant) {
        let is_under_way = match matter {
            Matter::Nothing => return,
            Matter::Presence => self.owed > 0,
            Matter::Speech | Matter::End => self.speech > 0,
        };
        self.owed = members;
        self.speech = if matter == Matter::Presence { self.speech.min(members) } else { members };
        self.is_over |= matter == Matter::End;
        let Speed { step, each, turn, .. } = self.speed(members);
        let idle = now.saturating_duration_since(self.spent.max(self.written));
        if !is_under_way && idle < turn {
            self.spent = now - idle.min(each * step as u32);
        }
    }

    /// Whether somebody is still to be told of something that was said. That more is said changes nothing then.
    pub(super) fn has_speech(&self) -> bool {
        self.speech > 0
    }

    /// When to go on, if there is anybody to be told.
    pub(super) fn due(&self, members: usize) -> Option<Instant> {
        let Speed { owed, step, each, .. } = self.speed(members);
        (owed > 0).then(|| self.spent + each * owed.min(step) as u32)
    }

    /// How many are to be told now. They are counted as told.
    pub(super) fn take(&mut self, members: usize, now: Instant) -> usize {
        let Speed { owed, step, each, .. } = self.speed(members);
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

    /// Those who were to be told have been written to by now.
    pub(super) fn wrote(&mut self, now: Instant) {
        self.written = now;
    }

    fn speed(&self, members: usize) -> Speed {
        let (owed, times) = if self.speech > 0 { (self.speech, 1) } else { (self.owed, PRESENCE) };
        let turn = if self.is_over { Duration::ZERO } else { turn(members, times) };
        let steps = turn.as_micros().div_ceil((STEP * times).as_micros()).max(1);
        Speed {
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

/// How long a turn takes, for what may wait so many times as long as what is said.
fn turn(members: usize, times: u32) -> Duration {
    #[cfg(feature = "bench")]
    if let Some(turn) = CHOSEN.get() {
        return *turn * times;
    }
    let turn = (EACH * times).saturating_mul(members.try_into().unwrap_or(u32::MAX));
    if turn < SHORTEST { Duration::ZERO } else { turn.min(LONGEST * times) }
}

#[cfg(test)]
mod tests {
    use std::{collections::VecDeque, mem};

    use super::*;

    /// Members in their ring, and when what they have not heard was said; and a clock of whole milliseconds, which is late.
    struct Ring {
        round: Round,
        matter: Matter,
        waiting: VecDeque<Option<Instant>>,
        begun: Instant,
        now: Instant,
        longest: Duration,
        writes: usize,
    }

    impl Ring {
        fn new(members: usize) -> Self {
            let now = Instant::now();
            let (round, waiting) = (Round::new(now), vec![None; members].into());
            Self { round, matter: Matter::Nothing, waiting, begun: now, now, longest: Duration::ZERO, writes: 0 }
        }

        /// Tells all of them something, and then whoever is due. How many have heard it.
        fn tell(&mut self, matter: Matter) -> usize {
            for waiting in &mut self.waiting {
                waiting.get_or_insert(self.now);
            }
            self.matter = self.matter.max(matter);
            // As the fan-out does, which does not hear of more while it is to go around anyway.
            if self.round.has_speech() { 0 } else { self.go() }
        }

        fn go(&mut self) -> usize {
            let members = self.waiting.len();
            self.round.learn(mem::replace(&mut self.matter, Matter::Nothing), members, self.now);
            let count = match self.round.due(members) {
                Some(due) if due <= self.now => self.round.take(members, self.now),
                _ => 0,
            };
            for _ in 0..count {
                let since = self.waiting.pop_front().flatten();
                self.longest = self.longest.max(since.map_or(Duration::ZERO, |since| self.now - since));
                self.waiting.push_back(None);
            }
            if count > 0 {
                self.round.wrote(self.now);
            }
            self.writes += count;
            count
        }

        fn pass(&mut self, time: Duration) -> usize {
            let end = self.now + time;
            let mut told = 0;
            while let Some(due) = self.round.due(self.waiting.len()) {
                let ms = (due.max(self.now) - self.begun).as_nanos().div_ceil(1_000_000);
                let fires = self.begun + Duration::from_millis(ms as u64);
                if fires > end {
                    break;
                }
                self.now = fires;
                told += self.go();
            }
            self.now = end;
            told
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
        for _ in 0..5_000 {
            ring.tell(Matter::Speech);
            ring.pass(Duration::from_micros(137));
        }
        assert!(ring.longest <= Duration::from_millis(10), "{:?}", ring.longest);
        let turns = (ring.now - ring.begun).as_millis() as usize / 9;
        assert!(ring.writes <= 1_000 * (turns + 2), "{}", ring.writes);
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
        ring.pass(EACH * PRESENCE * 100);
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
        ring.pass(STEP * 2);
        assert!(ring.waiting.iter().all(Option::is_none));
        ring.tell(Matter::Presence);
        ring.tell(Matter::End);
        assert!(ring.waiting.iter().all(Option::is_none));
    }

    /// Each write took longer than the time for it, and as soon as all were told, everybody was told of the next thing at once.
    #[test]
    fn where_writing_takes_longer_than_a_turn_there_is_no_quiet_after_it() {
        let mut ring = Ring::new(1_000);
        assert_eq!(ring.tell(Matter::Speech), 1_000);
        ring.now += LONGEST * 2;
        ring.round.wrote(ring.now);
        assert!(ring.tell(Matter::Speech) < 1_000);
    }

    #[test]
    fn whoever_leaves_and_comes_meanwhile_nobody_is_left_out_or_waited_for() {
        let mut ring = Ring::new(1_000);
        ring.tell(Matter::Speech);
        ring.tell(Matter::Speech);
        ring.pass(STEP * 3);
        ring.waiting.drain(300..);
        ring.tell(Matter::Presence);
        ring.waiting.extend(vec![None; 500]);
        ring.pass(LONGEST * PRESENCE);
        assert!(ring.waiting.iter().all(Option::is_none) && !ring.round.has_speech());
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

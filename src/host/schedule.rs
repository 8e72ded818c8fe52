//! When each member is written to: at once, or where much is said in a large room, a few milliseconds later.
//!
//! To write to a member costs the same for one entry as for twenty. So where there are many members and much is said, whoever has
//! heard everything is not written to as soon as there is more, but shortly before that has waited for too long, and whatever
//! else comes meanwhile goes out in the same write. Who speaks after a lull is heard by everybody at once, however large the room;
//! in one of fewer than a hundred, everybody always is. Who comes and goes is told in the same way, but it may take longer.

use std::{collections::VecDeque, mem, time::Duration};

use tokio::time::Instant;

use crate::room::Matter;

/// What is said may wait so long for each member that is there,
const PATIENCE: Duration = Duration::from_micros(20);

/// not at all where that is shorter than this, for the clocks of some systems go by the millisecond,
const SHORTEST: Duration = Duration::from_millis(2);

/// and no longer than this. Where there is only such a clock, it may be one or two late; people notice some 100.
const LONGEST: Duration = Duration::from_micros(8_500);

/// Who comes and goes may wait so many times as long: where hundreds come at once, as many are told of each.
const PRESENCE: u32 = 22;

/// When so much has come, nobody waits for more: of a write's cost, each has a small share already.
const PLENTY: u64 = 64;

/// When nothing has come, and nothing was written, for so many times as long as it might wait, nothing more is expected: what
/// comes now is told at once.
const LULL: u32 = 2;

/// A group joins the one in front of it if it may wait for longer by this part of the wait at most; and whoever is due within so much of
/// it is written to now, together with those who are due: each beginning costs as much as a write or two.
const NEAR: u32 = 8;

/// How long it takes to write to a member: some 6 to 8 µs of the processor over plain TCP and TLS, and 14 over QUIC (500 members).
/// Writing begins so much earlier for each who stands behind, but not in the first third of the time there is.
const EACH: Duration = Duration::from_micros(10);

/// So many are written to in one go, for a millisecond, before it is seen whether there is more.
const TOGETHER: usize = 100;

/// Who is still to be told, and by when.
///
/// Members stand in a row, in front who was written to longest ago. Their places are counted from there.
#[derive(Debug)]
pub(super) struct Schedule {
    /// The first of them, who have something ahead. No group waits for longer than one behind it.
    owed: VecDeque<Group>,
    /// So many others stand behind those, and have nothing ahead.
    told: usize,
    /// The number after that of the last entry there is news of.
    head: u64,
    /// When something was last said.
    spoken: Instant,
    /// When there was any news last.
    learned: Instant,
    /// When somebody was last written to.
    written: Instant,
}

/// Members who may wait for equally long.
#[derive(Debug)]
struct Group {
    members: usize,
    until: Instant,
    /// The number of the first entry that they have ahead.
    first: u64,
}

impl Schedule {
    /// Of a room in which nobody is, and in which there was no news for long, of entries before `head`.
    pub(super) fn new(head: u64, now: Instant) -> Self {
        let long_ago = before(now, LONGEST * PRESENCE * LULL);
        Self { owed: VecDeque::new(), told: 0, head, spoken: long_ago, learned: long_ago, written: long_ago }
    }

    /// One more stands in the last place, and has nothing ahead.
    pub(super) fn join(&mut self) {
        self.told += 1;
    }

    /// The one in this place is gone.
    pub(super) fn leave(&mut self, mut place: usize) {
        for group in &mut self.owed {
            if place < group.members {
                group.members -= 1;
                return;
            }
            place -= group.members;
        }
        self.told -= 1;
    }

    /// There is news for all of them, of entries before `head`.
    pub(super) fn learn(&mut self, matter: Matter, head: u64, now: Instant) {
        let (times, last) = match matter {
            Matter::Nothing => return,
            Matter::Presence => (PRESENCE, self.learned),
            Matter::Speech | Matter::End => (1, mem::replace(&mut self.spoken, now)),
        };
        self.learned = now;
        let first = mem::replace(&mut self.head, head);
        let patience = patience(self.members(), times);
        let is_lull = now.saturating_duration_since(last.max(self.written)) >= patience * LULL;
        let until = if is_lull || matter == Matter::End { now } else { now + patience };
        for group in &mut self.owed {
            let is_plenty = matter == Matter::Speech && head - group.first >= PLENTY;
            group.until = group.until.min(if is_plenty { now } else { until });
        }
        let members = mem::take(&mut self.told);
        match self.owed.back_mut() {
            Some(last) if until.saturating_duration_since(last.until) <= patience / NEAR => last.members += members,
            _ if members > 0 => self.owed.push_back(Group { members, until, first }),
            _ => {}
        }
    }

    /// When to write to the next, if there is anybody who has something ahead: in time for who stands behind, too.
    pub(super) fn due(&self) -> Option<Instant> {
        self.times().last().map(|(_, start, _)| start)
    }

    /// How many from the front are to be written to now, or nearly so. They no longer stand there; who goes on is to [join](Self::join).
    pub(super) fn take(&mut self, now: Instant) -> usize {
        let (each, soon) = (self.each().as_nanos(), now + patience(self.members(), 1) / NEAR);
        let mut due = self.owing();
        for (members, _, end) in self.times() {
            // All whose time to begin is after `soon`.
            let can_wait = end.saturating_duration_since(soon).as_nanos().saturating_sub(1) / each;
            let can_wait = members.min(can_wait as usize);
            due -= can_wait;
            if can_wait < members {
                break;
            }
        }
        let count = due.min(TOGETHER);
        let mut left = count;
        while let Some(group) = self.owed.front_mut() {
            let taken = left.min(group.members);
            group.members -= taken;
            left -= taken;
            if group.members > 0 {
                break;
            }
            self.owed.pop_front();
        }
        count
    }

    /// So many have been written to by now.
    pub(super) fn wrote(&mut self, count: usize, now: Instant) {
        if count > 0 {
            self.written = now;
        }
    }

    fn members(&self) -> usize {
        self.owing() + self.told
    }

    fn owing(&self) -> usize {
        self.owed.iter().map(|group| group.members).sum()
    }

    /// How long it is to take to write to a member.
    fn each(&self) -> Duration {
        let members = self.members();
        let most = patience(members, 1) * 2 / 3 / members.max(1) as u32;
        most.clamp(Duration::from_nanos(1), EACH)
    }

    /// Of each group, the last one first: how many they are, and from when until when to write to them.
    fn times(&self) -> impl Iterator<Item = (usize, Instant, Instant)> {
        let each = self.each();
        self.owed.iter().rev().scan(None, move |next, group| {
            let end = next.map_or(group.until, |next| group.until.min(next));
            let start = before(end, each * group.members as u32);
            *next = Some(start);
            Some((group.members, start, end))
        })
    }
}

fn before(instant: Instant, time: Duration) -> Instant {
    instant.checked_sub(time).unwrap_or(instant)
}

/// What [`let_news_wait`] has been told.
#[cfg(feature = "bench")]
static CHOSEN: std::sync::OnceLock<Duration> = std::sync::OnceLock::new();

/// For benchmarks, which draw what it costs and saves to wait: in every room of this process what is said waits for so long,
/// however large the room is. Once and for all.
#[cfg(feature = "bench")]
pub fn let_news_wait(time: Duration) {
    let _ = CHOSEN.set(time);
}

/// For how long something may wait that may wait so many times as long as what is said.
fn patience(members: usize, times: u32) -> Duration {
    #[cfg(feature = "bench")]
    if let Some(time) = CHOSEN.get() {
        return *time * times;
    }
    let time = (PATIENCE * times).saturating_mul(members.try_into().unwrap_or(u32::MAX));
    if time < SHORTEST { Duration::ZERO } else { time.min(LONGEST * times) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the clock here may be late.
    const LATE: Duration = Duration::from_millis(1);

    /// What a write takes here.
    const WRITE: Duration = Duration::from_micros(8);

    /// Members in their row, and when what they have ahead came; and a clock of whole milliseconds, which is late.
    struct Row {
        schedule: Schedule,
        waiting: VecDeque<Option<Instant>>,
        begun: Instant,
        now: Instant,
        longest: Duration,
        writes: usize,
    }

    /// What nobody is to wait longer than: the wait, what the clock is late, and what it takes longer to write to all than there is
    /// time for.
    fn bound(members: usize, patience: Duration) -> Duration {
        let ahead = (EACH * members as u32).min(patience * 2 / 3);
        patience + LATE + (WRITE * members as u32).saturating_sub(ahead)
    }

    impl Row {
        fn new(members: usize) -> Self {
            let now = Instant::now();
            let schedule = Schedule::new(1, now);
            let mut row =
                Self { schedule, waiting: VecDeque::new(), begun: now, now, longest: Duration::ZERO, writes: 0 };
            row.join(members);
            row
        }

        fn join(&mut self, members: usize) {
            for _ in 0..members {
                self.waiting.push_back(None);
                self.schedule.join();
            }
        }

        fn leave(&mut self, place: usize) {
            self.waiting.remove(place);
            self.schedule.leave(place);
        }

        /// Tells all of them something, and then whoever is due. How many were written to.
        fn tell(&mut self, matter: Matter) -> usize {
            for waiting in &mut self.waiting {
                waiting.get_or_insert(self.now);
            }
            self.schedule.learn(matter, self.schedule.head + 1, self.now);
            self.go()
        }

        /// Writes to whoever is due.
        fn go(&mut self) -> usize {
            let before = self.writes;
            while self.schedule.due().is_some_and(|due| due <= self.now) {
                let count = self.schedule.take(self.now);
                assert!(self.waiting.is_empty() || (1..=TOGETHER).contains(&count));
                for _ in 0..count {
                    let since = self.waiting.pop_front().unwrap().expect("nobody is written to for nothing");
                    self.longest = self.longest.max(self.now - since);
                    self.now += WRITE;
                }
                self.join(count);
                self.schedule.wrote(count, self.now);
                self.writes += count;
            }
            self.writes - before
        }

        fn pass(&mut self, time: Duration) -> usize {
            let (end, before) = (self.now + time, self.writes);
            while let Some(due) = self.schedule.due() {
                let ms = (due.max(self.now) - self.begun).as_nanos().div_ceil(1_000_000);
                let fires = self.begun + Duration::from_millis(ms as u64);
                if fires > end {
                    break;
                }
                self.now = fires;
                self.go();
            }
            self.now = self.now.max(end);
            self.writes - before
        }

        fn is_told(&self) -> bool {
            self.waiting.iter().all(Option::is_none) && self.schedule.due().is_none()
        }
    }

    #[test]
    fn who_speaks_after_a_lull_is_heard_at_once_however_many_there_are() {
        let mut row = Row::new(10_000);
        for _ in 0..100 {
            assert_eq!(row.tell(Matter::Speech), 10_000);
            row.pass(LONGEST * LULL);
        }
    }

    #[test]
    fn among_few_nobody_ever_waits() {
        let mut row = Row::new(99);
        for _ in 0..10_000 {
            assert_eq!(row.tell(Matter::Speech), 99);
        }
    }

    #[test]
    fn among_many_what_is_said_soon_after_goes_out_in_one_write_and_in_time() {
        for (members, patience) in [(100, SHORTEST), (250, Duration::from_millis(5)), (500, LONGEST), (1_000, LONGEST)]
        {
            let mut row = Row::new(members);
            assert_eq!(row.tell(Matter::Speech), members);
            row.pass(patience);
            assert_eq!(row.tell(Matter::Speech), 0);
            for _ in 0..10 {
                row.tell(Matter::Speech);
            }
            assert!(row.pass(bound(members, patience)) <= members);
            assert!(row.is_told() && row.longest <= bound(members, patience), "{members}: {:?}", row.longest);
        }
    }

    /// Where each who has heard everything waits for 8.5 ms from what comes then, a write takes along 1 + λ · 8.5 ms, and a little less
    /// for those who are written to sooner.
    #[test]
    fn at_200_a_second_a_write_takes_along_two() {
        let mut row = Row::new(500);
        let mut chance = fastrand::Rng::with_seed(1);
        let mut at = row.now;
        for _ in 0..5_000 {
            at += Duration::from_secs_f64(-(1.0 - chance.f64()).ln() / 200.0);
            row.pass(at.saturating_duration_since(row.now));
            row.tell(Matter::Speech);
        }
        let writes = row.writes as f64 / 500.0 / 5_000.0;
        assert!((0.43..=0.49).contains(&writes), "{writes}");
        assert!(row.longest <= bound(500, LONGEST), "{:?}", row.longest);
    }

    #[test]
    fn nobody_waits_for_longer_or_for_more_than_plenty_however_much_is_said() {
        for gap in [5, 50, 137, 1_500] {
            let mut row = Row::new(500);
            for _ in 0..5_000 {
                row.tell(Matter::Speech);
                row.pass(Duration::from_micros(gap));
            }
            let plenty = Duration::from_micros(gap * PLENTY) + WRITE * 500;
            assert!(row.longest <= bound(500, LONGEST).min(plenty), "{gap}: {:?}", row.longest);
            let (writes, time) = (row.writes as u32 / 500, row.now - row.begun);
            let is_worth_it = 5_000 / writes >= PLENTY as u32 * 2 / 3 || time / writes >= LONGEST * 2 / 3;
            assert!(is_worth_it, "{gap}: {writes} in {time:?}");
        }
    }

    #[test]
    fn who_comes_in_a_crowd_is_told_of_later_or_with_what_is_said() {
        let mut row = Row::new(500);
        assert_eq!(row.tell(Matter::Presence), 500, "who comes alone is told of at once");
        for _ in 0..100 {
            row.tell(Matter::Presence);
            row.pass(Duration::from_millis(1));
        }
        assert_eq!(row.writes, 500);
        assert_eq!(row.tell(Matter::Speech), 500);
        assert!(row.is_told(), "all that was left is told with it");
        row.tell(Matter::Presence);
        row.tell(Matter::Speech);
        assert_eq!(row.pass(LONGEST + LATE), 500, "sooner than it would be");
        row.tell(Matter::Presence);
        assert_eq!(row.pass(LONGEST), 0);
        assert_eq!(row.pass(LONGEST * PRESENCE), 500);
        assert!(row.is_told() && row.longest <= LONGEST * PRESENCE + LATE, "{:?}", row.longest);
    }

    /// Of a hundred who came at once, each was told to all who were there by then: five thousand writes.
    #[test]
    fn of_a_crowd_that_comes_into_a_small_room_not_each_is_told_to_all() {
        let mut row = Row::new(1);
        for _ in 1..100 {
            row.join(1);
            row.tell(Matter::Presence);
        }
        assert!(row.writes <= 200, "{}", row.writes);
        row.pass(PATIENCE * PRESENCE * 100 + LATE);
        assert!(row.is_told());
        // Who speaks is heard at once all the same.
        row.tell(Matter::Presence);
        (0..50).for_each(|_| row.leave(10));
        assert_eq!(row.tell(Matter::Speech), 50);
    }

    #[test]
    fn the_end_does_not_wait_and_takes_along_what_does() {
        let mut row = Row::new(1_000);
        for matter in [Matter::Speech, Matter::Presence] {
            row.tell(Matter::Speech);
            row.tell(matter);
            assert!(!row.is_told());
            row.tell(Matter::End);
            assert!(row.is_told());
        }
    }

    /// As soon as all were told, which took longer than a lull, everybody was told of the next thing at once.
    #[test]
    fn where_writing_takes_long_there_is_no_lull_after_it() {
        let mut row = Row::new(500);
        assert_eq!(row.tell(Matter::Speech), 500);
        row.now += LONGEST * LULL;
        row.schedule.wrote(500, row.now);
        assert_eq!(row.tell(Matter::Speech), 0);
    }

    #[test]
    fn whoever_leaves_and_comes_meanwhile_nobody_is_left_out_or_waited_for() {
        let mut row = Row::new(1_000);
        row.tell(Matter::Speech);
        row.tell(Matter::Speech);
        row.pass(Duration::from_millis(2));
        assert!(!row.is_told());
        (0..900).for_each(|_| row.leave(50));
        row.tell(Matter::Presence);
        row.join(500);
        assert!(row.pass(LONGEST * PRESENCE) <= 700);
        assert!(row.is_told());
        for front in [0, 1] {
            row.tell(Matter::Speech);
            row.tell(Matter::Speech);
            while row.waiting.len() > front {
                row.leave(front);
            }
            row.pass(LONGEST + LATE);
            assert!(row.is_told());
            row.join(500);
        }
    }
}

//! When members are told that the log has grown: at once, or in a large and busy room a moment later.
//!
//! To tell everybody costs a write to each, and that costs the same for one entry as for twenty. So after everybody was told,
//! the herald rests for a time that grows with the number of members, and what comes meanwhile goes out together; and where it was
//! several things, the next one after the rest waits a moment for others. Who says something when nothing else is going on is heard
//! at once, however large the room; in a small one, everybody always is. There is one clock for the room, and it runs only while
//! something waits.

use std::{
    mem,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::Notify,
    time::{Instant, sleep_until},
};

/// How long it rests for each member. A write takes some 6 µs of the host (over TLS; 15 over QUIC), so a busy room keeps it
/// writing for a third of the time, and not all of it.
const REST: Duration = Duration::from_micros(20);

/// A rest that would be shorter is none: clocks here go by the millisecond.
const SHORTEST: Duration = Duration::from_millis(2);

/// The longest. With what a clock of milliseconds may be late, nobody waits for more than 10 ms, a tenth of what people notice.
const LONGEST: Duration = Duration::from_millis(9);

/// Where several things were just told together, the next one that is said after a rest waits for so long: a crowd that answers
/// does not do so in the same instant, and the first of it would have a write to everybody of its own.
const GATHERING: Duration = Duration::from_millis(1);

/// For so long after that it is to be expected.
const CROWDED: Duration = Duration::from_millis(50);

/// Who comes and goes is told later than what is said, so many times over: where hundreds come at once, as many are told of
/// each.
const NOTICE: u32 = 20;

/// How far the log can be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Head {
    pub(super) seq: u64,
    pub(super) is_open: bool,
}

/// Hears that there is more to read.
#[derive(Debug)]
pub struct News {
    herald: Arc<Herald>,
    /// What was heard last.
    heard: Head,
}

impl News {
    /// Waits for more, or for the end; after that for ever. Cancel-safe.
    pub async fn next(&mut self) {
        let heard = self.heard;
        self.heard = self.herald.wait_for(|head| head != heard).await;
    }

    /// What has come by now is no news any more. Whether anything had.
    pub fn catch_up(&mut self) -> bool {
        let told = self.herald.told();
        mem::replace(&mut self.heard, told) != told
    }
}

/// Tells every cursor how far it can read.
#[derive(Debug)]
pub(super) struct Herald {
    /// In one word, since members who have nothing to read ask for no more than this.
    told: AtomicU64,
    changed: Notify,
    /// For who waits for the end alone: nothing else wakes them.
    closed: Notify,
    state: Mutex<State>,
    /// Where the clock runs. Without, nobody waits.
    runtime: Option<Handle>,
}

#[derive(Debug)]
struct State {
    /// When everybody was told.
    last: Option<Instant>,
    /// When several things were told together.
    crowded: Option<Instant>,
    waiting: Option<Waiting>,
}

/// What is to be told.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    head: Head,
    due: Instant,
}

impl Head {
    fn word(self) -> u64 {
        self.seq << 1 | u64::from(self.is_open)
    }

    fn of(word: u64) -> Self {
        Self { seq: word >> 1, is_open: word & 1 == 1 }
    }
}

impl Herald {
    /// A herald of a log that can be read up to `head`. In a tokio runtime, or it never rests.
    pub(super) fn new(head: Head) -> Arc<Self> {
        Arc::new(Self {
            told: AtomicU64::new(head.word()),
            changed: Notify::new(),
            closed: Notify::new(),
            state: Mutex::new(State { last: None, crowded: None, waiting: None }),
            runtime: Handle::try_current().ok(),
        })
    }

    /// What everybody has been told.
    pub(super) fn told(&self) -> Head {
        Head::of(self.told.load(Ordering::Acquire))
    }

    /// Waits until what is told is as wanted. Cancel-safe.
    pub(super) async fn wait_for(&self, is_wanted: impl Fn(Head) -> bool) -> Head {
        self.wait(&self.changed, is_wanted).await
    }

    /// Waits for the end. Cancel-safe. Who waits for nothing else is not woken for each entry.
    pub(super) async fn closed(&self) {
        self.wait(&self.closed, |head| !head.is_open).await;
    }

    async fn wait(&self, notify: &Notify, is_wanted: impl Fn(Head) -> bool) -> Head {
        loop {
            let mut notified = pin!(notify.notified());
            // Before looking, so that nothing comes unnoticed in between.
            notified.as_mut().enable();
            let head = self.told();
            if is_wanted(head) {
                return head;
            }
            notified.await;
        }
    }

    /// Hears what is told from now on.
    pub(super) fn news(self: &Arc<Self>) -> News {
        News { herald: self.clone(), heard: self.told() }
    }

    /// The log can be read up to `head`: tells it to so many members, now or after the rest, which is longer if nothing `is_said`
    /// in what is new. That it was closed does not wait.
    pub(super) fn tell(self: &Arc<Self>, head: Head, members: usize, is_said: bool) {
        let (mut state, rest) = (self.state(), rest(members));
        if rest.is_zero() && state.waiting.is_none() {
            // Whoever makes the room a large one is told of at once, so there is no need to look at a clock.
            state.last = None;
            self.tell_now(&mut state, head);
            return;
        }
        let now = Instant::now();
        let gathering = match state.crowded {
            Some(crowded) if now < crowded + CROWDED => GATHERING,
            _ => Duration::ZERO,
        };
        let rested = state.last.map_or(now, |last| last + rest * if is_said { 1 } else { NOTICE });
        let due = if rested > now { rested } else { now + gathering };
        let before = state.waiting.map(|waiting| waiting.due);
        let due = before.map_or(due, |before| due.min(before));
        match &self.runtime {
            Some(runtime) if head.is_open && due > now => {
                state.waiting = Some(Waiting { head, due });
                if before != Some(due) {
                    runtime.spawn(self.clone().tell_at(due));
                }
            }
            _ => self.tell_many(&mut state, head, now),
        }
    }

    /// What was told last, or waits to be, is the end.
    pub(super) fn close(&self) {
        let mut state = self.state();
        let head = state.waiting.map_or(self.told(), |waiting| waiting.head);
        self.tell_now(&mut state, Head { is_open: false, ..head });
    }

    async fn tell_at(self: Arc<Self>, due: Instant) {
        sleep_until(due).await;
        let mut state = self.state();
        // Not if it was told before, since something was said; what waits now, if anything does, has a clock of its own.
        if let Some(waiting) = state.waiting.filter(|waiting| waiting.due == due) {
            self.tell_many(&mut state, waiting.head, Instant::now());
        }
    }

    /// Tells it in a large room, and notes when that was.
    fn tell_many(&self, state: &mut State, head: Head, now: Instant) {
        let several = head.seq > self.told().seq + 1;
        if self.tell_now(state, head) {
            state.last = Some(now);
            state.crowded = several.then_some(now).or(state.crowded);
        }
    }

    /// Tells it to all, under the lock, so that nobody is told of less after more. Whether it was new.
    fn tell_now(&self, state: &mut State, head: Head) -> bool {
        state.waiting = None;
        if self.told.swap(head.word(), Ordering::AcqRel) == head.word() {
            return false;
        }
        self.changed.notify_waiters();
        if !head.is_open {
            self.closed.notify_waiters();
        }
        true
    }

    /// Whatever is changed under this lock is whole at every moment.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What [`let_rooms_rest`] has been told.
#[cfg(feature = "bench")]
static CHOSEN: std::sync::OnceLock<Duration> = std::sync::OnceLock::new();

/// For benchmarks, which draw what a rest costs and saves: every room in this process rests for so long, however large it is. Once
/// and for all.
#[cfg(feature = "bench")]
pub fn let_rooms_rest(rest: Duration) {
    let _ = CHOSEN.set(rest);
}

fn rest(members: usize) -> Duration {
    #[cfg(feature = "bench")]
    if let Some(rest) = CHOSEN.get() {
        return *rest;
    }
    let rest = REST.saturating_mul(members.try_into().unwrap_or(u32::MAX));
    if rest < SHORTEST { Duration::ZERO } else { rest.min(LONGEST) }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::AtomicBool,
        task::{Context, Wake},
    };

    use tokio::time::advance;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    const STEP: Duration = Duration::from_millis(1);

    fn herald() -> (Arc<Herald>, impl Fn(u64, usize)) {
        let herald = Herald::new(Head { seq: 1, is_open: true });
        let teller = herald.clone();
        (herald, move |seq, members| teller.tell(Head { seq, is_open: true }, members, true))
    }

    /// How long it takes until everybody has been told of what is before `seq`, by a clock of milliseconds.
    async fn told(herald: &Herald, seq: u64) -> Duration {
        let begun = Instant::now();
        herald.wait_for(|head| head.seq == seq).await;
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_said_in_the_quiet_is_told_at_once_however_many_there_are() {
        let (herald, tell) = herald();
        for seq in 2..100 {
            tell(seq, 10_000);
            assert_eq!(herald.told().seq, seq);
            advance(LONGEST).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn among_few_nobody_ever_waits() {
        let (herald, tell) = herald();
        for seq in 2..10_000 {
            tell(seq, 99);
            assert_eq!(herald.told().seq, seq);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn among_many_what_comes_in_a_rest_is_told_together_after_it() {
        for (members, rest) in [(100, SHORTEST), (250, Duration::from_millis(5)), (500, LONGEST), (5_000, LONGEST)] {
            let (herald, tell) = herald();
            tell(2, members);
            assert_eq!(herald.told().seq, 2);
            for seq in 3..10 {
                tell(seq, members);
            }
            assert_eq!(herald.told().seq, 2);
            let waited = told(&herald, 9).await;
            assert!(waited >= rest && waited <= rest + STEP, "{members} members: {waited:?}");
            // And rests again.
            tell(10, members);
            assert_eq!(herald.told().seq, 9);
            assert!(told(&herald, 10).await >= rest);
        }
    }

    /// The first of ten who answered at the same moment was told to five hundred alone.
    #[tokio::test(start_paused = true)]
    async fn where_several_spoke_together_the_next_one_is_told_with_who_answers_too() {
        let (herald, tell) = herald();
        (2..10).for_each(|seq| tell(seq, 500));
        told(&herald, 9).await;
        advance(LONGEST).await;
        tell(10, 500);
        assert_eq!(herald.told().seq, 9);
        tell(11, 500);
        assert!(told(&herald, 11).await <= GATHERING + STEP);
        advance(CROWDED).await;
        tell(12, 500);
        assert_eq!(herald.told().seq, 12, "nobody spoke for a while, so nobody is waited for");
        advance(LONGEST).await;
        tell(13, 500);
        assert_eq!(herald.told().seq, 13, "and they spoke alone");
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_in_a_crowd_is_told_of_later_or_with_what_is_said() {
        let (herald, tell) = herald();
        let come = |seq| herald.tell(Head { seq, is_open: true }, 1_000, false);
        come(2);
        assert_eq!(herald.told().seq, 2, "who comes alone is told of at once");
        let begun = Instant::now();
        (3..20).for_each(come);
        advance(LONGEST + STEP).await;
        assert_eq!(herald.told().seq, 2);
        tell(20, 1_000);
        assert_eq!(herald.told().seq, 20, "nobody was told of anything for long, so who speaks does not wait");
        (21..30).for_each(come);
        tell(30, 1_000);
        assert!(told(&herald, 30).await <= LONGEST + STEP);
        come(31);
        told(&herald, 31).await;
        assert!(begun.elapsed() >= LONGEST * (2 + NOTICE));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ten_milliseconds_however_fast_the_others_are() {
        let (herald, tell) = herald();
        let teller = tokio::spawn(async move {
            for seq in 2..500 {
                tell(seq, 1_000);
                tokio::time::sleep(STEP).await;
            }
        });
        let mut news = herald.news();
        let mut last = Instant::now();
        while news.heard.seq < 499 {
            news.next().await;
            assert!(last.elapsed() <= Duration::from_millis(10), "{:?}", last.elapsed());
            last = Instant::now();
        }
        teller.await.expect("no panic");
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_does_not_wait_and_takes_along_what_does() {
        for is_saved in [false, true] {
            let (herald, tell) = herald();
            tell(2, 1_000);
            tell(3, 1_000);
            match is_saved {
                false => herald.tell(Head { seq: 3, is_open: false }, 1_000, true),
                true => herald.close(),
            }
            assert_eq!(herald.told(), Head { seq: 3, is_open: false });
            advance(LONGEST + STEP).await;
            assert_eq!(herald.told(), Head { seq: 3, is_open: false });
        }
    }

    #[tokio::test]
    async fn who_waits_for_the_end_alone_is_not_woken_before_it() {
        let (herald, tell) = herald();
        let woken = Arc::<Woken>::default();
        let waker = woken.clone().into();
        let mut context = Context::from_waker(&waker);
        let mut closed = pin!(herald.closed());
        assert!(closed.as_mut().poll(&mut context).is_pending());
        (2..100).for_each(|seq| tell(seq, 10));
        assert!(!woken.0.load(Ordering::Relaxed));
        herald.close();
        assert!(woken.0.load(Ordering::Relaxed) && closed.poll(&mut context).is_ready());
    }

    #[test]
    fn without_a_clock_nobody_waits() {
        let (herald, tell) = herald();
        tell(2, 1_000);
        tell(3, 1_000);
        assert_eq!(herald.told().seq, 3);
    }
}

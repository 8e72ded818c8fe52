//! When members are told that the log has grown: at once, or in a large and busy room a moment later.
//!
//! To tell everybody costs a write to each, and that costs the same for one entry as for twenty. So after everybody was told,
//! the herald rests for a time that grows with the number of members, and what comes meanwhile goes out together. Who says
//! something when nothing else is going on is heard at once, however large the room; in a small one, everybody always is.
//! There is one clock for the room, and it runs only while something waits.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::watch,
    time::{Instant, sleep_until},
};

/// How long it rests for each member. A write takes some 6 µs of the host (over TLS; 15 over QUIC), so a busy room keeps it
/// writing for a third of the time, and not all of it.
const REST: Duration = Duration::from_micros(20);

/// A rest that would be shorter is none: clocks here go by the millisecond.
const SHORTEST: Duration = Duration::from_millis(2);

/// The longest. With what a clock of milliseconds may be late, nobody waits for 10 ms, a tenth of what people notice.
const LONGEST: Duration = Duration::from_millis(8);

/// How far the log can be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Head {
    pub(super) seq: u64,
    pub(super) is_open: bool,
}

/// Tells every cursor how far it can read.
#[derive(Debug)]
pub(super) struct Herald {
    told: watch::Sender<Head>,
    state: Mutex<State>,
    /// Where the clock runs. Without, nobody waits.
    runtime: Option<Handle>,
}

#[derive(Debug)]
struct State {
    /// Nobody is told before.
    rests_until: Instant,
    /// What is to be told then, and how many there are to tell.
    waiting: Option<(Head, usize)>,
}

impl Herald {
    /// A herald of a log that can be read up to `head`. In a tokio runtime, or it never rests.
    pub(super) fn new(head: Head) -> Arc<Self> {
        Arc::new(Self {
            told: watch::channel(head).0,
            state: Mutex::new(State { rests_until: Instant::now(), waiting: None }),
            runtime: Handle::try_current().ok(),
        })
    }

    /// What everybody has been told.
    pub(super) fn told(&self) -> Head {
        *self.told.borrow()
    }

    /// Hears what is told.
    pub(super) fn listen(&self) -> watch::Receiver<Head> {
        self.told.subscribe()
    }

    /// The log can be read up to `head`: tells it to so many members, now or after the rest. That it was closed does not wait.
    pub(super) fn tell(self: &Arc<Self>, head: Head, members: usize) {
        let mut state = self.state();
        let may_wait = head.is_open && Instant::now() < state.rests_until;
        match &self.runtime {
            Some(runtime) if may_wait => {
                if state.waiting.replace((head, members)).is_none() {
                    runtime.spawn(self.clone().tell_at(state.rests_until));
                }
            }
            _ => self.tell_now(state, head, members),
        }
    }

    /// What was told last, or waits to be, is the end.
    pub(super) fn close(&self) {
        let state = self.state();
        let (head, members) = state.waiting.unwrap_or((self.told(), 0));
        self.tell_now(state, Head { is_open: false, ..head }, members);
    }

    async fn tell_at(self: Arc<Self>, then: Instant) {
        sleep_until(then).await;
        let state = self.state();
        // None if the room has closed meanwhile.
        if let Some((head, members)) = state.waiting {
            self.tell_now(state, head, members);
        }
    }

    fn tell_now(&self, mut state: MutexGuard<'_, State>, head: Head, members: usize) {
        state.waiting = None;
        if self.told.send_if_modified(|before| mem::replace(before, head) != head) {
            state.rests_until = Instant::now() + rest(members);
        }
    }

    /// Whatever is changed under this lock is whole at every moment.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn rest(members: usize) -> Duration {
    let rest = REST.saturating_mul(members.try_into().unwrap_or(u32::MAX));
    if rest < SHORTEST { Duration::ZERO } else { rest.min(LONGEST) }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const STEP: Duration = Duration::from_millis(1);

    fn herald() -> (Arc<Herald>, impl Fn(u64, usize)) {
        let herald = Herald::new(Head { seq: 1, is_open: true });
        let teller = herald.clone();
        (herald, move |seq, members| teller.tell(Head { seq, is_open: true }, members))
    }

    /// How long it takes until everybody has been told of what is before `seq`, by a clock of milliseconds.
    async fn told(herald: &Herald, seq: u64) -> Duration {
        let begun = Instant::now();
        herald.listen().wait_for(|head| head.seq == seq).await.expect("it is there");
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

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ten_milliseconds_however_fast_the_others_are() {
        let (herald, tell) = herald();
        let teller = tokio::spawn(async move {
            for seq in 2..500 {
                tell(seq, 1_000);
                tokio::time::sleep(STEP).await;
            }
        });
        let mut listener = herald.listen();
        let mut last = Instant::now();
        while listener.borrow_and_update().seq < 499 {
            listener.changed().await.expect("it is there");
            assert!(last.elapsed() < Duration::from_millis(10), "{:?}", last.elapsed());
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
                false => herald.tell(Head { seq: 3, is_open: false }, 1_000),
                true => herald.close(),
            }
            assert_eq!(herald.told(), Head { seq: 3, is_open: false });
            advance(LONGEST + STEP).await;
            assert_eq!(herald.told(), Head { seq: 3, is_open: false });
        }
    }

    #[test]
    fn without_a_clock_nobody_waits() {
        let (herald, tell) = herald();
        tell(2, 1_000);
        tell(3, 1_000);
        assert_eq!(herald.told().seq, 3);
    }
}

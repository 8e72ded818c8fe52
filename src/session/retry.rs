//! When to try again after the connection was lost: soon, then ever less often, and at once when the network has changed.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::surroundings::{LOOK, Surroundings};
use crate::wire::limits;

/// A conversation that lasted so long was one, and what comes after it is new trouble. A host who lets one in and ends it sooner
/// is knocked at ever less often; one who does so later is knocked at no more often than that.
const LASTED: Duration = limits::RETRY_MAX;

/// How long to wait before each attempt. Outlives connections.
#[derive(Debug)]
pub(super) struct BackOff(Duration);

impl Default for BackOff {
    fn default() -> Self {
        Self(limits::RETRY_FIRST)
    }
}

impl BackOff {
    /// One was in the room for so long, and has to come back.
    pub(super) fn lasted(&mut self, time: Duration) {
        if time >= LASTED {
            *self = Self::default();
        }
    }

    /// How long to wait before the next attempt: `random` decides where between half of the full time and all of it.
    pub(super) fn next(&mut self, random: u64) -> Duration {
        let full = self.0;
        self.0 = (full * 2).min(limits::RETRY_MAX);
        let share = random as f64 / u64::MAX as f64;
        full.mul_f64((1.0 + share) / 2.0)
    }
}

/// What `work` gives, unless the network changes meanwhile, or this machine has slept: then what was begun before is better
/// begun anew. As cancel-safe as `work`, which is dropped then.
pub(super) async fn unless_moved<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut surroundings = Surroundings::new();
    unless(work, || surroundings.have_changed()).await
}

async fn unless<T>(work: impl Future<Output = T>, mut has_changed: impl FnMut() -> bool) -> Option<T> {
    let mut look = interval_at(Instant::now() + LOOK, LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Some(done),
            _ = look.tick() => if has_changed() {
                return None;
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_wait_is_over_when_the_network_returns() {
        let start = Instant::now();
        let is_there = || start.elapsed() >= Duration::from_secs(3);
        assert_eq!(unless(sleep(limits::RETRY_MAX), is_there).await, None);
        assert!(start.elapsed() < Duration::from_secs(3) + 2 * LOOK);
        assert_eq!(unless(sleep(limits::RETRY_MAX), || false).await, Some(()));
    }

    /// An attempt that was begun without a network waited on when there was one.
    #[tokio::test(start_paused = true)]
    async fn what_was_begun_in_the_old_network_is_not_waited_for() {
        let start = Instant::now();
        let is_there = || start.elapsed() >= Duration::from_secs(3);
        assert_eq!(unless(std::future::pending::<()>(), is_there).await, None);
        assert!(start.elapsed() < Duration::from_secs(3) + 2 * LOOK);
        assert_eq!(unless(async { 7 }, || true).await, Some(7));
    }

    #[test]
    fn attempts_come_soon_and_then_ever_less_often() {
        let waits = |random| {
            let mut back_off = BackOff::default();
            std::iter::repeat_with(|| back_off.next(random)).take(12).collect::<Vec<_>>()
        };
        let (least, most) = (waits(0), waits(u64::MAX));
        assert_eq!((least[0], most[0]), (limits::RETRY_FIRST / 2, limits::RETRY_FIRST));
        assert!(most.windows(2).all(|pair| pair[0] <= pair[1]));
        assert!(least.iter().zip(&most).all(|(least, most)| *least * 2 == *most));
        assert_eq!(most[11], limits::RETRY_MAX);
    }
}

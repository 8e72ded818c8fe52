//! How fast somebody may go on: at a steady rate, and faster for as long as they have saved for it.

#[cfg(feature = "bench")]
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Whether members are not held to their pace.
#[cfg(feature = "bench")]
static HURRY: AtomicBool = AtomicBool::new(false);

/// For benchmarks, which ask for more than people write: from now on, the members of every room in this process may send as
/// fast as they like. How often somebody may knock stays as it is.
#[cfg(feature = "bench")]
pub fn let_members_hurry() {
    HURRY.store(true, Ordering::Relaxed);
}

/// A steady rate, and how much may come at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    pub(super) per_second: u32,
    pub(super) burst: u32,
}

/// Where somebody stands who is held to a [`Rate`]: a bucket of tokens, kept as the time at which it is full again (the
/// generic cell rate algorithm, ITU-T I.371).
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    rate: Rate,
    full_at: Instant,
}

impl Pace {
    pub(super) fn new(rate: Rate, now: Instant) -> Self {
        Self { rate, full_at: now }
    }

    /// Takes `cost` tokens, and tells how long to wait until they are there.
    pub(super) fn take(&mut self, cost: u32, now: Instant) -> Duration {
        #[cfg(feature = "bench")]
        if HURRY.load(Ordering::Relaxed) {
            return Duration::ZERO;
        }
        self.full_at = self.after(cost, now);
        self.full_at.saturating_duration_since(now + self.burst())
    }

    /// Takes `cost` tokens if they are there.
    pub(super) fn try_take(&mut self, cost: u32, now: Instant) -> bool {
        let after = self.after(cost, now);
        let is_there = after <= now + self.burst();
        if is_there {
            self.full_at = after;
        }
        is_there
    }

    /// When it is as if nothing had ever been taken.
    pub(super) fn full_at(&self) -> Instant {
        self.full_at
    }

    fn after(&self, cost: u32, now: Instant) -> Instant {
        self.full_at.max(now) + self.time(cost)
    }

    fn burst(&self) -> Duration {
        self.time(self.rate.burst)
    }

    fn time(&self, tokens: u32) -> Duration {
        Duration::from_secs(1) * tokens / self.rate.per_second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 10, burst: 30 };

    #[test]
    fn who_has_saved_may_hurry_and_then_keeps_the_pace() {
        let start = Instant::now();
        let mut pace = Pace::new(RATE, start);
        for _ in 0..30 {
            assert_eq!(pace.take(1, start), Duration::ZERO);
        }
        assert_eq!(pace.take(1, start), Duration::from_millis(100));
        assert_eq!(pace.take(2, start), Duration::from_millis(300));
        let later = start + Duration::from_secs(60);
        assert_eq!(pace.take(30, later), Duration::ZERO, "and no more is saved than the burst");
        assert_eq!(pace.take(5, later), Duration::from_millis(500));
    }

    #[test]
    fn what_is_not_there_is_not_taken() {
        let start = Instant::now();
        let mut pace = Pace::new(RATE, start);
        assert!(pace.try_take(30, start));
        assert!(!pace.try_take(1, start));
        let later = start + Duration::from_millis(100);
        assert!(pace.try_take(1, later), "asking costs nothing");
        assert!(!pace.try_take(1, later));
    }
}

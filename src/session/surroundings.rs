//! Whether this machine is still where it was: its addresses, and whether it has slept meanwhile.
//!
//! No system tells a program of all that in the same way, so it looks now and then: a few system calls.

use std::{
    collections::BTreeSet,
    net::IpAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::{
    sync::Notify,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval},
};

use crate::reach::here;

/// How often to look.
pub(super) const LOOK: Duration = Duration::from_millis(500);

/// Between two looks, so much more than [`LOOK`] has gone by only if the machine, or the program, stood still.
const STOOD_STILL: Duration = Duration::from_secs(3);

/// What there was at the last look.
#[derive(Debug)]
pub(super) struct Surroundings {
    addresses: BTreeSet<IpAddr>,
    looked: Instant,
    /// The same by the clock on the wall: the other one stands still while some machines sleep.
    wall: SystemTime,
}

impl Surroundings {
    /// As they are now.
    pub(super) fn new() -> Self {
        Self { addresses: addresses(), looked: Instant::now(), wall: SystemTime::now() }
    }

    /// Whether a connection that was good at the last look may not be now. To be asked every [`LOOK`].
    pub(super) fn have_changed(&mut self) -> bool {
        let before = std::mem::replace(self, Self::new());
        let by_clock = self.looked.saturating_duration_since(before.looked);
        // A clock that was set back tells nothing.
        let by_wall = self.wall.duration_since(before.wall).unwrap_or_default();
        self.addresses != before.addresses || by_clock.max(by_wall) > LOOK + STOOD_STILL
    }
}

/// Somebody who looks while others are busy: who waits for a slow front end has not slept.
#[derive(Debug)]
pub(super) struct Lookout {
    changed: Arc<Notify>,
    /// Ends with this.
    _looking: JoinSet<()>,
}

impl Lookout {
    /// Looks from now on.
    pub(super) fn new() -> Self {
        let (changed, mut looking) = (Arc::new(Notify::new()), JoinSet::new());
        let tell = changed.clone();
        looking.spawn(async move {
            let mut surroundings = Surroundings::new();
            let mut look = interval(LOOK);
            look.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                look.tick().await;
                if surroundings.have_changed() {
                    tell.notify_one();
                }
            }
        });
        Self { changed, _looking: looking }
    }

    /// Comes to an end when the surroundings have changed since it last did. Cancel-safe.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }
}

fn addresses() -> BTreeSet<IpAddr> {
    here::addresses().into_iter().map(|here| here.ip).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_stood_still_looks_again() {
        let mut now = Surroundings::new();
        assert!(!now.have_changed());
        now.wall -= LOOK + 2 * STOOD_STILL;
        assert!(now.have_changed(), "it has slept");
        now.wall += 2 * STOOD_STILL;
        assert!(!now.have_changed(), "the clock was set back");
        now.addresses.insert(IpAddr::from([203, 0, 113, 7]));
        assert!(now.have_changed());
    }
}

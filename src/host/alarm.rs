//! An alarm for what is due within milliseconds.
//!
//! tokio's clock goes by whole milliseconds, and so does what it waits with: it is one late on average, and two at worst. Where the
//! system has a timer that is not (Linux), that rings, too, and rings first. tokio's is the one that tests can pause.

use std::pin::Pin;

use tokio::time::{Instant, Sleep, sleep_until};

use self::exact::Timer;

/// Rings at one moment at a time.
pub(super) struct Alarm {
    clock: Pin<Box<Sleep>>,
    timer: Timer,
}

impl Alarm {
    /// One that rings at once. Needs a tokio runtime around it.
    pub(super) fn new() -> Self {
        Self { clock: Box::pin(sleep_until(Instant::now())), timer: Timer::new() }
    }

    /// From now on it rings at this moment, and at no other.
    pub(super) fn set(&mut self, moment: Instant) {
        if moment != self.clock.deadline() {
            self.clock.as_mut().reset(moment);
            self.timer.set(moment.saturating_duration_since(Instant::now()));
        }
    }

    /// Waits until it rings. Once after it was set, that may be for what it was set to before. Cancel-safe.
    pub(super) async fn rings(&mut self) {
        tokio::select! {
            () = self.timer.rings() => {}
            () = &mut self.clock => {}
        }
    }
}

#[cfg(target_os = "linux")]
mod exact {
    use std::{future::pending, os::fd::OwnedFd, time::Duration};

    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
    };
    use tokio::io::{Interest, unix::AsyncFd};

    /// The system's, if it gives one.
    pub(super) struct Timer(Option<AsyncFd<OwnedFd>>);

    impl Timer {
        pub(super) fn new() -> Self {
            let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC);
            Self(timer.ok().and_then(|timer| AsyncFd::with_interest(timer, Interest::READABLE).ok()))
        }

        /// What it has rung for before is forgotten.
        pub(super) fn set(&self, after: Duration) {
            let Some(timer) = &self.0 else { return };
            // None at all would be to ring never.
            let Ok(it_value) = Timespec::try_from(after.max(Duration::from_nanos(1))) else { return };
            let once = Timespec { tv_sec: 0, tv_nsec: 0 };
            let _ = timerfd_settime(timer, TimerfdTimerFlags::empty(), &Itimerspec { it_interval: once, it_value });
        }

        pub(super) async fn rings(&self) {
            match &self.0 {
                Some(timer) => match timer.readable().await {
                    // It is not read: to be set does the same.
                    Ok(mut ready) => ready.clear_ready(),
                    Err(_) => pending().await,
                },
                None => pending().await,
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod exact {
    use std::{future::pending, time::Duration};

    /// There is none.
    pub(super) struct Timer;

    impl Timer {
        pub(super) fn new() -> Self {
            Self
        }

        pub(super) fn set(&self, _after: Duration) {}

        pub(super) async fn rings(&self) {
            pending().await
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::advance;

    use super::*;

    #[tokio::test]
    async fn it_rings_no_sooner_than_it_is_set_to_and_again_when_it_is_set_again() {
        let mut alarm = Alarm::new();
        for us in [1, 300, 2_700, 0, 1_100] {
            let moment = Instant::now() + Duration::from_micros(us);
            alarm.set(moment);
            while Instant::now() < moment {
                alarm.rings().await;
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_paused_clock_rings_it() {
        let mut alarm = Alarm::new();
        let hour = Duration::from_secs(3_600);
        let moment = Instant::now() + hour;
        alarm.set(moment);
        advance(hour).await;
        alarm.rings().await;
        assert!(Instant::now() >= moment);
    }
}

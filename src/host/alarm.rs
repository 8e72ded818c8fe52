//! An alarm for what is due within milliseconds.
//!
//! tokio's clock goes by whole milliseconds, and so does what it waits with: it is one late on average, and two at worst. Where the
//! system has a timer that is not (Linux), that rings, too, and first. tokio's is there for other systems, and is the one that tests can
//! pause; that it rings afterwards as well is one wake-up for nothing.

use std::pin::Pin;

use tokio::time::{Instant, Sleep, sleep_until};

use self::exact::Timer;

/// Rings at one moment at a time.
pub(super) struct Alarm {
    clock: Pin<Box<Sleep>>,
    timer: Timer,
}

impl Alarm {
    /// One that rings at once. Needs a tokio runtime around it, with time and input and output.
    pub(super) fn new() -> Self {
        Self { clock: Box::pin(sleep_until(Instant::now())), timer: Timer::new() }
    }

    /// Has it ring at this moment, and at none that it was set to before. Does nothing if it is set to this one already.
    pub(super) fn set(&mut self, moment: Instant) {
        if moment != self.clock.deadline() {
            self.clock.as_mut().reset(moment);
            self.timer.set(moment.saturating_duration_since(Instant::now()));
        }
    }

    /// Waits until it rings. What rang before it was set, and was not waited for, may be heard once. Cancel-safe.
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
        #[allow(
            deprecated,
            reason = "its successor is unsafe, for descriptors that are closed meanwhile; this one is its own"
        )]
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

    use tokio::time::{advance, timeout};

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn it_rings_no_sooner_than_it_is_set_to_and_again_when_it_is_set_again() {
        let mut alarm = Alarm::new();
        for us in [1, 300, 2_700, 0, 1_100] {
            let moment = Instant::now() + Duration::from_micros(us);
            alarm.set(moment);
            let mut times = 0;
            while Instant::now() < moment {
                timeout(LONG, alarm.rings()).await.unwrap();
                times += 1;
            }
            assert!(times <= 2, "{times}");
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

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_systems_timer_rings_once_each_time_and_not_for_what_it_was_set_to_before() {
        let timer = Timer::new();
        for us in [500, 1, 1_500] {
            let begun = Instant::now();
            let after = Duration::from_micros(us);
            timer.set(after);
            timeout(LONG, timer.rings()).await.expect("it rings");
            assert!(begun.elapsed() >= after);
        }
        timer.set(Duration::from_millis(2));
        timer.set(LONG * 100);
        let silent = timeout(Duration::from_millis(20), timer.rings()).await;
        assert!(silent.is_err(), "it rang for a moment that it was no longer set to");
    }
}

//! Looking which rooms are on this network.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep_until, timeout},
};

use super::{
    Claim, PinnedNames, Room,
    helper::{Task, Told},
    process::{Happened, Kept},
    seen::Seen,
};

/// How long a single look takes: questions are asked at once, after 1 s and after 3 s (RFC 6762, section 5.2), and answered
/// within half a second.
pub const LOOK: Duration = Duration::from_secs(2);
/// Changes are told this often at most. One who watches sees no difference, and a flood of them costs little.
const PACE: Duration = Duration::from_millis(200);

/// Looks which rooms are there, in the background, until it is dropped.
#[derive(Debug)]
pub struct Browser {
    rooms: watch::Receiver<Vec<Room>>,
    task: JoinHandle<()>,
}

impl Browser {
    /// Begins to look, on the tokio runtime that this is called in. A room that these pins know has a place in the list
    /// before others have.
    pub fn start(pins: Arc<PinnedNames>) -> Self {
        let (tell, rooms) = watch::channel(Vec::new());
        Self { rooms, task: tokio::spawn(browse(pins, tell)) }
    }

    /// The rooms that are there, once they have changed: at most five times a second. Cancel-safe.
    pub async fn changed(&mut self) -> Vec<Room> {
        if self.rooms.changed().await.is_err() {
            // Nobody looks any more: that is how it stays.
            std::future::pending::<()>().await;
        }
        self.rooms.borrow_and_update().clone()
    }

    /// The rooms that are there when `is_enough` says so, or else after [`LOOK`]. Cancel-safe.
    pub async fn look(&mut self, is_enough: impl Fn(&[Room]) -> bool) -> Vec<Room> {
        let enough = async { while !is_enough(&self.changed().await) {} };
        let _ = timeout(LOOK, enough).await;
        self.rooms.borrow().clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // And the helper ends with its task.
        self.task.abort();
    }
}

/// The rooms that are there, after [`LOOK`].
pub async fn look(pins: Arc<PinnedNames>) -> Vec<Room> {
    Browser::start(pins).look(|_| false).await
}

async fn browse(pins: Arc<PinnedNames>, tell: watch::Sender<Vec<Room>>) {
    // Whoever contradicts a pin has no better place than a stranger, or the places could be filled against who does not.
    let is_known = |room: &Room| matches!(Claim::of(room, &pins), Claim::Known(_));
    let mut helper = Kept::new(Task::Browse);
    let mut seen = Seen::default();
    // When what has changed is told.
    let mut due = None;
    loop {
        let happened = tokio::select! {
            happened = helper.next() => happened,
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                tell.send_replace(seen.rooms());
                due = None;
                continue;
            }
        };
        let has_changed = match happened {
            Happened::Told(Told::Heard(heard)) => seen.hear(heard, is_known),
            Happened::Told(Told::Gone { instance }) => seen.lose(&instance),
            Happened::Told(Told::Announced) => false,
            // What the next one does not hear is gone.
            Happened::Ended => {
                seen.clear();
                true
            }
        };
        if has_changed && due.is_none() {
            due = Some(Instant::now() + PACE);
        }
    }
}

//! Telling others on the network that a room is there.

use std::{net::IpAddr, time::Duration};

use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, sleep_until},
};
use tracing::{info, warn};

use super::{
    helper::{Task, Told},
    process::{Happened, Kept},
    record::Record,
};

/// An announcement is out within 2 s, after three probes (RFC 6762, section 8.1), if it can be at all.
const OUT: Duration = Duration::from_secs(6);

/// A room's announcement, made in the background until it is ended. Dropping it ends it as well, and waits for nothing.
#[derive(Debug)]
pub struct Announcement {
    end: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Announcement {
    /// Begins to announce, on the tokio runtime that this is called in. If it is not out within some seconds, `late` is
    /// called, once.
    ///
    /// Where a room listens on this machine's loopback only, nobody else can come in, and it is not announced: `None`.
    pub fn start(record: Record, bind: Option<IpAddr>, late: impl FnOnce() + Send + 'static) -> Option<Self> {
        if bind.is_some_and(|ip| ip.is_loopback()) {
            return None;
        }
        let (end, ended) = oneshot::channel();
        let task = tokio::spawn(announce(Kept::new(Task::Announce { record, bind }), ended, late));
        Some(Self { end, task })
    }

    /// Ends it, and tells those who have heard of it: within a second.
    pub async fn end(self) {
        drop(self.end);
        let _ = self.task.await;
    }
}

async fn announce(mut helper: Kept, mut ended: oneshot::Receiver<()>, late: impl FnOnce()) {
    let deadline = Instant::now() + OUT;
    // Gone when it is out, or when that was told.
    let mut late = Some(late);
    loop {
        tokio::select! {
            happened = helper.next() => {
                if let Happened::Told(Told::Announced) = happened && late.take().is_some() {
                    info!("announced on this network");
                }
            }
            () = sleep_until(deadline), if late.is_some() => {
                warn!("the room could not be announced on this network");
                if let Some(late) = late.take() {
                    late();
                }
            }
            _ = &mut ended => return helper.end().await,
        }
    }
}

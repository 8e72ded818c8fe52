//! What writes a room down while it goes on.
//!
//! Batches of changes wait until the file is free, and then go into it together: one transaction, however many there are, so
//! that a slow disk makes larger transactions and not a longer queue. What cannot be written waits, and is tried again.

use std::time::Duration;

use bytes::Bytes;
use tokio::{
    sync::{mpsc, oneshot},
    task::spawn_blocking,
    time::timeout,
};
use tracing::{debug, error};

use super::{Change, SaveError, Store};

/// What could not be written is tried again after this.
const AGAIN: Duration = Duration::from_secs(1);

/// When nothing happens, what has become too old is looked for this often.
const LOOK: Duration = Duration::from_secs(60);

/// The room's side.
#[derive(Debug)]
pub(in crate::room) struct Journal(mpsc::UnboundedSender<Job>);

#[derive(Debug)]
enum Job {
    Write(Vec<Change>),
    Read(u64, oneshot::Sender<Vec<Bytes>>),
}

/// What has come of it.
#[derive(Debug)]
pub(in crate::room) enum Progress {
    /// Everything before `head` is in the file, and it begins with the entry `first`.
    Saved { first: u64, head: u64 },
    /// Nothing can be written now, and why.
    Stuck(SaveError),
    /// The file is closed, and nothing more comes.
    Closed,
}

impl Journal {
    /// Begins to write to `store`, and tells what comes of it, until the journal is dropped or the room has closed. Needs a tokio
    /// runtime around it.
    pub(in crate::room) fn start(store: Store, tell: impl Fn(Progress) + Send + 'static) -> Self {
        let (jobs, queue) = mpsc::unbounded_channel();
        tokio::spawn(run(store, queue, tell));
        Self(jobs)
    }

    /// Hands over changes that belong together: all of them are written, or none. The room bounds how much may wait.
    pub(in crate::room) fn write(&self, changes: Vec<Change>) {
        // Nobody is there any more after the room has closed.
        let _ = self.0.send(Job::Write(changes));
    }

    /// The entries from `position` on, as many as fit into one batch. None when they are not to be had. Cancel-safe.
    pub(in crate::room) async fn read(&self, position: u64) -> Vec<Bytes> {
        let (answer, answered) = oneshot::channel();
        let _ = self.0.send(Job::Read(position, answer));
        answered.await.unwrap_or_default()
    }
}

async fn run(mut store: Store, mut queue: mpsc::UnboundedReceiver<Job>, tell: impl Fn(Progress)) {
    let mut changes = Vec::new();
    let mut is_open = true;
    while is_open {
        let mut reads = Vec::new();
        let mut next = timeout(if changes.is_empty() { LOOK } else { AGAIN }, queue.recv()).await;
        let is_time_to_look = next.is_err();
        loop {
            match next {
                // Who spoke at that moment was not heard, so nothing is to be known of it.
                Ok(Some(Job::Write(_))) if !is_open => {}
                Ok(Some(Job::Write(more))) => {
                    is_open = !matches!(more.last(), Some(Change::Closed));
                    changes.extend(more);
                }
                Ok(Some(Job::Read(position, answer))) => reads.push((position, answer)),
                Ok(None) => is_open = false,
                Err(_) => {}
            }
            match queue.try_recv() {
                Ok(job) => next = Ok(Some(job)),
                Err(_) => break,
            }
        }
        let work = move || {
            let is_due = is_time_to_look || !changes.is_empty();
            let written = if is_due { store.write(&changes) } else { Ok(()) };
            let read: Vec<_> = reads.into_iter().map(|(position, answer)| (store.read(position), answer)).collect();
            (store, changes, written, read)
        };
        // It does nothing that could panic, and nobody can cancel it. If it did, the room would rather end than wait for ever.
        let Ok(done) = spawn_blocking(work).await else { return tell(Progress::Closed) };
        let (written, read);
        (store, changes, written, read) = done;
        match written {
            Ok(()) => {
                debug!(changes = changes.len(), "saved");
                changes.clear();
                tell(Progress::Saved { first: store.first(), head: store.head() });
            }
            Err(error) => {
                error!(%error, "cannot save");
                tell(Progress::Stuck(error));
            }
        }
        for (read, answer) in read {
            let _ = answer.send(read.unwrap_or_default());
        }
    }
    // It tidies up, and that takes the disk's time.
    let _ = spawn_blocking(move || drop(store)).await;
    tell(Progress::Closed);
}

//! What a member's reader and writer have in common: answers to what the member asked, which wait to be written, and whether the
//! writer has anything to do. A member who does not read is owed a few answers, and no more.
//!
//! A channel would do the same, and cost each of a thousand members who ask nothing more than all else that they cost here.

use std::{
    future::poll_fn,
    mem,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::wire::limits;

/// At most [`limits::ANSWERS`] that wait, between the one who reads what a member says and the one who writes to them.
#[derive(Default)]
pub(super) struct Answers {
    waiting: Mutex<Vec<Bytes>>,
    /// There may be a place again.
    taken: Notify,
    /// The writer is in [`pause`](Self::pause).
    is_idle: AtomicBool,
}

impl Answers {
    /// Adds one, if there is a place for it.
    pub(super) fn try_put(&self, answer: Bytes) -> Result<(), Bytes> {
        let mut waiting = self.waiting();
        if waiting.len() >= limits::ANSWERS {
            return Err(answer);
        }
        waiting.push(answer);
        Ok(())
    }

    /// Adds one as soon as there is a place. Cancel-safe; the answer is lost then.
    pub(super) async fn put(&self, mut answer: Bytes) {
        while let Err(back) = self.try_put(answer) {
            answer = back;
            self.taken.notified().await;
        }
    }

    /// Takes all of them.
    pub(super) fn take(&self) -> Vec<Bytes> {
        let answers = mem::take(&mut *self.waiting());
        if !answers.is_empty() {
            self.taken.notify_one();
        }
        answers
    }

    /// For the writer, when there is nothing to write: comes to an end when it is polled once more, and asks nobody to be woken.
    pub(super) async fn pause(&self) {
        self.is_idle.store(true, Ordering::Relaxed);
        let mut is_over = false;
        poll_fn(|_| if mem::replace(&mut is_over, true) { Poll::Ready(()) } else { Poll::Pending }).await;
        self.is_idle.store(false, Ordering::Relaxed);
    }

    /// Whether the writer waits for nothing but to be polled.
    pub(super) fn is_idle(&self) -> bool {
        self.is_idle.load(Ordering::Relaxed)
    }

    /// Every change under this lock is a single step.
    fn waiting(&self) -> MutexGuard<'_, Vec<Bytes>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! Answers to what a member asked, which wait to be written. A member who does not read is owed a few, and no more.
//!
//! A channel would do the same, and cost each of a thousand members who ask nothing more than all else that they cost here.

use std::{
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
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

    /// Every change under this lock is a single step.
    fn waiting(&self) -> MutexGuard<'_, Vec<Bytes>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! A position in the log, from which a member reads on.

use std::sync::Arc;

use bytes::Bytes;
use tracing::info;

use super::{Room, herald::Head, log::Ahead};
use crate::wire::{MemberId, Message, message::Gap};

/// A position in the log.
#[derive(Debug)]
pub struct Cursor {
    pub(super) room: Arc<Room>,
    pub(super) member: MemberId,
    pub(super) position: u64,
}

/// What came of reading on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reading {
    /// There was something.
    More,
    /// There is nothing yet.
    Nothing,
    /// The room has ended, and everything has been read.
    End,
}

impl Cursor {
    /// Waits for entries and adds them to `batch`, as [`read`](Self::read) does. `false` means that the room has ended and
    /// everything has been read. Cancel-safe.
    pub async fn next(&mut self, batch: &mut Vec<Bytes>) -> bool {
        let mut news = self.room.news();
        loop {
            match self.read(batch).await {
                Reading::More => return true,
                Reading::End => return false,
                Reading::Nothing => {
                    news.next().await;
                }
            }
        }
    }

    /// Adds what lies ahead to `batch`, at most [`BATCH`](crate::wire::limits::BATCH) bytes of it, in pieces of one whole frame or
    /// more. Waits for a file at most, never for news.
    ///
    /// Cancel-safe: the position moves only when `batch` is filled.
    pub async fn read(&mut self, batch: &mut Vec<Bytes>) -> Reading {
        let Head { seq, is_open } = self.room.herald.told();
        // Without the room's lock, since every member asks once more after each write.
        let ahead = if self.position < seq { self.ahead(seq, batch) } else { Ahead::Nothing };
        match ahead {
            Ahead::Entries(position) => self.position = position,
            Ahead::Gap(to) => self.skip(to, batch),
            Ahead::Saved(in_memory) => {
                let frames = self.read_saved().await;
                match frames.len() {
                    // Erased meanwhile, or not to be read.
                    0 => self.skip(in_memory, batch),
                    read => self.position += read as u64,
                }
                batch.extend(frames);
            }
            Ahead::Nothing if is_open => return Reading::Nothing,
            Ahead::Nothing => return Reading::End,
        }
        Reading::More
    }

    fn ahead(&self, end: u64, batch: &mut Vec<Bytes>) -> Ahead {
        self.room.state().log.read(self.position, end, batch)
    }

    async fn read_saved(&self) -> Vec<Bytes> {
        match &self.room.journal {
            Some(journal) => journal.read(self.position).await,
            None => Vec::new(),
        }
    }

    /// Goes on at `to`, and says what is missing.
    fn skip(&mut self, to: u64, batch: &mut Vec<Bytes>) {
        let state = self.room.state();
        let head = state.log.head();
        info!(member = self.member, from = self.position, to, "too slow: the log has let go of what came next");
        batch.push(Gap { from: self.position, to, head, members: state.present.len() as u32 }.encode());
        batch.append(&mut state.roster());
        drop(state);
        self.position = to;
    }
}

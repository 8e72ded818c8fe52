//! A place in the room, and what whoever has it can do.

use std::sync::Arc;

use bytes::Bytes;
use tokio::{sync::Notify, time::sleep};

use super::{Cursor, Room, state::State};
use crate::wire::{
    Member, Message, limits,
    message::{Departure, Said, Say, Welcome},
};

/// What became of something that was said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Heard {
    /// It was new.
    Now,
    /// The log has it already.
    Before,
}

/// A text that cannot be said. Whoever sends one does not keep to the protocol.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SayError {
    /// There is nothing in it.
    #[error("a message without a text")]
    Empty,
    /// It is over [`limits::TEXT`].
    #[error("a message of {0} bytes; the largest allowed is {max}", max = limits::TEXT)]
    TooLong(usize),
}

/// A place in the room. Dropped without a word it counts as lost.
#[derive(Debug)]
pub struct Membership {
    pub(super) room: Arc<Room>,
    pub(super) member: Member,
    pub(super) admission: u64,
    pub(super) replaced: Arc<Notify>,
    pub(super) welcome: Box<Welcome>,
    pub(super) roster: Vec<Bytes>,
    pub(super) is_over: bool,
}

impl Membership {
    /// Who this is.
    pub fn member(&self) -> &Member {
        &self.member
    }

    /// What a new member is told first. The ticket is the transport's to add.
    pub fn welcome(&self) -> Welcome {
        Welcome::clone(&self.welcome)
    }

    /// Who was in the room when this member came in, in frames. Handed out once: it is large, and a place is held for long.
    pub fn take_roster(&mut self) -> Vec<Bytes> {
        std::mem::take(&mut self.roster)
    }

    /// A reader of the log that starts at this member's history.
    pub fn cursor(&self) -> Cursor {
        let (room, member) = (self.room.clone(), self.member.id);
        Cursor { room, member, position: self.welcome.first }
    }

    /// Says something to everyone, unless it was said already: a nonce is taken once.
    ///
    /// # Errors
    ///
    /// When there is nothing to say, or too much.
    pub fn say(&self, say: Say) -> Result<Heard, SayError> {
        let Say { nonce, text } = say;
        if text.trim().is_empty() {
            return Err(SayError::Empty);
        }
        if text.len() > limits::TEXT {
            return Err(SayError::TooLong(text.len()));
        }
        let Member { id: by, name, .. } = self.member.clone();
        let mut state = self.room.state();
        if !self.holds_its_place(&state) {
            // Whoever has it now says it again if need be.
            return Ok(Heard::Now);
        }
        if !state.names.is_new(by, nonce) {
            return Ok(Heard::Before);
        }
        state.append(true, |seq, at| Said { seq, at, by, name, nonce, text }.encode());
        self.room.publish(state);
        Ok(Heard::Now)
    }

    /// Waits until everything that has happened so far is saved, if the room is: only then may anybody be told. Cancel-safe.
    pub async fn settled(&self) {
        let head = self.room.state().log.head();
        self.room.saved_up_to(head).await;
    }

    /// Waits until there is room for something to be said: in a room that is saved, for as long as the disk does not keep up.
    /// Cancel-safe.
    pub async fn may_speak(&self) {
        let head = self.room.state().log.head();
        self.room.saved_up_to((head + 1).saturating_sub(limits::UNSAVED)).await;
    }

    /// Comes to an end when another connection of the same key has taken this one's place: once, for whoever waits for it. Cancel-safe.
    pub fn replaced(&self) -> impl Future<Output = ()> {
        self.replaced.notified()
    }

    /// The connection was lost: keeps the place for [`limits::AWAY`], so that they can come back to it, and then gives it
    /// up. Comes to an end at once when they are back, or when the room ends. The others are told of each.
    pub async fn linger(self) {
        self.go_away();
        tokio::select! {
            () = sleep(limits::AWAY) => {}
            () = self.replaced() => {}
            () = self.room.closed() => {}
        }
        self.leave(Departure::Lost);
    }

    fn go_away(&self) {
        let mut state = self.room.state();
        if self.holds_its_place(&state) {
            state.go_away(self.member.id);
            self.room.publish(state);
        }
    }

    /// Gives the place up. Others are told, unless another connection of the same member has it now.
    pub fn leave(mut self, how: Departure) {
        self.end(how);
    }

    fn end(&mut self, how: Departure) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        let mut state = self.room.state();
        if self.holds_its_place(&state) {
            state.part(self.member.id, how);
            self.room.publish(state);
        }
    }

    fn holds_its_place(&self, state: &State) -> bool {
        state.present.get(&self.member.id).is_some_and(|present| present.admission == self.admission)
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.end(Departure::Lost);
    }
}

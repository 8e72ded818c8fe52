//! The encoding, in the one place where it can be replaced.
//!
//! bincode with variable-length integers, a limit, and no trailing bytes, and only ever on complete slices: its reader
//! interface would set memory aside for a length that the peer merely claims.

use bincode::Options;
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use super::{frame, limits};

/// A payload does not encode the message that its kind promises.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a message of kind 0x{kind:02x} cannot be read, or has no place here")]
pub struct DecodeError {
    /// The kind of the frame.
    pub kind: u8,
    /// What did not fit, for a log.
    pub why: String,
}

/// A message: something that travels in a frame of its own kind.
pub trait Message: Serialize + DeserializeOwned {
    /// The kind of its frames. Never reused for another message.
    const KIND: u8;

    /// The message as a whole frame, ready to be written.
    ///
    /// # Panics
    ///
    /// If the message is larger than a frame can be. Every field that can grow is bounded where it is made.
    fn encode(&self) -> Bytes {
        frame::write(Self::KIND, &encode_part(self))
    }

    /// Reads the message from the payload of a frame.
    ///
    /// # Errors
    ///
    /// When the payload is anything but exactly one such message.
    fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        options().deserialize(payload).map_err(|error| DecodeError { kind: Self::KIND, why: error.to_string() })
    }
}

/// A message without its frame, or a part of one. Panics as [`Message::encode`] does.
#[allow(clippy::expect_used, reason = "a test encodes the largest of every message")]
pub(super) fn encode_part(value: &impl Serialize) -> Vec<u8> {
    options().serialize(value).expect("a message of our own fits its frame")
}

fn options() -> impl Options {
    bincode::DefaultOptions::new().with_limit(limits::FRAME as u64 - 1)
}

//! Members and frames, for all of these tests.

use bytes::BytesMut;
use parlor::{
    identity::{Fingerprint, Name},
    wire::{Frame, Member, Security, frame},
};

pub(crate) fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

pub(crate) fn ana() -> Member {
    let fingerprint = Fingerprint::from_bytes(std::array::from_fn(|at| at as u8));
    Member { id: 0, name: name("Ana"), fingerprint: Some(fingerprint), security: Security::Pinned, away: false }
}

pub(crate) fn ben() -> Member {
    Member { id: 300, name: name("Bén"), fingerprint: None, security: Security::Plaintext, away: false }
}

/// Four bytes a character, in UTF-8, and there is no longer name.
pub(crate) fn longest_name() -> Name {
    name(&"𝕒".repeat(32))
}

pub(crate) fn largest_member() -> Member {
    let fingerprint = Some(Fingerprint::from_bytes([0xff; 32]));
    Member { id: u32::MAX, name: longest_name(), fingerprint, security: Security::Pinned, away: false }
}

pub(crate) fn taken(bytes: &[u8]) -> Frame {
    let mut buffer = BytesMut::from(bytes);
    let frame = frame::take(&mut buffer).expect("a good frame").expect("a whole frame");
    assert!(buffer.is_empty());
    frame
}

//! Frames: how messages are told apart on a stream of bytes.
//!
//! A frame is a length (four bytes, big-endian), a kind (one byte) and a payload; the length counts kind and payload.
//! "Not enough bytes yet" is a value here, not an error, so reading can be cancelled and taken up again.

use std::{fmt, mem};

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::limits;

/// Bytes before the payload: four of length, one of kind.
pub const HEADER: usize = 5;

/// Kinds from here on may be skipped by a peer that does not know them; an unknown kind below is a violation.
pub const FIRST_SKIPPABLE: u8 = 0x80;

/// One frame: what kind of message it carries, and its encoded payload.
#[derive(Clone, Eq, PartialEq)]
pub struct Frame {
    /// Which message the payload encodes.
    pub kind: u8,
    /// The message, encoded.
    pub payload: Bytes,
}

impl fmt::Debug for Frame {
    /// Never the payload: it is what people write, or a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame(kind 0x{:02x}, {} bytes)", self.kind, self.payload.len())
    }
}

/// The bytes are no frames of ours. The stream cannot be read any further.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FrameError {
    /// A length of zero leaves no room for the kind.
    #[error("a frame of length 0 arrived, which cannot carry a message")]
    Empty,
    /// The length is over the limit, and was not believed.
    #[error("a frame of {0} bytes was announced; the largest allowed is {max}", max = limits::FRAME)]
    TooLarge(u32),
}

/// Puts a payload into a frame.
///
/// # Panics
///
/// If the payload is over [`limits::FRAME`]` - 1` bytes: what we encode is bounded before it gets here.
pub fn write(kind: u8, payload: &[u8]) -> Bytes {
    write_parts(kind, [payload, &[]])
}

/// The same for a payload in two parts. Panics as [`write()`] does.
pub(super) fn write_parts(kind: u8, [first, rest]: [&[u8]; 2]) -> Bytes {
    let length = 1 + first.len() + rest.len();
    assert!(length <= limits::FRAME, "a frame of our own is over the limit");
    let mut bytes = BytesMut::with_capacity(HEADER + first.len() + rest.len());
    bytes.put_u32(length as u32);
    bytes.put_u8(kind);
    bytes.put_slice(first);
    bytes.put_slice(rest);
    bytes.freeze()
}

/// Takes the first whole frame from `buffer`, or gives `None` when more bytes are needed.
///
/// The length is checked as soon as it is there, before any memory is set aside for it.
///
/// # Errors
///
/// A length of zero or over [`limits::FRAME`]. The buffer is then left as it was.
pub fn take(buffer: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
    let Some(length) = buffer.first_chunk::<4>() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*length);
    if length == 0 {
        return Err(FrameError::Empty);
    }
    if length as usize > limits::FRAME {
        return Err(FrameError::TooLarge(length));
    }
    let whole = 4 + length as usize;
    if buffer.len() < whole {
        buffer.reserve(whole - buffer.len());
        return Ok(None);
    }
    let mut frame = match buffer.len() == whole {
        // To split it would share it, at a price.
        true => mem::take(buffer),
        false => buffer.split_to(whole),
    };
    frame.advance(4);
    let kind = frame.get_u8();
    Ok(Some(Frame { kind, payload: frame.freeze() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_taken_only_when_it_is_whole() {
        let bytes = write(7, b"hello");
        assert_eq!(&bytes[..], b"\x00\x00\x00\x06\x07hello");
        for cut in 0..bytes.len() {
            let mut buffer = BytesMut::from(&bytes[..cut]);
            assert_eq!(take(&mut buffer), Ok(None));
            assert_eq!(buffer.len(), cut, "nothing is consumed");
        }
        let mut buffer = BytesMut::from(&bytes[..]);
        buffer.extend_from_slice(&bytes[..3]);
        let frame = take(&mut buffer).unwrap().unwrap();
        assert_eq!((frame.kind, &frame.payload[..]), (7, &b"hello"[..]));
        assert_eq!(buffer.len(), 3);
    }

    #[test]
    fn a_length_is_checked_before_it_is_believed() {
        let mut buffer = BytesMut::from(&b"\xff\xff\xff\xff"[..]);
        assert_eq!(take(&mut buffer), Err(FrameError::TooLarge(u32::MAX)));
        assert!(buffer.capacity() < 1024);
        let mut buffer = BytesMut::from(&b"\0\0\0\0"[..]);
        assert_eq!(take(&mut buffer), Err(FrameError::Empty));
    }
}

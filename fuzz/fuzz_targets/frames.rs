//! The first byte is a length, and the others are cut into pieces of it. Bytes become frames, however they are cut on their way: the same ones, or the same refusal, and none over the limit.

#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use parlor::wire::{Frame, frame, limits};

fuzz_target!(|input: &[u8]| {
    let Some((piece, bytes)) = input.split_first() else { return };
    let whole = frames(bytes.chunks(bytes.len().max(1)));
    assert_eq!(frames(bytes.chunks(usize::from(*piece).max(1))), whole);
});

/// The frames, and whether they ended in a refusal.
fn frames<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Frame>, bool) {
    let (mut buffer, mut frames) = (BytesMut::new(), Vec::new());
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match frame::take(&mut buffer) {
                Ok(Some(frame)) => {
                    assert!(frame.payload.len() < limits::FRAME);
                    frames.push(frame);
                }
                Ok(None) => break,
                Err(_) => return (frames, true),
            }
        }
    }
    (frames, false)
}

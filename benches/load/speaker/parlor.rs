//! parlor/1. The messages are those of the library; those that come by the million are read where they lie.

use std::io;

use bincode::Options;
use bytes::{Buf, Bytes, BytesMut};
use parlor::wire::{
    Frame, FromHost, Message, limits,
    message::{Hello, Joined, Ping, Roster, Said, Say},
};
use serde::Deserialize;

use super::{Speaker, strange};
use crate::{link::Link, plan::Over};

/// One in so many messages is also read by the library, to see that both read the same. All of them would take more of the
/// processor than everything else that is done here.
const COMPARED: u64 = 1024;

pub(crate) struct Parlor {
    /// The number of the next entry.
    next: u64,
}

/// A [`Said`] that owns nothing.
#[derive(Deserialize)]
struct SaidHere<'a> {
    seq: u64,
    at: u64,
    by: u32,
    name: &'a str,
    nonce: u64,
    text: &'a str,
}

impl SaidHere<'_> {
    fn is(&self, said: &Said) -> bool {
        let Said { seq, at, by, name, nonce, text } = said;
        (self.seq, self.at, self.by, self.name) == (*seq, *at, *by, name.as_str())
            && (self.nonce, self.text) == (*nonce, text)
    }
}

impl Speaker for Parlor {
    const HAS_OUR_HANDSHAKE: bool = true;

    async fn greet(link: &mut Link, number: usize) -> io::Result<Self> {
        let mut first = match link.over {
            Over::Tcp => b"parlor/1\0".to_vec(),
            Over::Tls => vec![0],
            Over::Quic => Vec::new(),
        };
        let hello = Hello { name: format!("m{number:04}"), room: None, conversation: 1, resume: None };
        first.extend_from_slice(&hello.encode());
        link.sink.write(&first).await?;
        let welcome = FromHost::read(&next(link).await?).map_err(strange)?;
        let Some(FromHost::Welcome(welcome)) = welcome else { return Err(strange("no welcome")) };
        let mut members = 0;
        while members < welcome.members as usize {
            let frame = next(link).await?;
            let listed = leading(&frame.payload)?;
            if frame.kind != Roster::KIND || is_compared(number as u64) && !lists(&frame, listed)? {
                return Err(strange("no roster"));
            }
            members += listed as usize;
        }
        Ok(Self { next: welcome.first })
    }

    fn say(text: &str, bytes: &mut Vec<u8>) {
        // A nonce need only be new; the text is.
        let nonce = fastrand::u64(..);
        bytes.extend_from_slice(&Say { nonce, text: text.to_owned() }.encode());
    }

    fn hear(&mut self, bytes: &mut BytesMut, heard: &mut impl FnMut(&[u8]), _: &mut Vec<u8>) -> io::Result<()> {
        let mut end = 0;
        while let Some((kind, payload)) = frame(&bytes[end..]) {
            end += 5 + payload.len();
            let seq = if kind == Said::KIND {
                let said: SaidHere<'_> = options().deserialize(payload).map_err(strange)?;
                if is_compared(said.seq) && !said.is(&Said::decode(payload).map_err(strange)?) {
                    return Err(strange("something that can be read in two ways"));
                }
                heard(said.text.as_bytes());
                Some(said.seq)
            } else {
                let read =
                    || FromHost::read(&Frame { kind, payload: Bytes::copy_from_slice(payload) }).map_err(strange);
                match kind {
                    // Who comes and goes: each of a crowd is told of all others.
                    Joined::KIND => {
                        let seq = leading(payload)?;
                        if is_compared(seq) && read()?.and_then(|message| message.seq()) != Some(seq) {
                            return Err(strange("something that can be read in two ways"));
                        }
                        Some(seq)
                    }
                    _ => read()?.and_then(|message| message.seq()),
                }
            };
            if let Some(seq) = seq {
                // A Gap is found by this, too.
                if seq != self.next {
                    return Err(strange(format!("entry {seq} after entry {}", self.next - 1)));
                }
                self.next += 1;
            }
        }
        bytes.advance(end);
        Ok(())
    }

    fn beat(bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&Ping { number: 0 }.encode());
    }
}

/// The first frame, if it is whole: its kind and its payload.
fn frame(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (kind, payload) = rest.get(..u32::from_be_bytes(*length) as usize)?.split_first()?;
    Some((*kind, payload))
}

/// The encoding, as `wire/codec.rs` has it.
fn options() -> impl Options {
    bincode::DefaultOptions::new().with_limit(limits::FRAME as u64 - 1)
}

/// The number that a message begins with: the place of an entry, the length of a list.
fn leading(payload: &[u8]) -> io::Result<u64> {
    options().allow_trailing_bytes().deserialize(payload).map_err(strange)
}

/// Whether this one is read by the library, too.
fn is_compared(number: u64) -> bool {
    number.is_multiple_of(COMPARED)
}

/// Whether it is a roster of so many.
fn lists(frame: &Frame, members: u64) -> io::Result<bool> {
    let message = FromHost::read(frame).map_err(strange)?;
    Ok(matches!(message, Some(FromHost::Roster(roster)) if roster.members.len() as u64 == members))
}

/// The next frame while one comes in. A host that closes is an error.
async fn next(link: &mut Link) -> io::Result<Frame> {
    loop {
        if let Some((kind, payload)) = frame(&link.heard) {
            let length = 5 + payload.len();
            let payload = link.heard.split_to(length).freeze().slice(5..);
            return Ok(Frame { kind, payload });
        }
        link.more().await?;
    }
}

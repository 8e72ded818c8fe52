//! The limit servers: frames of parlor's kind, and nothing in them but what is said.

use std::io;

use bytes::{Buf, BytesMut};

use super::Speaker;
use crate::link::Link;

pub(crate) struct Limit;

impl Speaker for Limit {
    const HAS_OUR_HANDSHAKE: bool = true;

    async fn greet(link: &mut Link, _: usize) -> io::Result<Self> {
        let mut hello = Vec::new();
        Self::say("", &mut hello);
        link.sink.write(&hello).await?;
        while frame(&link.heard).is_none() {
            link.more().await?;
        }
        link.heard.advance(5);
        Ok(Self)
    }

    fn say(text: &str, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&(text.len() as u32 + 1).to_be_bytes());
        bytes.push(0x20);
        bytes.extend_from_slice(text.as_bytes());
    }

    fn hear(&mut self, bytes: &mut BytesMut, heard: &mut impl FnMut(&[u8]), _: &mut Vec<u8>) -> io::Result<()> {
        let mut end = 0;
        while let Some(payload) = frame(&bytes[end..]) {
            heard(payload);
            end += 5 + payload.len();
        }
        bytes.advance(end);
        Ok(())
    }
}

/// What is in the first frame, if it is whole.
fn frame(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.get(1..u32::from_be_bytes(*length) as usize)
}

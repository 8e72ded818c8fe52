//! Mumble's protocol, of which only the text: frames of a kind, a length and a protocol buffer. The room is the root channel, and
//! nobody is told what they say themselves.

use std::io;

use bytes::{Buf, BytesMut};

use super::{Speaker, strange};
use crate::link::Link;

const VERSION: u16 = 0;
const AUTHENTICATE: u16 = 2;
const PING: u16 = 3;
const REJECT: u16 = 4;
const SERVER_SYNC: u16 = 5;
const PERMISSION_DENIED: u16 = 12;
const TEXT_MESSAGE: u16 = 11;

/// Of a protocol buffer: field and type. All fields here have numbers below 16, and a tag of one byte.
const TEXT: u8 = 5 << 3 | 2;
const CHANNEL: u8 = 3 << 3;

pub(crate) struct Mumble;

impl Speaker for Mumble {
    async fn greet(link: &mut Link, number: usize) -> io::Result<Self> {
        let mut hello = Vec::new();
        // Version 1.3.4; a name, and that Opus is spoken.
        frame(VERSION, &[&[1 << 3, 0x84, 0x86, 0x04]], &mut hello);
        let name = format!("m{number:04}");
        frame(AUTHENTICATE, &[&[1 << 3 | 2, name.len() as u8], name.as_bytes(), &[5 << 3, 1]], &mut hello);
        link.sink.write(&hello).await?;
        loop {
            while let Some((kind, payload)) = first(&link.heard) {
                let length = 6 + payload.len();
                match kind {
                    SERVER_SYNC => {
                        link.heard.advance(length);
                        return Ok(Self);
                    }
                    REJECT => return Err(strange(String::from_utf8_lossy(payload))),
                    _ => link.heard.advance(length),
                }
            }
            link.more().await?;
        }
    }

    fn has_echo(&self) -> bool {
        false
    }

    fn say(text: &str, bytes: &mut Vec<u8>) {
        let mut length = vec![TEXT];
        varint(text.len(), &mut length);
        frame(TEXT_MESSAGE, &[&[CHANNEL, 0], &length, text.as_bytes()], bytes);
    }

    fn hear(&mut self, bytes: &mut BytesMut, heard: &mut impl FnMut(&[u8]), _: &mut Vec<u8>) -> io::Result<()> {
        let mut end = 0;
        while let Some((kind, payload)) = first(&bytes[end..]) {
            end += 6 + payload.len();
            match kind {
                TEXT_MESSAGE => heard(text(payload).ok_or_else(|| strange("a message without a text"))?),
                REJECT | PERMISSION_DENIED => return Err(strange(String::from_utf8_lossy(payload))),
                _ => {}
            }
        }
        bytes.advance(end);
        Ok(())
    }

    fn beat(bytes: &mut Vec<u8>) {
        frame(PING, &[], bytes);
    }
}

fn frame(kind: u16, parts: &[&[u8]], bytes: &mut Vec<u8>) {
    let length = parts.iter().map(|part| part.len()).sum::<usize>();
    bytes.extend_from_slice(&kind.to_be_bytes());
    bytes.extend_from_slice(&(length as u32).to_be_bytes());
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
}

/// The first frame, if it is whole: its kind and its payload.
fn first(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (kind, rest) = bytes.split_first_chunk::<2>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    Some((u16::from_be_bytes(*kind), rest.get(..u32::from_be_bytes(*length) as usize)?))
}

/// The text of a message. Before it are numbers: who says it, and where.
fn text(mut fields: &[u8]) -> Option<&[u8]> {
    loop {
        let (tag, rest) = fields.split_first()?;
        let (value, rest) = number(rest)?;
        if *tag == TEXT {
            return rest.get(..value);
        }
        fields = rest;
    }
}

fn varint(mut value: usize, bytes: &mut Vec<u8>) {
    while value > 0x7f {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let length = bytes.iter().take(5).position(|byte| byte & 0x80 == 0)? + 1;
    let (written, rest) = bytes.split_at_checked(length)?;
    Some((written.iter().rev().fold(0, |value, byte| value << 7 | usize::from(byte & 0x7f)), rest))
}

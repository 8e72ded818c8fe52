//! MQTT 3.1.1, at most once: one topic is the room.

use std::io;

use bytes::{Buf, BytesMut};

use super::{Speaker, strange};
use crate::link::Link;

const CONNACK: u8 = 2;
const PUBLISH: u8 = 3;
const SUBACK: u8 = 9;

/// The topic, with its length before it.
const TOPIC: &[u8] = b"\0\x04load";

pub(crate) struct Mqtt;

impl Speaker for Mqtt {
    async fn greet(link: &mut Link, number: usize) -> io::Result<Self> {
        let mut hello = Vec::new();
        // Version 4, a new session, and no signs of life.
        let connect = [b"\0\x04MQTT\x04\x02\0\0\0\x05".as_slice(), format!("m{number:04}").as_bytes()].concat();
        packet(0x10, &[&connect], &mut hello);
        packet(0x82, &[b"\0\x01", TOPIC, b"\0"], &mut hello);
        link.sink.write(&hello).await?;
        loop {
            while let Some((kind, payload, length)) = first(&link.heard)? {
                match (kind >> 4, payload) {
                    (CONNACK, [_, 0]) => {}
                    (SUBACK, [_, _, 0]) => {
                        link.heard.advance(length);
                        return Ok(Self);
                    }
                    _ => return Err(strange(format!("{kind:#x} {payload:?}"))),
                }
                link.heard.advance(length);
            }
            link.more().await?;
        }
    }

    fn say(text: &str, bytes: &mut Vec<u8>) {
        packet(PUBLISH << 4, &[TOPIC, text.as_bytes()], bytes);
    }

    fn hear(&mut self, bytes: &mut BytesMut, heard: &mut impl FnMut(&[u8]), _: &mut Vec<u8>) -> io::Result<()> {
        let mut end = 0;
        while let Some((kind, payload, length)) = first(&bytes[end..])? {
            end += length;
            match payload.strip_prefix(TOPIC) {
                Some(text) if kind >> 4 == PUBLISH => heard(text),
                _ => return Err(strange(format!("{kind:#x}"))),
            }
        }
        bytes.advance(end);
        Ok(())
    }
}

fn packet(kind: u8, parts: &[&[u8]], bytes: &mut Vec<u8>) {
    bytes.push(kind);
    let mut length = parts.iter().map(|part| part.len()).sum::<usize>();
    while length > 0x7f {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
}

/// The first packet, if it is whole: its kind, its payload, and the length of all of it.
fn first(bytes: &[u8]) -> io::Result<Option<(u8, &[u8], usize)>> {
    let Some((kind, rest)) = bytes.split_first() else { return Ok(None) };
    let mut length = 0;
    for (at, byte) in rest.iter().enumerate().take(4) {
        length |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            let payload = rest.get(at + 1..at + 1 + length);
            return Ok(payload.map(|payload| (*kind, payload, at + 2 + length)));
        }
    }
    if rest.len() < 4 { Ok(None) } else { Err(strange("a length of more than four bytes")) }
}

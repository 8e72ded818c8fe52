//! IRC (RFC 2812), with the echo of one's own messages where the server has it.

use std::io;

use bytes::{Buf, BytesMut};

use super::{Speaker, line, strange};
use crate::link::Link;

const CHANNEL: &str = "#load";
/// What stands between who says something and what.
const SAYS: &[u8] = b"PRIVMSG #load :";

pub(crate) struct Irc {
    has_echo: bool,
}

impl Speaker for Irc {
    async fn greet(link: &mut Link, number: usize) -> io::Result<Self> {
        let hello = format!("CAP REQ :echo-message\r\nNICK m{number:04}\r\nUSER m 0 * :m\r\n");
        link.sink.write(hello.as_bytes()).await?;
        let mut has_echo = false;
        loop {
            let line = line(link).await?;
            let line = String::from_utf8_lossy(&line).into_owned();
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["PING", token, ..] => link.sink.write(format!("PONG {token}\r\n").as_bytes()).await?,
                ["ERROR", ..] => return Err(strange(line)),
                [_, "CAP", _, answer, ..] => {
                    has_echo = answer == "ACK";
                    link.sink.write(b"CAP END\r\n").await?;
                }
                // The end of the welcome, with or without a message of the day; and of the names.
                [_, "376" | "422", ..] => link.sink.write(format!("JOIN {CHANNEL}\r\n").as_bytes()).await?,
                [_, "366", ..] => return Ok(Self { has_echo }),
                [_, refused, ..] if refused.starts_with(['4', '5']) => return Err(strange(line)),
                _ => {}
            }
        }
    }

    fn has_echo(&self) -> bool {
        self.has_echo
    }

    fn say(text: &str, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(SAYS);
        bytes.extend_from_slice(text.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }

    fn hear(&mut self, bytes: &mut BytesMut, heard: &mut impl FnMut(&[u8]), answers: &mut Vec<u8>) -> io::Result<()> {
        let mut end = 0;
        while let Some(length) = memchr::memchr(b'\n', &bytes[end..]) {
            let line = bytes[end..end + length].trim_ascii_end();
            end += length + 1;
            let said = memchr::memchr(b' ', line).and_then(|space| line[space + 1..].strip_prefix(SAYS));
            if let Some(text) = said {
                heard(text);
            } else if let Some(token) = line.strip_prefix(b"PING ") {
                answers.extend_from_slice(b"PONG ");
                answers.extend_from_slice(token);
                answers.extend_from_slice(b"\r\n");
            } else if line.starts_with(b"ERROR") {
                return Err(strange(String::from_utf8_lossy(line)));
            }
        }
        bytes.advance(end);
        Ok(())
    }
}

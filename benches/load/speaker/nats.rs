//! The client protocol of NATS: one subject is the room. TLS begins after the server's first line.

use std::io;

use bytes::{Buf, BytesMut};
use tokio::{io::AsyncReadExt, net::TcpStream};

use super::{Speaker, line, strange};
use crate::{link::Link, plan::Over};

pub(crate) struct Nats;

impl Speaker for Nats {
    /// Only what one publisher says has one.
    const HAS_ONE_ORDER: bool = false;

    async fn before_tls(tcp: &mut TcpStream) -> io::Result<()> {
        // Byte by byte, for what follows is not ours to take.
        while tcp.read_u8().await? != b'\n' {}
        Ok(())
    }

    async fn greet(link: &mut Link, _: usize) -> io::Result<Self> {
        if link.over == Over::Tcp {
            line(link).await?;
        }
        link.sink
            .write(b"CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":true}\r\nSUB load 1\r\nPING\r\n")
            .await?;
        loop {
            let line = line(link).await?;
            match &line[..] {
                b"PONG" => return Ok(Self),
                line if line.starts_with(b"-ERR") => return Err(strange(String::from_utf8_lossy(line))),
                _ => {}
            }
        }
    }

    fn say(text: &str, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(format!("PUB load {}\r\n{text}\r\n", text.len()).as_bytes());
    }

    fn hear(&mut self, bytes: &mut BytesMut, heard: &mut impl FnMut(&[u8]), answers: &mut Vec<u8>) -> io::Result<()> {
        let mut end = 0;
        while let Some(length) = memchr::memchr(b'\n', &bytes[end..]) {
            let (line, mut next) = (bytes[end..end + length].trim_ascii_end(), end + length + 1);
            if let Some(message) = line.strip_prefix(b"MSG load 1 ") {
                let text: usize = str::from_utf8(message)
                    .ok()
                    .and_then(|length| length.parse().ok())
                    .ok_or_else(|| strange("MSG"))?;
                let Some(rest) = bytes[next..].get(..text + 2) else { break };
                heard(&rest[..text]);
                next += text + 2;
            } else if line == b"PING" {
                answers.extend_from_slice(b"PONG\r\n");
            } else if line.starts_with(b"-ERR") {
                return Err(strange(String::from_utf8_lossy(line)));
            }
            end = next;
        }
        bytes.advance(end);
        Ok(())
    }
}

//! The languages of the servers: how one comes in, says something, and hears what others say.

mod irc;
mod limit;
mod mqtt;
mod mumble;
mod nats;
mod parlor;

use std::io;

use bytes::BytesMut;
use tokio::net::TcpStream;

pub(crate) use self::{irc::Irc, limit::Limit, mqtt::Mqtt, mumble::Mumble, nats::Nats, parlor::Parlor};
use super::link::Link;

/// A member's side of a conversation.
pub(crate) trait Speaker: Sized + 'static {
    /// The handshake is parlor's: one shows a key, and names the protocol.
    const HAS_OUR_HANDSHAKE: bool = false;

    /// Everybody gets everything in the same order.
    const HAS_ONE_ORDER: bool = true;

    /// What is done before the handshake, on TCP.
    async fn before_tls(_tcp: &mut TcpStream) -> io::Result<()> {
        Ok(())
    }

    /// Comes into the room, as the member of this number, and sees who is there.
    async fn greet(link: &mut Link, number: usize) -> io::Result<Self>;

    /// Whether one is told what one says oneself.
    fn has_echo(&self) -> bool {
        true
    }

    /// Says something.
    fn say(text: &str, bytes: &mut Vec<u8>);

    /// Takes all that is complete: gives what somebody said to `heard`, and adds to `answers` what has to be answered.
    fn hear(&mut self, bytes: &mut BytesMut, heard: &mut impl FnMut(&[u8]), answers: &mut Vec<u8>) -> io::Result<()>;

    /// A sign of life, if the language asks for one.
    fn beat(_bytes: &mut Vec<u8>) {}
}

/// The server does not keep to its language.
fn strange(what: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("the server said: {what}"))
}

/// The next line, without its end, once it is there.
async fn line(link: &mut Link) -> io::Result<BytesMut> {
    loop {
        if let Some(end) = memchr::memchr(b'\n', &link.heard) {
            let mut line = link.heard.split_to(end + 1);
            line.truncate(line.trim_ascii_end().len());
            return Ok(line);
        }
        link.more().await?;
    }
}

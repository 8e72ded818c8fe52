//! Asking a TCP port whether a host of parlor is there, and what it serves, without coming in.
//!
//! A host answers a preamble before anything else is said (docs/PROTOCOL.md, "One port"): one of another version always with
//! a Close, the right one with a Close if it serves no plain TCP. So two preambles, each followed by the end of what we send,
//! tell all there is to know. Nobody is greeted, no identity is needed, and no member sees anything of it.

use std::{io, net::SocketAddr};

use bytes::BytesMut;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{Error, PROTOCOL, bind, tcp};
use crate::wire::{CloseCode, Message, frame, limits, message::Close};

/// A preamble that is no version's, and never will be one's.
const NO_VERSION: &[u8; PROTOCOL.len()] = b"parlor/?";

/// Bytes of an answer that are looked at: more than the longest Close takes.
const ANSWER: usize = frame::HEADER + 16 + limits::REASON;

/// What is behind a TCP port.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Behind {
    /// A host of parlor that speaks our version.
    Host {
        /// Whether it lets people in over plain TCP.
        plain: bool,
    },
    /// A host of parlor that speaks another version.
    OtherVersion,
    /// Something that answers otherwise.
    Other,
    /// Something that took the connection and ended it without a word.
    Nothing,
}

/// Connects, as TCP does, and ends the connection.
///
/// # Errors
///
/// [`Error::Unreachable`]. Has no deadline of its own; dropping the future gives up.
pub async fn connect(address: SocketAddr) -> Result<(), Error> {
    tcp::connect_directly(None, address).await.map(drop)
}

/// Asks what is behind `address`. Takes up to two connections, one after the other. Has no deadline of its own: something
/// that never answers is waited for. Dropping the future gives up.
///
/// # Errors
///
/// When it cannot be connected to, or breaks the connection.
pub async fn ask(address: SocketAddr) -> Result<Behind, Error> {
    match answer(address, NO_VERSION).await? {
        Answer::Close(CloseCode::Version) => {}
        Answer::None => return Ok(Behind::Nothing),
        Answer::Close(_) | Answer::Other => return Ok(Behind::Other),
    }
    Ok(match answer(address, PROTOCOL).await? {
        Answer::Close(CloseCode::Version) => Behind::OtherVersion,
        Answer::Close(CloseCode::PlaintextRefused) => Behind::Host { plain: false },
        // What is asked of us next, the host waited for in vain.
        Answer::None => Behind::Host { plain: true },
        Answer::Close(_) | Answer::Other => Behind::Other,
    })
}

/// Whether TCP on `port` could be listened on, on all addresses of this machine. It is, for a moment.
///
/// # Errors
///
/// Why not: [`io::ErrorKind::AddrInUse`] if somebody has it. Needs a tokio runtime around it.
pub fn tcp_is_free(port: u16) -> io::Result<()> {
    bind::tcp_listener(SocketAddr::new(bind::ANY, port)).map(drop)
}

/// The same for UDP.
///
/// # Errors
///
/// As for TCP.
pub fn udp_is_free(port: u16) -> io::Result<()> {
    bind::udp(SocketAddr::new(bind::ANY, port)).map(drop)
}

enum Answer {
    Close(CloseCode),
    Other,
    None,
}

/// What comes back for a preamble and the end of ours.
async fn answer(address: SocketAddr, preamble: &[u8]) -> Result<Answer, Error> {
    let mut tcp = tcp::connect_directly(None, address).await?;
    tcp.write_all(preamble).await.map_err(Error::Io)?;
    tcp.shutdown().await.map_err(Error::Io)?;
    let heard = hear(&mut tcp).await?;
    if heard.is_empty() {
        return Ok(Answer::None);
    }
    let Ok(Some(frame)) = frame::take(&mut BytesMut::from(&heard[..])) else { return Ok(Answer::Other) };
    if frame.kind != Close::KIND {
        return Ok(Answer::Other);
    }
    Ok(Close::decode(&frame.payload).map_or(Answer::Other, |close| Answer::Close(close.code.into())))
}

/// All that comes until the end, up to [`ANSWER`] bytes.
async fn hear(tcp: &mut TcpStream) -> Result<Vec<u8>, Error> {
    let mut heard = Vec::new();
    match tcp.take(ANSWER as u64).read_to_end(&mut heard).await {
        // Who ends a connection with bytes of ours unread resets it.
        Err(error) if error.kind() != io::ErrorKind::ConnectionReset => Err(Error::Io(error)),
        _ => Ok(heard),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::net::TcpListener;

    use super::*;
    use crate::{
        identity::Identity,
        transport::{Credentials, Port},
    };

    async fn behind(port: Port) -> Behind {
        let mut listener = port.listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_address().unwrap();
        let host = tokio::spawn(async move {
            while let Ok(incoming) = listener.accept().await {
                tokio::spawn(incoming.handshake);
            }
        });
        let behind = ask(address).await.unwrap();
        host.abort();
        behind
    }

    #[tokio::test]
    async fn a_host_says_what_it_serves_though_nobody_comes_in() {
        let credentials = Credentials::new(Arc::new(Identity::generate().unwrap()));
        let encrypted = || Port::encrypted(&credentials).unwrap();
        assert_eq!(behind(encrypted()).await, Behind::Host { plain: false });
        assert_eq!(behind(encrypted().and_plain()).await, Behind::Host { plain: true });
        assert_eq!(behind(Port::plain()).await, Behind::Host { plain: true });
    }

    /// What answers each preamble so is taken for this.
    async fn scripted(answers: &'static [&'static [u8]]) -> Behind {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            for answer in answers {
                let (mut tcp, _) = listener.accept().await.unwrap();
                let mut heard = Vec::new();
                tcp.read_to_end(&mut heard).await.unwrap();
                assert_eq!((heard.len(), &heard[..7]), (8, &b"parlor/"[..]), "a preamble and nothing else is sent");
                tcp.write_all(answer).await.unwrap();
            }
        });
        let behind = ask(address).await.unwrap();
        server.await.unwrap();
        behind
    }

    #[tokio::test]
    async fn another_version_and_another_program_are_told_apart() {
        // A Close with the code 9, Version, and no reason.
        const VERSION: &[u8] = &[0, 0, 0, 3, 0, 9, 0];
        assert_eq!(Close::new(CloseCode::Version, "").encode(), VERSION);
        assert_eq!(scripted(&[VERSION, VERSION]).await, Behind::OtherVersion);
        assert_eq!(scripted(&[b"HTTP/1.1 400 Bad Request\r\n\r\n"]).await, Behind::Other);
        assert_eq!(scripted(&[b"\xff\xff\xff\xff"]).await, Behind::Other);
        assert_eq!(scripted(&[b""]).await, Behind::Nothing);
    }

    #[tokio::test]
    async fn an_answer_without_end_is_not_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut tcp, _) = listener.accept().await.unwrap();
            while tcp.write_all(&[b'x'; 4096]).await.is_ok() {}
        });
        assert_eq!(ask(address).await.unwrap(), Behind::Other);
    }
}

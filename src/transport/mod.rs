//! Ways to carry frames to a peer.
//!
//! A [`Transport`] dials and listens, a [`Listener`] yields handshakes, a [`Connection`] yields [`Stream`]s, and a stream
//! carries frames both ways. What is said in them is nobody's business here: no chat, no members, no rooms.
//!
//! - [`error`]: what can go wrong, folded to what one can do about it
//! - [`stream`]: the two halves of a stream
//! - [`quic`], [`tls`], [`tcp`], [`memory`]: the transports
//! - [`knock`]: what is behind a port, asked without coming in
//! - `sockets`: what TLS, TCP and memory share: one pipe a stream, further ones attached by a ticket
//! - `port`: one TCP port for TLS and plain TCP, told apart by the first byte
//! - `trust`: the TLS configurations, and the only two certificate verifiers there are
//! - [`proxy`]: a machine that connects for TLS and plain TCP
//! - `bind`: sockets for both families of addresses
//!
//! The types of quinn, rustls and tokio-rustls end here.

mod bind;
pub mod error;
pub mod knock;
pub mod memory;
mod port;
pub mod proxy;
pub mod quic;
mod sockets;
pub mod stream;
pub mod tcp;
pub mod tls;
mod trust;

use std::{
    fmt,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use serde::Serialize;
use tokio::{sync::Semaphore, time::timeout};
use tracing::{Span, field};

pub use error::Error;
pub use port::Port;
pub use proxy::Proxy;
pub use quic::Quic;
pub use stream::{RecvHalf, SendHalf, Stream};
pub use tcp::Tcp;
pub use tls::Tls;
pub(crate) use trust::warmed_up;
pub use trust::{Credentials, fingerprint_of_certificate, warm_up};

use crate::{
    identity::Fingerprint,
    wire::{CloseCode, Security, Ticket},
};

/// A boxed future. Only the cold paths (dial, accept, open, close) return one.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The protocol's name and version: the ALPN of QUIC and TLS, and the first bytes on plain TCP.
pub const PROTOCOL: &[u8] = b"parlor/1";

/// A way to carry frames.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// QUIC on UDP, with TLS 1.3.
    Quic,
    /// TLS 1.3 on TCP.
    Tls,
    /// Plain TCP.
    Tcp,
    /// Inside one process, for tests.
    Memory,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(address) => address.fmt(f),
            Self::Name(name, port) => write!(f, "{name}:{port}"),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Quic => "QUIC",
            Self::Tls => "TLS",
            Self::Tcp => "TCP",
            Self::Memory => "memory",
        })
    }
}

/// Where to dial.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Place {
    /// An address.
    Socket(SocketAddr),
    /// A name and a port, for a proxy to look up.
    Name(String, u16),
}

/// Which key the dialled peer must prove to have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Expect {
    /// This one. Anything else is [`Error::IdentityMismatch`], before one byte of ours is sent.
    Key(Fingerprint),
    /// Not known yet. Where there are keys the dial ends with [`Error::IdentityUnknown`], which names the one that the
    /// peer proved to have, and nothing of ours is sent; dial again with it once somebody has agreed to it.
    Unknown,
}

/// Who is at the other end.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Over what.
    pub kind: Kind,
    /// What the connection guarantees about them.
    pub security: Security,
    /// Their address, IPv4 as such even when it came in on an IPv6 socket; where only a proxy knows it, the proxy's.
    pub remote: SocketAddr,
    /// The key that they proved to have.
    pub fingerprint: Option<Fingerprint>,
    /// The negotiated key exchange, by its standard name, such as `X25519MLKEM768`.
    pub key_exchange: Option<String>,
}

/// A way to carry frames: makes connections and waits for them.
pub trait Transport: Send + Sync {
    /// Which one.
    fn kind(&self) -> Kind;

    /// Listens on `address`; port 0 takes any that is free. Both families on `[::]`. Needs a tokio runtime around it.
    ///
    /// # Errors
    ///
    /// When the address cannot be had.
    fn listen(&self, address: SocketAddr) -> io::Result<Box<dyn Listener>>;

    /// Dials, and shakes hands where there is a handshake. Has no deadline of its own; dropping the future gives up.
    fn dial(&self, address: SocketAddr, expect: Expect) -> BoxFuture<'_, Result<Arc<dyn Connection>, Error>>;

    /// The same to somewhere that may be a name, which only a transport that has a proxy can reach.
    fn dial_place(&self, place: Place, expect: Expect) -> BoxFuture<'_, Result<Arc<dyn Connection>, Error>> {
        match place {
            Place::Socket(address) => self.dial(address, expect),
            Place::Name(..) => Box::pin(async { Err(Error::Unreachable(io::ErrorKind::Unsupported.into())) }),
        }
    }
}

/// Waits for peers. Dropping it stops that; connections that were made go on.
pub trait Listener: Send {
    /// Where it listens.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    fn local_address(&self) -> io::Result<SocketAddr>;

    /// The next peer. Cancel-safe.
    ///
    /// # Errors
    ///
    /// Either one peer was lost before it could be told apart, or the system is out of something; wait a little and go on.
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Incoming>>;
}

/// A peer that has knocked.
pub struct Incoming {
    /// From where.
    pub remote: SocketAddr,
    /// What is left to do. Separate, so that a slow handshake never blocks the listener; has no deadline of its own.
    pub handshake: BoxFuture<'static, Result<Accepted, Error>>,
}

/// What a handshake has led to.
pub enum Accepted {
    /// A new connection.
    Connection(Arc<dyn Connection>),
    /// One more stream of a connection that was there; it comes out of [`Connection::accept`].
    Stream,
}

/// One peer, reached over one transport. Only the dialling side opens streams.
pub trait Connection: Send + Sync {
    /// Who is at the other end.
    fn peer(&self) -> &Peer;

    /// How much has come from the peer that only it can have sent, frames or not: a number that grows. None where what does
    /// not come in frames cannot be seen.
    fn received(&self) -> Option<u64> {
        None
    }

    /// Accepting side: what the peer has to show to open a further stream; none where the transport has streams itself.
    fn ticket(&self) -> Option<Ticket>;

    /// Dialling side: the ticket that the peer handed out.
    fn use_ticket(&self, ticket: Ticket);

    /// Dialling side: a stream. The peer learns of it with the first frame. Further ones may need a ticket.
    fn open(&self) -> BoxFuture<'_, Result<Stream, Error>>;

    /// Accepting side: the next stream that the peer opened. Cancel-safe.
    fn accept(&self) -> BoxFuture<'_, Result<Stream, Error>>;

    /// Tells the peer why, after all that was sent on the first stream, and ends the connection. That stream's halves are to be
    /// dropped before: while its way out is held, the reason cannot be told. Takes at most
    /// [`limits::FAREWELL`](crate::wire::limits::FAREWELL), twice over if the peer does not read.
    fn close<'a>(&'a self, code: CloseCode, reason: &'a str) -> BoxFuture<'a, ()>;
}

/// Who keeps the host waiting for so long in a handshake is no longer counted.
const TURN: Duration = Duration::from_millis(50);

/// Does the work of a handshake when it is its turn: of a crowd that comes at once, as many as there are `turns`. So the memory
/// that handshakes take is used again, and those who wait take up next to none.
async fn in_turn<W: IntoFuture>(turns: &Semaphore, work: impl FnOnce() -> W) -> W::Output {
    // Nobody closes it.
    let turn = turns.acquire().await;
    // On the heap: who waits for their turn, or speaks plain TCP, does not have to have the space.
    let mut work = Box::pin(work().into_future());
    match timeout(TURN, &mut work).await {
        Ok(done) => done,
        Err(_) => {
            drop(turn);
            work.await
        }
    }
}

/// Tells the log over what somebody has knocked, as soon as that is known: the span of the connection has a place for it.
fn log_kind(kind: Kind) {
    Span::current().record("over", field::display(kind));
}

/// An IPv4 address that came in on an IPv6 socket, as IPv4. Any other as it is, scope and all.
fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        ip @ IpAddr::V4(_) => SocketAddr::new(ip, address.port()),
        IpAddr::V6(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A link-local address lost its scope, and was not known again.
    #[test]
    fn only_an_ipv4_address_in_an_ipv6_one_is_taken_out() {
        let mapped: SocketAddr = "[::ffff:192.168.1.20]:7275".parse().unwrap();
        assert_eq!(canonical(mapped), "192.168.1.20:7275".parse().unwrap());
        let scoped: SocketAddr = "[fe80::1%3]:7275".parse().unwrap();
        assert_eq!(canonical(scoped), scoped);
    }
}

//! One TCP port for TLS and plain TCP, told apart by the first byte.
//!
//! People forward one port. Whoever joins has chosen what to speak before the first byte; the host looks at that byte,
//! and what it does not serve it refuses in the other's own language.

use std::{io, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_rustls::TlsAcceptor;

use super::{
    Accepted, BoxFuture, Credentials, Error, Incoming, Kind, Listener, PROTOCOL, bind, canonical, in_turn, log_kind,
    sockets::{Desk, Pipe, SocketConnection, farewell},
    stream::Made,
    tcp, tls,
};
use crate::wire::{CloseCode, Message, message::Close};

/// The first byte of a TLS handshake: the record type of RFC 8446, section 5.1.
const TLS_HANDSHAKE: u8 = 22;

/// A fatal alert, `no_application_protocol`: what a TLS peer understands where no TLS is served.
const TLS_REFUSAL: [u8; 7] = [21, 3, 3, 0, 2, 2, 120];

/// Handshakes of TLS that are worked on at a time: each takes some 20 KiB for as long as it lasts, and a round trip.
const AT_A_TIME: usize = 32;

/// What is served on one TCP port.
#[derive(Clone)]
pub struct Port {
    encrypted: Option<TlsAcceptor>,
    plain: bool,
    turns: Arc<Semaphore>,
}

impl Port {
    /// Plain TCP only.
    pub fn plain() -> Self {
        Self { encrypted: None, plain: true, turns: turns() }
    }

    /// TLS only.
    ///
    /// # Errors
    ///
    /// When the identity is not usable for TLS.
    pub fn encrypted(credentials: &Credentials) -> io::Result<Self> {
        let config = credentials.server().map_err(io::Error::other)?;
        Ok(Self { encrypted: Some(TlsAcceptor::from(Arc::new(config))), plain: false, turns: turns() })
    }

    /// The same, and plain TCP beside it.
    pub fn and_plain(self) -> Self {
        Self { plain: true, ..self }
    }

    /// Listens; see [`Transport::listen`](super::Transport::listen).
    ///
    /// # Errors
    ///
    /// When the address cannot be had.
    pub fn listen(self, address: SocketAddr) -> io::Result<Box<dyn Listener>> {
        let listener = bind::tcp_listener(address)?;
        Ok(Box::new(PortListener { listener, port: self, desk: Desk::default() }))
    }

    async fn shake(self, tcp: TcpStream, remote: SocketAddr, desk: Desk) -> Result<Accepted, Error> {
        tcp.set_nodelay(true).map_err(Error::Io)?;
        let mut first = [0];
        if tcp.peek(&mut first).await.map_err(Error::Io)? == 0 {
            return Err(Error::Io(io::ErrorKind::UnexpectedEof.into()));
        }
        log_kind(if first == [TLS_HANDSHAKE] { Kind::Tls } else { Kind::Tcp });
        match (first, &self.encrypted) {
            ([TLS_HANDSHAKE], Some(acceptor)) => {
                let (peer, pipe) = in_turn(&self.turns, || tls::accept(acceptor, tcp, remote)).await?;
                SocketConnection::accepted(peer, pipe.into_stream(), desk).await
            }
            ([TLS_HANDSHAKE], None) => {
                farewell(Pipe::Tcp(tcp).into_stream(), Bytes::from_static(&TLS_REFUSAL)).await;
                Err(Error::WrongProtocol("it speaks TLS, which is not served here".to_owned()))
            }
            _ => self.shake_plain(Pipe::Tcp(tcp).into_stream(), remote, desk).await,
        }
    }

    async fn shake_plain(self, mut made: Made, remote: SocketAddr, desk: Desk) -> Result<Accepted, Error> {
        let preamble: [u8; PROTOCOL.len()] = made.preface().await?;
        let refusal = match preamble.strip_prefix(b"parlor/") {
            Some(_) if preamble != PROTOCOL => {
                Close::new(CloseCode::Version, "This host speaks parlor/1. One of the two programs needs an update.")
            }
            Some(_) if !self.plain => Close::new(
                CloseCode::PlaintextRefused,
                "This room is encrypted, and its host does not talk in the clear. Join it with encryption.",
            ),
            Some(_) => return SocketConnection::accepted(tcp::peer(remote), made, desk).await,
            None => return Err(Error::WrongProtocol("its first bytes are not ours".to_owned())),
        };
        farewell(made, refusal.encode()).await;
        Err(refusal.into())
    }
}

fn turns() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(AT_A_TIME))
}

struct PortListener {
    listener: TcpListener,
    port: Port,
    desk: Desk,
}

impl Listener for PortListener {
    fn local_address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<Incoming>> {
        Box::pin(async move {
            let (tcp, remote) = self.listener.accept().await?;
            let handshake = self.port.clone().shake(tcp, remote, self.desk.clone());
            Ok(Incoming { remote: canonical(remote), handshake: Box::pin(handshake) })
        })
    }
}

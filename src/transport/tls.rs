//! TLS 1.3 on TCP: as safe as QUIC, and gets through where UDP does not.

use std::{
    io::{self, IoSlice},
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use super::{
    BoxFuture, Connection, Credentials, Error, Expect, Kind, Listener, PROTOCOL, Peer, Place, Port, Proxy, Transport,
    canonical,
    error::broken,
    sockets::{Pipe, SocketConnection},
    tcp::WayOut,
    trust::{SERVER_NAME, fingerprint_of},
};
use crate::wire::Security;

/// TLS 1.3 on TCP.
#[derive(Clone)]
pub struct Tls {
    credentials: Credentials,
    way_out: WayOut,
}

impl Tls {
    /// TLS with this identity, which dials from the local address `bind`, or from any.
    pub fn new(credentials: Credentials, bind: Option<IpAddr>) -> Self {
        Self { credentials, way_out: WayOut { bind, proxy: None } }
    }

    /// The same through a proxy.
    #[must_use]
    pub fn through(self, proxy: Option<Proxy>) -> Self {
        Self { way_out: WayOut { proxy, ..self.way_out }, ..self }
    }

    pub(super) async fn shake(
        &self,
        place: &Place,
        expect: Expect,
    ) -> Result<(Box<TlsStream<Socket>>, SocketAddr), Error> {
        let (config, host_key) = self.credentials.client(expect).map_err(configuration)?;
        let (tcp, remote) = self.way_out.connect(place).await?;
        let name = ServerName::try_from(SERVER_NAME).map_err(|e| Error::Io(io::Error::other(e)))?;
        match TlsConnector::from(Arc::new(config)).connect(name, Socket(tcp)).await {
            Ok(tls) => Ok((proper(tls.into())?, remote)),
            Err(error) => Err(host_key.objection().unwrap_or_else(|| failed(error))),
        }
    }
}

impl Transport for Tls {
    fn kind(&self) -> Kind {
        Kind::Tls
    }

    fn listen(&self, address: SocketAddr) -> io::Result<Box<dyn Listener>> {
        Port::encrypted(&self.credentials)?.listen(address)
    }

    fn dial(&self, address: SocketAddr, expect: Expect) -> BoxFuture<'_, Result<Arc<dyn Connection>, Error>> {
        self.dial_place(Place::Socket(address), expect)
    }

    fn dial_place(&self, place: Place, expect: Expect) -> BoxFuture<'_, Result<Arc<dyn Connection>, Error>> {
        let tls = self.clone();
        Box::pin(async move {
            let (pipe, remote) = tls.shake(&place, expect).await?;
            let security = match expect {
                Expect::Key(_) => Security::Pinned,
                Expect::Unknown => Security::Encrypted,
            };
            let peer = peer(&pipe, remote, security)?;
            let redial = Box::new(move || -> BoxFuture<'static, _> {
                let (tls, place) = (tls.clone(), place.clone());
                Box::pin(async move { Ok(Pipe::Tls(tls.shake(&place, expect).await?.0)) })
            });
            SocketConnection::dialled(peer, Pipe::Tls(pipe), redial).await
        })
    }
}

/// The accepting side's handshake.
pub(super) async fn accept(acceptor: &TlsAcceptor, tcp: TcpStream, remote: SocketAddr) -> Result<(Peer, Pipe), Error> {
    let tls = proper(acceptor.accept(Socket(tcp)).await.map_err(failed)?.into())?;
    Ok((peer(&tls, remote, Security::Encrypted)?, Pipe::Tls(tls)))
}

/// TLS without our ALPN would be somebody else's protocol; a peer that offers none at all gets this far.
fn proper(tls: TlsStream<Socket>) -> Result<Box<TlsStream<Socket>>, Error> {
    match tls.get_ref().1.alpn_protocol() {
        Some(PROTOCOL) => Ok(Box::new(tls)),
        _ => Err(Error::WrongProtocol("it speaks TLS, but not parlor in it".to_owned())),
    }
}

fn peer(tls: &TlsStream<Socket>, remote: SocketAddr, security: Security) -> Result<Peer, Error> {
    let (_, session) = tls.get_ref();
    let certificate = session.peer_certificates().and_then(|chain| chain.first()).ok_or(Error::IdentityRefused)?;
    Ok(Peer {
        kind: Kind::Tls,
        security,
        remote: canonical(remote),
        fingerprint: Some(fingerprint_of(certificate).map_err(configuration)?),
        key_exchange: session.negotiated_key_exchange_group().map(|group| format!("{:?}", group.name())),
    })
}

/// A handshake that failed, for another reason than the key.
fn failed(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => Error::Unreachable(error),
        _ => broken(error),
    }
}

pub(super) fn configuration(error: rustls::Error) -> Error {
    Error::Io(io::Error::other(error))
}

/// A TCP socket that writes a list of one piece as that piece. rustls writes lists, mostly of one, and for a list the system takes longer:
/// a write to a member of a busy room takes some 6 % less of the processor like this.
pub(super) struct Socket(pub(super) TcpStream);

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, piece: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, piece)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match pieces {
            [piece] => Pin::new(&mut self.0).poll_write(cx, piece),
            pieces => Pin::new(&mut self.0).poll_write_vectored(cx, pieces),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

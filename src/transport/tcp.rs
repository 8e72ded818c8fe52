//! Plain TCP: no encryption and no identity. Only ever used because somebody asked for it.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use tokio::net::{TcpSocket, TcpStream};

use super::{
    BoxFuture, Connection, Error, Expect, Kind, Listener, Peer, Place, Port, Proxy, Transport, canonical,
    sockets::{Pipe, SocketConnection},
};
use crate::wire::Security;

/// Plain TCP.
#[derive(Clone, Debug, Default)]
pub struct Tcp {
    way_out: WayOut,
}

impl Tcp {
    /// Plain TCP that dials from the local address `bind`, or from any.
    pub fn new(bind: Option<IpAddr>) -> Self {
        Self { way_out: WayOut { bind, proxy: None } }
    }

    /// The same through a proxy.
    #[must_use]
    pub fn through(self, proxy: Option<Proxy>) -> Self {
        Self { way_out: WayOut { proxy, ..self.way_out } }
    }
}

impl Transport for Tcp {
    fn kind(&self) -> Kind {
        Kind::Tcp
    }

    fn listen(&self, address: SocketAddr) -> io::Result<Box<dyn Listener>> {
        Port::plain().listen(address)
    }

    fn dial(&self, address: SocketAddr, expect: Expect) -> BoxFuture<'_, Result<Arc<dyn Connection>, Error>> {
        self.dial_place(Place::Socket(address), expect)
    }

    fn dial_place(&self, place: Place, expect: Expect) -> BoxFuture<'_, Result<Arc<dyn Connection>, Error>> {
        let way_out = self.way_out.clone();
        Box::pin(async move {
            if let Expect::Key(_) = expect {
                return Err(Error::IdentityImpossible);
            }
            let (tcp, remote) = way_out.connect(&place).await?;
            let redial = Box::new(move || -> BoxFuture<'static, _> {
                let (way_out, place) = (way_out.clone(), place.clone());
                Box::pin(async move { Ok(Pipe::Tcp(way_out.connect(&place).await?.0)) })
            });
            SocketConnection::dialled(peer(remote), Pipe::Tcp(tcp), redial).await
        })
    }
}

/// Who is at the other end of a plain TCP connection: all that can be known is where.
pub(super) fn peer(remote: SocketAddr) -> Peer {
    Peer {
        kind: Kind::Tcp,
        security: Security::Plaintext,
        remote: canonical(remote),
        fingerprint: None,
        key_exchange: None,
    }
}

/// How TCP leaves this machine.
#[derive(Clone, Debug, Default)]
pub(super) struct WayOut {
    /// The local address to dial from; any, if none.
    pub(super) bind: Option<IpAddr>,
    /// Who connects for us.
    pub(super) proxy: Option<Proxy>,
}

impl WayOut {
    /// A TCP connection, and where its other end is: the proxy's address where only the proxy knows more.
    pub(super) async fn connect(&self, place: &Place) -> Result<(TcpStream, SocketAddr), Error> {
        match (&self.proxy, place) {
            (Some(proxy), place) => proxy.connect(self.bind, place).await,
            (None, Place::Socket(address)) => Ok((connect_directly(self.bind, *address).await?, *address)),
            (None, Place::Name(..)) => Err(Error::Unreachable(io::ErrorKind::Unsupported.into())),
        }
    }
}

/// A TCP connection from the local address `bind`, if one is given.
pub(super) async fn connect_directly(bind: Option<IpAddr>, address: SocketAddr) -> Result<TcpStream, Error> {
    let connect = async {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        if let Some(local) = bind {
            socket.bind(SocketAddr::new(local, 0))?;
        }
        let tcp = socket.connect(address).await?;
        tcp.set_nodelay(true)?;
        Ok(tcp)
    };
    connect.await.map_err(Error::Unreachable)
}

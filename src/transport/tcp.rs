//! Plain TCP: no encryption and no identity. Only ever used because somebody asked for it.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
};

use super::{
    BoxFuture, Connection, Error, Expect, Kind, Listener, PROTOCOL, Peer, Port, Transport, canonical,
    sockets::{Pipe, SocketConnection},
};
use crate::wire::Security;

/// Plain TCP.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tcp {
    bind: Option<IpAddr>,
}

impl Tcp {
    /// Plain TCP that dials from the local address `bind`, or from any.
    pub fn new(bind: Option<IpAddr>) -> Self {
        Self { bind }
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
        let bind = self.bind;
        Box::pin(async move {
            if let Expect::Key(_) = expect {
                return Err(Error::IdentityImpossible);
            }
            let pipe = greet(bind, address).await?;
            let redial = Box::new(move || -> BoxFuture<'static, _> { Box::pin(greet(bind, address)) });
            SocketConnection::dialled(peer(address), pipe, redial).await
        })
    }
}

/// Connects and says what will be spoken.
async fn greet(bind: Option<IpAddr>, address: SocketAddr) -> Result<Pipe, Error> {
    let mut tcp = connect(bind, address).await?;
    tcp.write_all(PROTOCOL).await.map_err(Error::Io)?;
    Ok(Pipe::Tcp(tcp))
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

/// A TCP connection from the local address `bind`, if one is given.
pub(super) async fn connect(bind: Option<IpAddr>, address: SocketAddr) -> Result<TcpStream, Error> {
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

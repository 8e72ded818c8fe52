//! A transport inside one process: the same pipes and tickets as on TCP, without a socket.
//!
//! For tests of what stands above: with it they need no port, and time can be faked. Where the network itself is what is
//! tested against, a [`Wire`] lies between the two ends of each pipe and does to the bytes what it likes.

use std::{
    collections::HashMap,
    fmt, io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    io::{DuplexStream, duplex},
    sync::mpsc,
};

use super::{
    BoxFuture, Connection, Error, Expect, Incoming, Kind, Listener, Peer, Transport,
    sockets::{Desk, Pipe, SocketConnection},
};
use crate::{identity::Fingerprint, wire::Security};

/// Bytes that a pipe holds before its writer has to wait.
const PIPE: usize = 64 * 1024;

/// Knocks that may wait to be accepted.
const BACKLOG: usize = 1024;

/// A network inside the process: who listens where.
#[derive(Clone, Debug, Default)]
pub struct Network {
    hosts: Arc<Mutex<HashMap<SocketAddr, Host>>>,
    wire: Option<Wire>,
}

/// What lies between the two ends of a pipe, and carries bytes from one to the other.
#[derive(Clone)]
pub struct Wire(Arc<dyn Fn(SocketAddr, DuplexStream, DuplexStream) + Send + Sync>);

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

#[derive(Clone, Debug)]
struct Host {
    fingerprint: Fingerprint,
    door: mpsc::Sender<(SocketAddr, Fingerprint, DuplexStream)>,
}

impl Network {
    /// A network on which every pipe goes through `lay`: it is given the address of who dials, the end of the pipe that leads to
    /// them, and the one that leads to who listens. Whatever it does not carry does not arrive.
    pub fn with_wire(lay: impl Fn(SocketAddr, DuplexStream, DuplexStream) + Send + Sync + 'static) -> Self {
        Self { hosts: Arc::default(), wire: Some(Wire(Arc::new(lay))) }
    }

    /// The two ends of a new pipe, for who dials from `address` and for who listens.
    fn pipe(&self, address: SocketAddr) -> (DuplexStream, DuplexStream) {
        let (ours, theirs) = duplex(PIPE);
        let Some(Wire(lay)) = &self.wire else { return (ours, theirs) };
        let (beyond, end) = duplex(PIPE);
        lay(address, theirs, beyond);
        (ours, end)
    }

    fn hosts(&self) -> MutexGuard<'_, HashMap<SocketAddr, Host>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One peer's access to a [`Network`].
#[derive(Clone, Debug)]
pub struct Memory {
    network: Network,
    own: Fingerprint,
    address: SocketAddr,
}

impl Memory {
    /// A peer on `network` with this key, who dials from `address`.
    pub fn new(network: Network, own: Fingerprint, address: SocketAddr) -> Self {
        Self { network, own, address }
    }

    async fn knock(self, address: SocketAddr, expect: Expect) -> Result<(Fingerprint, Pipe), Error> {
        let host = self.network.hosts().get(&address).cloned();
        let host = host.ok_or_else(|| Error::Unreachable(io::ErrorKind::ConnectionRefused.into()))?;
        let found = host.fingerprint;
        match expect {
            Expect::Key(expected) if expected != found => return Err(Error::IdentityMismatch { expected, found }),
            Expect::Unknown => return Err(Error::IdentityUnknown { found }),
            Expect::Key(_) => {}
        }
        let (ours, theirs) = self.network.pipe(self.address);
        let knock = host.door.send((self.address, self.own, theirs)).await;
        knock.map_err(|_| Error::Unreachable(io::ErrorKind::ConnectionRefused.into()))?;
        Ok((found, Pipe::Memory(ours)))
    }
}

impl Transport for Memory {
    fn kind(&self) -> Kind {
        Kind::Memory
    }

    fn listen(&self, address: SocketAddr) -> io::Result<Box<dyn Listener>> {
        let (door, knocks) = mpsc::channel(BACKLOG);
        let host = Host { fingerprint: self.own, door };
        let mut hosts = self.network.hosts();
        if hosts.get(&address).is_some_and(|host| !host.door.is_closed()) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        hosts.insert(address, host);
        Ok(Box::new(MemoryListener { address, knocks, desk: Desk::default() }))
    }

    fn dial(&self, address: SocketAddr, expect: Expect) -> BoxFuture<'_, Result<Arc<dyn Connection>, Error>> {
        let memory = self.clone();
        Box::pin(async move {
            let (found, pipe) = memory.clone().knock(address, expect).await?;
            let redial = Box::new(move || -> BoxFuture<'static, _> {
                let memory = memory.clone();
                Box::pin(async move { Ok(memory.knock(address, expect).await?.1) })
            });
            SocketConnection::dialled(peer(address, found, Security::Pinned), pipe, redial).await
        })
    }
}

struct MemoryListener {
    address: SocketAddr,
    knocks: mpsc::Receiver<(SocketAddr, Fingerprint, DuplexStream)>,
    desk: Desk,
}

impl Listener for MemoryListener {
    fn local_address(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<Incoming>> {
        Box::pin(async move {
            let (remote, fingerprint, pipe) =
                self.knocks.recv().await.ok_or(io::Error::from(io::ErrorKind::NotConnected))?;
            let peer = peer(remote, fingerprint, Security::Encrypted);
            let handshake = SocketConnection::accepted(peer, Pipe::Memory(pipe).into_stream(), self.desk.clone());
            Ok(Incoming { remote, handshake: Box::pin(handshake) })
        })
    }
}

fn peer(remote: SocketAddr, fingerprint: Fingerprint, security: Security) -> Peer {
    Peer { kind: Kind::Memory, security, remote, fingerprint: Some(fingerprint), key_exchange: None }
}

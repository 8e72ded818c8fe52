//! The way between a member and a host, in the hands of somebody else: on one port of both TCP and UDP, to be led
//! anywhere, with everything kept that the member sends.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    task::AbortHandle,
};

use crate::harness::{Outcome, loopback};

/// Where something leads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum To {
    Peer(SocketAddr),
    /// It is taken, and nothing comes back.
    Nowhere,
    /// A TCP connection is closed at once. Of UDP nothing comes back.
    Refusal,
}

pub(crate) struct Path {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    tcp: To,
    udp: To,
    carrying: Vec<AbortHandle>,
    /// Ways on for datagrams, by the member's address.
    ways: HashMap<SocketAddr, Arc<UdpSocket>>,
    /// What came from the member: on each TCP connection, and in datagrams.
    connections: Vec<Vec<u8>>,
    datagrams: Vec<u8>,
}

type Shared = Arc<Mutex<State>>;

fn lock(state: &Shared) -> MutexGuard<'_, State> {
    state.lock().expect("no panic under it")
}

impl Path {
    pub(crate) async fn leading(tcp: To, udp: To) -> Outcome<Self> {
        let (listener, socket) = loop {
            let listener = TcpListener::bind(loopback()).await?;
            // The same number may be taken on UDP.
            if let Ok(socket) = UdpSocket::bind(listener.local_addr()?).await {
                break (listener, Arc::new(socket));
            }
        };
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State {
            tcp,
            udp,
            carrying: Vec::new(),
            ways: HashMap::new(),
            connections: Vec::new(),
            datagrams: Vec::new(),
        }));
        tokio::spawn(carry_connections(listener, state.clone()));
        tokio::spawn(carry_datagrams(socket, state.clone()));
        Ok(Self { address, state })
    }

    /// From now on it leads there, and what was connected is cut.
    pub(crate) fn lead(&self, tcp: To, udp: To) {
        let mut state = lock(&self.state);
        (state.tcp, state.udp) = (tcp, udp);
        state.ways.clear();
        state.carrying.drain(..).for_each(|task| task.abort());
    }

    /// How many TCP connections there have been.
    pub(crate) fn connections(&self) -> usize {
        lock(&self.state).connections.len()
    }

    /// Fails if a member said `secret` in the clear, or anything at all in plain TCP.
    pub(crate) fn saw_nothing_of(&self, secret: &str) {
        let state = lock(&self.state);
        assert!(!(state.connections.is_empty() && state.datagrams.is_empty()), "nobody came this way");
        for bytes in &state.connections {
            assert!(matches!(bytes.first(), None | Some(22)), "not TLS: {bytes:?}");
        }
        for bytes in state.connections.iter().chain([&state.datagrams]) {
            assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "it was said in the clear");
        }
    }
}

async fn carry_connections(listener: TcpListener, state: Shared) {
    while let Ok((inside, _)) = listener.accept().await {
        let mut open = lock(&state);
        let number = open.connections.len();
        open.connections.push(Vec::new());
        let carried = tokio::spawn(carry(inside, open.tcp, number, state.clone()));
        open.carrying.push(carried.abort_handle());
    }
}

async fn carry(mut inside: TcpStream, to: To, number: usize, state: Shared) -> Outcome {
    let (from, back) = inside.split();
    let keep = |bytes: &[u8]| lock(&state).connections[number].extend_from_slice(bytes);
    match to {
        To::Refusal => Ok(()),
        To::Nowhere => pump(from, tokio::io::sink(), keep).await,
        To::Peer(peer) => {
            let mut outside = TcpStream::connect(peer).await?;
            let (answers, on) = outside.split();
            let (there, returned) = tokio::join!(pump(from, on, keep), pump(answers, back, |_| {}));
            there.and(returned)
        }
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut keep: impl FnMut(&[u8]),
) -> Outcome {
    let mut bytes = [0; 4_096];
    loop {
        match from.read(&mut bytes).await? {
            0 => return Ok(to.shutdown().await?),
            read => {
                keep(&bytes[..read]);
                to.write_all(&bytes[..read]).await?;
            }
        }
    }
}

async fn carry_datagrams(inside: Arc<UdpSocket>, state: Shared) {
    let mut datagram = vec![0; 65_536];
    loop {
        let Ok((size, member)) = inside.recv_from(&mut datagram).await else { continue };
        let (to, known) = {
            let mut state = lock(&state);
            state.datagrams.extend_from_slice(&datagram[..size]);
            (state.udp, state.ways.get(&member).cloned())
        };
        let To::Peer(peer) = to else { continue };
        let way = match known {
            Some(way) => way,
            None => {
                let way = Arc::new(UdpSocket::bind(loopback()).await.expect("a port"));
                way.connect(peer).await.expect("a way on");
                let back = tokio::spawn(carry_back(way.clone(), inside.clone(), member));
                let mut state = lock(&state);
                state.ways.insert(member, way.clone());
                state.carrying.push(back.abort_handle());
                way
            }
        };
        let _ = way.send(&datagram[..size]).await;
    }
}

async fn carry_back(way: Arc<UdpSocket>, inside: Arc<UdpSocket>, member: SocketAddr) {
    let mut datagram = vec![0; 65_536];
    loop {
        if let Ok(size) = way.recv(&mut datagram).await {
            let _ = inside.send_to(&datagram[..size], member).await;
        }
    }
}

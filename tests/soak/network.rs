//! The network between the members and the host, with connections that break.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream, UdpSocket},
    task::AbortHandle,
    time::{Instant, sleep},
};

use crate::chance::Chance;

/// For so long nothing comes through a path that was cut: longer than QUIC waits, 20 s.
const SILENCE: Duration = Duration::from_secs(22);

/// No datagram is larger.
const DATAGRAM: usize = 65_536;

/// Where members dial.
#[derive(Clone, Copy)]
pub(crate) struct Addresses {
    /// TLS and plain TCP.
    pub(crate) tcp: SocketAddr,
    /// QUIC.
    pub(crate) udp: SocketAddr,
}

pub(crate) struct Network {
    addresses: Addresses,
    pipes: Pipes,
    paths: Paths,
}

/// TCP connections through it.
type Pipes = Arc<Mutex<Vec<AbortHandle>>>;

/// UDP, by the member's address.
type Paths = Arc<Mutex<HashMap<SocketAddr, Path>>>;

struct Path {
    outside: Arc<UdpSocket>,
    silent_until: Option<Instant>,
}

impl Network {
    pub(crate) async fn to(host: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let inside = Arc::new(UdpSocket::bind("127.0.0.1:0").await.expect("a port"));
        let addresses = Addresses {
            tcp: listener.local_addr().expect("its address"),
            udp: inside.local_addr().expect("its address"),
        };
        let (pipes, paths) = (Pipes::default(), Paths::default());
        tokio::spawn(carry_pipes(listener, host, pipes.clone()));
        tokio::spawn(carry_datagrams(inside, host, paths.clone()));
        Self { addresses, pipes, paths }
    }

    pub(crate) fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Breaks a TCP connection.
    pub(crate) fn cut_a_pipe(&self, chance: &mut Chance) {
        let mut pipes = self.pipes.lock().expect("no panic");
        pipes.retain(|pipe| !pipe.is_finished());
        if !pipes.is_empty() {
            let unlucky = chance.below(pipes.len() as u64) as usize;
            pipes.swap_remove(unlucky).abort();
        }
    }

    /// Lets nothing through any more to or from a member on UDP, for a while.
    pub(crate) fn cut_a_path(&self, chance: &mut Chance) {
        let mut paths = self.paths.lock().expect("no panic");
        if !paths.is_empty() {
            let unlucky = chance.below(paths.len() as u64) as usize;
            if let Some(path) = paths.values_mut().nth(unlucky) {
                path.silent_until.get_or_insert(Instant::now() + SILENCE);
            }
        }
    }
}

async fn carry_pipes(listener: TcpListener, host: SocketAddr, pipes: Pipes) {
    while let Ok((mut inside, _)) = listener.accept().await {
        let pipe = tokio::spawn(async move {
            let mut outside = TcpStream::connect(host).await?;
            copy_bidirectional(&mut inside, &mut outside).await
        });
        pipes.lock().expect("no panic").push(pipe.abort_handle());
    }
}

async fn carry_datagrams(inside: Arc<UdpSocket>, host: SocketAddr, paths: Paths) {
    let mut datagram = vec![0; DATAGRAM];
    loop {
        let Ok((size, member)) = inside.recv_from(&mut datagram).await else { continue };
        let known = paths.lock().expect("no panic").get(&member).map(|path| path.outside.clone());
        let outside = match known {
            Some(outside) => outside,
            None => {
                let outside = Arc::new(UdpSocket::bind("127.0.0.1:0").await.expect("a port"));
                outside.connect(host).await.expect("a way to the host");
                tokio::spawn(carry_back(outside.clone(), inside.clone(), member, paths.clone()));
                let path = Path { outside: outside.clone(), silent_until: None };
                paths.lock().expect("no panic").insert(member, path);
                outside
            }
        };
        if comes_through(&paths, member) {
            let _ = outside.send(&datagram[..size]).await;
        }
    }
}

/// Ends when nothing has come for long: the member has another address by then.
async fn carry_back(outside: Arc<UdpSocket>, inside: Arc<UdpSocket>, member: SocketAddr, paths: Paths) {
    let mut datagram = vec![0; DATAGRAM];
    loop {
        tokio::select! {
            received = outside.recv(&mut datagram) => {
                if let Ok(size) = received && comes_through(&paths, member) {
                    let _ = inside.send_to(&datagram[..size], member).await;
                }
            }
            () = sleep(2 * SILENCE) => break,
        }
    }
    paths.lock().expect("no panic").remove(&member);
}

fn comes_through(paths: &Paths, member: SocketAddr) -> bool {
    let mut paths = paths.lock().expect("no panic");
    let Some(path) = paths.get_mut(&member) else { return false };
    if path.silent_until.is_some_and(|until| until < Instant::now()) {
        path.silent_until = None;
    }
    path.silent_until.is_none()
}

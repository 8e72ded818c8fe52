//! What this machine can do: the least that a server can do who hands on everything to everybody, over each transport.
//!
//! What arrives is appended to one log, and whoever is behind is sent all that lies ahead of them, in one write. There is no
//! chat in it: no names, no history, no numbers; frames are not looked into. The handshake is that of parlor, where both
//! sides show their keys. Everything is done by one thread.
//!
//! It takes a transport and an address, prints the address that it got, and ends when it is killed.
//!
//! - `room`: the log, and who is behind, for what goes over sockets of TCP
//! - `plain`, `tls`, `quic`: the transports
//! - `provider`, `trust`: the cryptography; both sides show their keys

mod plain;
mod provider;
mod quic;
mod room;
mod tls;
mod trust;

use std::{io, net::SocketAddr};

use parlor::{identity::Identity, transport::warm_up};
use rustls::ServerConfig;
use tokio::{
    net::TcpSocket,
    runtime::Builder,
    task::{LocalSet, spawn_local},
};

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 4096;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [transport, address] = &arguments[..] else {
        eprintln!("usage: limit tcp|tls|quic 127.0.0.1:0 (scripts/peers starts it)");
        return;
    };
    let address = address.parse().expect("an address");
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(LocalSet::new().run_until(serve(transport, address))).expect("it goes on until it is killed");
}

async fn serve(transport: &str, address: SocketAddr) -> io::Result<()> {
    match transport {
        "tcp" => plain::serve(listen(address)?).await,
        "tls" => tls::serve(listen(address)?).await,
        "quic" => quic::serve(address).await,
        other => Err(io::Error::other(format!("there is no transport {other}"))),
    }
}

fn listen(address: SocketAddr) -> io::Result<tokio::net::TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(BACKLOG)?;
    println!("listening {}", listener.local_addr()?);
    Ok(listener)
}

/// For what is encrypted, with a key made for this.
fn encrypted() -> io::Result<ServerConfig> {
    let identity = Identity::generate().map_err(io::Error::other)?;
    // As parlor does: the first handshake of a process takes the library longer, and more memory.
    warm_up();
    trust::accepting(&identity, provider::provider(), true).map_err(io::Error::other)
}

/// Serves somebody beside all others. That they are gone is nothing special.
fn beside(attended: impl Future<Output = io::Result<()>> + 'static) {
    drop(spawn_local(attended));
}

/// What is said to somebody who is in: a frame of the kind of parlor's Welcome, with nothing in it.
const WELCOME: &[u8] = &[0, 0, 0, 1, 0x10];

/// How many of these bytes are whole frames, the first `count` of them at most.
fn whole(bytes: &[u8], count: usize) -> usize {
    let mut end = 0;
    for _ in 0..count {
        let Some(length) = bytes[end..].first_chunk::<4>() else { break };
        let next = end + 4 + u32::from_be_bytes(*length) as usize;
        if next > bytes.len() {
            break;
        }
        end = next;
    }
    end
}

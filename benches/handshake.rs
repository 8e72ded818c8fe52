//! What the host's share of a handshake over TLS takes, in memory, and what each thing in it takes that others do without:
//! `cargo bench --no-default-features --features bench --bench handshake`. The kinds take turns; prints the median of each, in µs.

#[path = "limit/trust.rs"]
mod limit;
#[path = "load/trust.rs"]
mod load;
#[path = "limit/provider.rs"]
mod provider;

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use parlor::identity::Identity;
use rustls::{
    ClientConfig, ClientConnection, Error, ServerConfig, ServerConnection,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::ServerName,
};

fn main() -> io::Result<()> {
    // `cargo test` only sees that it works.
    let turns = if std::env::args().any(|argument| argument == "--bench") { 3_000 } else { 1 };
    let identity = Identity::generate().map_err(io::Error::other)?;
    let whole = provider::provider;
    let classic = || CryptoProvider { kx_groups: vec![aws_lc_rs::kx_group::X25519], ..whole() };
    let large = CryptoProvider { cipher_suites: vec![aws_lc_rs::cipher_suite::TLS13_AES_256_GCM_SHA384], ..whole() };
    // The first is parlor's.
    let kinds = [(whole(), true), (whole(), false), (classic(), true), (classic(), false), (large, true)];
    let mut measured = Vec::new();
    for (provider, both) in kinds {
        let accepting = limit::accepting(&identity, provider.clone(), both).map_err(io::Error::other)?;
        let dialling = load::dialling(provider, true)?;
        measured.push((Arc::new(accepting), Arc::new(dialling), String::new(), Vec::with_capacity(turns)));
    }
    for _ in 0..turns {
        for (accepting, dialling, agreed, times) in &mut measured {
            let (took, by) = shake(accepting, dialling).map_err(io::Error::other)?;
            times.push(took);
            *agreed = by;
        }
    }
    for (_, _, agreed, times) in &mut measured {
        times.sort();
        println!("{:4} {agreed}", times[turns / 2].as_micros());
    }
    Ok(())
}

/// One handshake: the time that the accepting side takes, and what both have agreed on.
fn shake(accepting: &Arc<ServerConfig>, dialling: &Arc<ClientConfig>) -> Result<(Duration, String), Error> {
    let name = ServerName::try_from("host.parlor.invalid").map_err(|error| Error::General(error.to_string()))?;
    let mut dialled = ClientConnection::new(dialling.clone(), name)?;
    let start = Instant::now();
    let mut accepted = ServerConnection::new(accepting.clone())?;
    let mut took = start.elapsed();
    let mut flight = Vec::new();
    while dialled.is_handshaking() || accepted.is_handshaking() {
        let _ = dialled.write_tls(&mut flight);
        let start = Instant::now();
        let _ = accepted.read_tls(&mut flight.as_slice());
        accepted.process_new_packets()?;
        flight.clear();
        let _ = accepted.write_tls(&mut flight);
        took += start.elapsed();
        let _ = dialled.read_tls(&mut flight.as_slice());
        dialled.process_new_packets()?;
        flight.clear();
    }
    let keys =
        if accepted.peer_certificates().is_some() { "both sides show a key" } else { "only the host shows a key" };
    let group = accepted.negotiated_key_exchange_group().ok_or(Error::HandshakeNotComplete)?.name();
    let suite = accepted.negotiated_cipher_suite().ok_or(Error::HandshakeNotComplete)?.suite();
    Ok((took, format!("{keys}, {group:?}, {suite:?}")))
}

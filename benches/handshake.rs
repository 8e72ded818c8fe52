//! What the host's share of a handshake over TLS takes, in memory, and what each thing in it takes that others do without:
//! `cargo bench --no-default-features --features bench --bench handshake`. The kinds take turns; prints the median of each, in µs.

#[path = "limit/trust.rs"]
mod trust;

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use parlor::identity::Identity;
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, ServerConfig, ServerConnection, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::danger::ClientCertVerifier,
    version::TLS13,
};

use trust::AnyKey;

fn main() -> io::Result<()> {
    // `cargo test` only sees that it works.
    let turns = if std::env::args().any(|argument| argument == "--bench") { 3_000 } else { 1 };
    let identity = Identity::generate().map_err(io::Error::other)?;
    let whole = trust::provider;
    let classic = || CryptoProvider { kx_groups: vec![aws_lc_rs::kx_group::X25519], ..whole() };
    let small = |of: CryptoProvider| CryptoProvider {
        cipher_suites: vec![aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256],
        ..of
    };
    // The first is parlor's.
    let kinds =
        [(whole(), true), (whole(), false), (classic(), true), (small(whole()), true), (small(classic()), false)];
    let mut measured = Vec::new();
    for (provider, both) in kinds {
        let accepting = trust::accepting(&identity, provider.clone(), both).map_err(io::Error::other)?;
        let dialling = dialling(&identity, provider).map_err(io::Error::other)?;
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

/// The side that dials; it shows a key if it is asked for one.
fn dialling(identity: &Identity, provider: CryptoProvider) -> Result<ClientConfig, Error> {
    let (certificate, key) = trust::shown(identity);
    let any = Arc::new(AnyKey(provider.signature_verification_algorithms));
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(any)
        .with_client_auth_cert(certificate, key)?;
    config.alpn_protocols = vec![b"parlor/1".to_vec()];
    Ok(config)
}

impl ServerCertVerifier for AnyKey {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        ClientCertVerifier::verify_tls12_signature(self, message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        ClientCertVerifier::verify_tls13_signature(self, message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ClientCertVerifier::supported_verify_schemes(self)
    }
}

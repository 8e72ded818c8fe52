//! The TLS configurations of QUIC and TLS alike, and the only two certificate verifiers there are.
//!
//! What is checked: that the key in the peer's certificate is the expected one, and that the peer can sign with it. What
//! is not: the certificate's names, dates, issuer and chain. They say nothing here, for the key alone is the identity.
//! TLS 1.3 only; no resumption and no early data, since both would skip the check.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ::aws_lc_rs::hmac;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, PeerIncompatible, ServerConfig,
    SignatureScheme,
    client::{
        Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{
        CryptoProvider, WebPkiSupportedAlgorithms,
        aws_lc_rs::{self, sign::any_ecdsa_type},
        verify_tls13_signature,
    },
    pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime},
    server::{
        NoServerSessionStorage, ParsedCertificate,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
    sign::{CertifiedKey, SingleCertAndKey},
    version::TLS13,
};
use tokio::task::spawn_blocking;
use tracing::debug;

use super::{Error, Expect, PROTOCOL};
use crate::identity::{Fingerprint, Identity};

/// TLS asks for a name. Ours means nothing and is not sent; `.invalid` is reserved by RFC 2606.
pub(super) const SERVER_NAME: &str = "host.parlor.invalid";

/// One installation's identity, ready for handshakes.
#[derive(Clone)]
pub struct Credentials {
    identity: Arc<Identity>,
    provider: Arc<CryptoProvider>,
}

impl Credentials {
    /// Makes an identity ready.
    pub fn new(identity: Arc<Identity>) -> Self {
        let provider = CryptoProvider {
            kx_groups: vec![
                // Post-quantum first: what is recorded today stays closed to a quantum computer of tomorrow.
                aws_lc_rs::kx_group::X25519MLKEM768,
                aws_lc_rs::kx_group::X25519,
                aws_lc_rs::kx_group::SECP256R1,
            ],
            cipher_suites: vec![
                // 128 bits, as P-256 and X25519 have. Where a processor has instructions for SHA-256, a handshake with SHA-384 takes
                // a sixth longer.
                aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256,
                aws_lc_rs::cipher_suite::TLS13_AES_256_GCM_SHA384,
                aws_lc_rs::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
            ],
            ..aws_lc_rs::default_provider()
        };
        Self { identity, provider: Arc::new(provider) }
    }

    /// 32 secret bytes for one purpose, the same whenever this installation asks: HMAC-SHA256 of `purpose` under the private
    /// key.
    pub(super) fn secret(&self, purpose: &[u8]) -> hmac::Tag {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, self.identity.private_key_der()), purpose)
    }

    /// The configuration of an accepting side: any key is welcome, as long as the peer proves that it has it.
    pub(super) fn server(&self) -> Result<ServerConfig, rustls::Error> {
        let verifier = AnyKey { algorithms: self.algorithms() };
        let mut config = ServerConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(&[&TLS13])?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_cert_resolver(self.certified_key()?);
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        config.send_tls13_tickets = 0;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(config)
    }

    /// The configuration of one dial, and the verifier that will know why it failed.
    pub(super) fn client(&self, expect: Expect) -> Result<(ClientConfig, Arc<HostKey>), rustls::Error> {
        let verifier = Arc::new(HostKey { expect, algorithms: self.algorithms(), verdict: Mutex::new(None) });
        let mut config = ClientConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(&[&TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(verifier.clone())
            .with_client_cert_resolver(self.certified_key()?);
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        config.resumption = Resumption::disabled();
        config.enable_sni = false;
        Ok((config, verifier))
    }

    fn algorithms(&self) -> WebPkiSupportedAlgorithms {
        self.provider.signature_verification_algorithms
    }

    /// The certificate, and the key ready to sign. The key is read from where it lies: a copy that is handed over to rustls in
    /// DER would not be wiped.
    fn certified_key(&self) -> Result<Arc<SingleCertAndKey>, rustls::Error> {
        let certificate = CertificateDer::from(self.identity.certificate_der().to_vec());
        let key = any_ecdsa_type(&PrivatePkcs8KeyDer::from(self.identity.private_key_der()).into())?;
        Ok(Arc::new(CertifiedKey::new(vec![certificate], key).into()))
    }
}

/// The fingerprint of the key in a DER-encoded X.509 certificate.
///
/// # Errors
///
/// When the bytes are no certificate.
pub fn fingerprint_of_certificate(der: &[u8]) -> Result<Fingerprint, Error> {
    fingerprint_of(&CertificateDer::from(der)).map_err(|error| Error::WrongProtocol(error.to_string()))
}

pub(super) fn fingerprint_of(certificate: &CertificateDer<'_>) -> Result<Fingerprint, rustls::Error> {
    Ok(Fingerprint::of_spki(&ParsedCertificate::try_from(certificate)?.subject_public_key_info()))
}

static WARM: OnceLock<()> = OnceLock::new();

/// What a process does once, before its first handshake: aws-lc seeds its generator, which takes it some 40 ms where it was not built
/// as `.cargo/config.toml` says. It shakes hands with itself, in memory, with a key made for that. Begun beside whatever else a
/// program does at its start, it keeps nobody waiting.
///
/// Blocks until it is done, whoever has begun it.
pub fn warm_up() {
    WARM.get_or_init(|| {
        match shake_hands_with_oneself() {
            Ok(()) => debug!("ready for handshakes"),
            // It will show again, with somebody to tell it to, in the first real handshake.
            Err(error) => debug!(%error, "no handshake with oneself"),
        }
    });
}

/// The same for a task, which waits until it is done. On a busy machine it takes longer than what a network is given, and would
/// be taken for the network's fault.
pub(crate) async fn warmed_up() {
    if WARM.get().is_none() {
        let _ = spawn_blocking(warm_up).await;
    }
}

fn shake_hands_with_oneself() -> Result<(), rustls::Error> {
    let identity = Identity::generate().map_err(|error| rustls::Error::General(error.to_string()))?;
    let own = identity.fingerprint();
    let credentials = Credentials::new(Arc::new(identity));
    let (client, _) = credentials.client(Expect::Key(own))?;
    let name = ServerName::try_from(SERVER_NAME).map_err(|_| CertificateError::BadEncoding)?;
    let mut client = rustls::ClientConnection::new(Arc::new(client), name)?;
    let mut server = rustls::ServerConnection::new(Arc::new(credentials.server()?))?;
    // It takes two.
    for _ in 0..4 {
        if !client.is_handshaking() && !server.is_handshaking() {
            return Ok(());
        }
        let mut flight = Vec::new();
        let _ = client.write_tls(&mut flight);
        let _ = server.read_tls(&mut flight.as_slice());
        server.process_new_packets()?;
        flight.clear();
        let _ = server.write_tls(&mut flight);
        let _ = client.read_tls(&mut flight.as_slice());
        client.process_new_packets()?;
    }
    Err(rustls::Error::HandshakeNotComplete)
}

/// What was found wrong with a host's key.
#[derive(Clone, Copy, Debug)]
enum Verdict {
    Mismatch { expected: Fingerprint, found: Fingerprint },
    Unproven { claimed: Fingerprint },
    Unknown { found: Fingerprint },
}

/// Checks a host's key. One is made for each dial, so that what it found can be asked of it afterwards: over QUIC the
/// error that a verifier returns does not come through.
#[derive(Debug)]
pub(super) struct HostKey {
    expect: Expect,
    algorithms: WebPkiSupportedAlgorithms,
    verdict: Mutex<Option<Verdict>>,
}

impl HostKey {
    /// Why the handshake failed, if it was for the key.
    pub(super) fn objection(&self) -> Option<Error> {
        let verdict = *self.verdict.lock().unwrap_or_else(PoisonError::into_inner);
        Some(match verdict? {
            Verdict::Mismatch { expected, found } => Error::IdentityMismatch { expected, found },
            Verdict::Unproven { claimed } => Error::IdentityUnproven { claimed },
            Verdict::Unknown { found } => Error::IdentityUnknown { found },
        })
    }

    /// Ends the handshake. The peer is told no more than that.
    fn object(&self, verdict: Verdict) -> rustls::Error {
        *self.verdict.lock().unwrap_or_else(PoisonError::into_inner) = Some(verdict);
        CertificateError::ApplicationVerificationFailure.into()
    }
}

impl ServerCertVerifier for HostKey {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let found = fingerprint_of(end_entity)?;
        match self.expect {
            Expect::Key(expected) if expected != found => Err(self.object(Verdict::Mismatch { expected, found })),
            Expect::Key(_) | Expect::Unknown => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(PeerIncompatible::Tls12NotOffered.into())
    }

    /// The certificate says which key; only this says that the peer has it.
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let found = fingerprint_of(cert)?;
        let valid = verify_tls13_signature(message, cert, dss, &self.algorithms)
            .map_err(|_| self.object(Verdict::Unproven { claimed: found }))?;
        match self.expect {
            Expect::Key(_) => Ok(valid),
            // The key is proved and can be asked about. Stopping here, our own certificate has not been shown.
            Expect::Unknown => Err(self.object(Verdict::Unknown { found })),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Accepts any key that the joining peer proves to have. Who that is, the room decides.
#[derive(Debug)]
struct AnyKey {
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for AnyKey {
    /// Empty, so that the peer does not withhold its certificate for want of a known issuer.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        fingerprint_of(end_entity).map(|_| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(PeerIncompatible::Tls12NotOffered.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

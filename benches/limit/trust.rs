//! A handshake like parlor's: the same versions, groups and kind of key, and both sides show theirs, if nothing else is asked for
//! (by `handshake`, whose this is, too).

use std::sync::Arc;

use parlor::identity::Identity;
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, PeerIncompatible, ServerConfig, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
    version::TLS13,
};

/// The cryptography of a handshake like parlor's.
pub(crate) fn provider() -> CryptoProvider {
    let groups = vec![aws_lc_rs::kx_group::X25519MLKEM768, aws_lc_rs::kx_group::X25519, aws_lc_rs::kx_group::SECP256R1];
    CryptoProvider { kx_groups: groups, ..aws_lc_rs::default_provider() }
}

/// The side that accepts; the other shows a key as well, or only this one does.
pub(crate) fn accepting(identity: &Identity, provider: CryptoProvider, both: bool) -> Result<ServerConfig, Error> {
    let (certificate, key) = shown(identity);
    let any = Arc::new(AnyKey(provider.signature_verification_algorithms));
    let builder = ServerConfig::builder_with_provider(Arc::new(provider)).with_protocol_versions(&[&TLS13])?;
    let builder = if both { builder.with_client_cert_verifier(any) } else { builder.with_no_client_auth() };
    let mut config = builder.with_single_cert(certificate, key)?;
    config.alpn_protocols = vec![b"parlor/1".to_vec()];
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// What a side with this key shows, and proves that it has.
pub(crate) fn shown(identity: &Identity) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let certificate = CertificateDer::from(identity.certificate_der().to_vec());
    (vec![certificate], PrivatePkcs8KeyDer::from(identity.private_key_der().to_vec()).into())
}

/// Any key, if it is proved.
#[derive(Debug)]
pub(crate) struct AnyKey(pub(crate) WebPkiSupportedAlgorithms);

impl ClientCertVerifier for AnyKey {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls12NotOffered.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

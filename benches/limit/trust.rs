//! A handshake like parlor's: the same versions, groups and kind of key, and both sides show theirs, if nothing else is asked for
//! (by `handshake`, whose this is, too).

use std::sync::Arc;

use parlor::identity::Identity;
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, PeerIncompatible, ServerConfig, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls13_signature},
    pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
    version::TLS13,
};

/// The side that accepts; the other shows a key as well, or only this one does.
pub(crate) fn accepting(identity: &Identity, provider: CryptoProvider, both: bool) -> Result<ServerConfig, Error> {
    let certificate = CertificateDer::from(identity.certificate_der().to_vec());
    let key = PrivatePkcs8KeyDer::from(identity.private_key_der().to_vec()).into();
    let any = Arc::new(AnyKey(provider.signature_verification_algorithms));
    let builder = ServerConfig::builder_with_provider(Arc::new(provider)).with_protocol_versions(&[&TLS13])?;
    let builder = if both { builder.with_client_cert_verifier(any) } else { builder.with_no_client_auth() };
    let mut config = builder.with_single_cert(vec![certificate], key)?;
    config.alpn_protocols = vec![b"parlor/1".to_vec()];
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// Any key, if it is proved.
#[derive(Debug)]
struct AnyKey(WebPkiSupportedAlgorithms);

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

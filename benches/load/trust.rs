//! TLS of whoever joins (in `handshake`, too). Whose key it is that answers is not what is measured, so any will do.

use std::{io, sync::Arc};

use parlor::identity::Identity;
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, PeerIncompatible, SignatureScheme,
    client::{
        Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime},
    version::TLS13,
};

/// `ours`: a key of one's own is shown, and the protocol named, as parlor has it.
pub(crate) fn dialling(provider: CryptoProvider, ours: bool) -> io::Result<ClientConfig> {
    let any = Arc::new(AnyKey(provider.signature_verification_algorithms));
    let builder = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&TLS13])
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(any);
    let mut config = match ours {
        true => {
            let identity = Identity::generate().map_err(io::Error::other)?;
            let certificate = CertificateDer::from(identity.certificate_der().to_vec());
            let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(identity.private_key_der().to_vec()));
            let mut config = builder.with_client_auth_cert(vec![certificate], key).map_err(io::Error::other)?;
            config.alpn_protocols = vec![b"parlor/1".to_vec()];
            config
        }
        false => builder.with_no_client_auth(),
    };
    config.resumption = Resumption::disabled();
    config.enable_sni = false;
    Ok(config)
}

#[derive(Debug)]
struct AnyKey(WebPkiSupportedAlgorithms);

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

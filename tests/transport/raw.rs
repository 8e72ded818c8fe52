//! Peers made of rustls and quinn alone. They do what ours never would, and keep count of what they are shown.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use parlor::{
    identity::Fingerprint,
    transport::{Kind, PROTOCOL, fingerprint_of_certificate},
};
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::{
    CertificateError, CipherSuite, ClientConfig, DigitallySignedStruct, DistinguishedName, HandshakeKind, ServerConfig,
    SignatureScheme, SupportedCipherSuite,
    client::{
        ResolvesClientCert, Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{
        CryptoProvider,
        aws_lc_rs::{self, cipher_suite::TLS13_AES_128_GCM_SHA256},
    },
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime},
    quic::Suite,
    server::{
        ClientHello, ResolvesServerCert, ServerSessionMemoryCache,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
    sign::CertifiedKey,
    version::TLS13,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::harness::{Outcome, in_time, loopback};

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn only(suite: SupportedCipherSuite) -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider { cipher_suites: vec![suite], ..aws_lc_rs::default_provider() })
}

/// What a connection over QUIC begins with, whatever is agreed on then.
fn initial() -> Outcome<Suite> {
    Ok(TLS13_AES_128_GCM_SHA256.tls13().and_then(|suite| suite.quic_suite()).ok_or("no suite of QUIC")?)
}

/// A certificate, and a key that need not be the one in it.
#[derive(Debug)]
pub(crate) struct Papers {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) key: PrivateKeyDer<'static>,
}

impl Papers {
    pub(crate) fn new(params: CertificateParams) -> Outcome<Self> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = params.self_signed(&key)?.der().clone();
        Ok(Self { certificate, key: PrivatePkcs8KeyDer::from(key.serialize_der()).into() })
    }

    pub(crate) fn fingerprint(&self) -> Outcome<Fingerprint> {
        Ok(fingerprint_of_certificate(&self.certificate)?)
    }

    fn certified(&self) -> Outcome<CertifiedKey> {
        let key = aws_lc_rs::sign::any_supported_type(&self.key)?;
        Ok(CertifiedKey::new(vec![self.certificate.clone()], key))
    }
}

/// The same key for everybody, and what the last of them offered.
#[derive(Debug)]
struct Always {
    key: Arc<CertifiedKey>,
    offered: Mutex<Vec<CipherSuite>>,
}

impl ResolvesServerCert for Always {
    fn resolve(&self, client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        *self.offered.lock().ok()? = client_hello.cipher_suites().to_vec();
        Some(self.key.clone())
    }
}

/// Verifies nothing, or refuses everybody, and counts the certificates that it is shown.
#[derive(Debug, Default)]
pub(crate) struct Eyes {
    pub(crate) shown: AtomicUsize,
    pub(crate) refuse: bool,
}

impl Eyes {
    pub(crate) fn shown(&self) -> usize {
        self.shown.load(Ordering::SeqCst)
    }
}

fn schemes() -> Vec<SignatureScheme> {
    provider().signature_verification_algorithms.supported_schemes()
}

impl ClientCertVerifier for Eyes {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.shown.fetch_add(1, Ordering::SeqCst);
        match self.refuse {
            true => Err(CertificateError::ApplicationVerificationFailure.into()),
            false => Ok(ClientCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        schemes()
    }
}

impl ServerCertVerifier for Eyes {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.shown.fetch_add(1, Ordering::SeqCst);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        schemes()
    }
}

/// A host that resumes, takes early data and hands out tickets, as far as the other side lets it.
pub(crate) struct RawHost {
    pub(crate) address: SocketAddr,
    pub(crate) eyes: Arc<Eyes>,
    /// Bytes that arrived after a handshake.
    received: Arc<AtomicUsize>,
    handshakes: mpsc::UnboundedReceiver<Result<(), String>>,
    resolver: Arc<Always>,
}

impl RawHost {
    pub(crate) async fn new(kind: Kind, papers: &Papers, eyes: Eyes, alpn: &[&[u8]]) -> Outcome<Self> {
        Self::with(provider(), kind, papers, eyes, alpn).await
    }

    /// One that speaks one suite, and no other.
    pub(crate) async fn of_suite(suite: SupportedCipherSuite, kind: Kind, papers: &Papers) -> Outcome<Self> {
        Self::with(only(suite), kind, papers, Eyes::default(), &ours()).await
    }

    async fn with(
        provider: Arc<CryptoProvider>,
        kind: Kind,
        papers: &Papers,
        eyes: Eyes,
        alpn: &[&[u8]],
    ) -> Outcome<Self> {
        let eyes = Arc::new(eyes);
        let resolver = Arc::new(Always { key: Arc::new(papers.certified()?), offered: Mutex::default() });
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])?
            .with_client_cert_verifier(eyes.clone())
            .with_cert_resolver(resolver.clone());
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
        config.session_storage = ServerSessionMemoryCache::new(64);
        config.max_early_data_size = u32::MAX;
        let received = Arc::new(AtomicUsize::new(0));
        let (report, handshakes) = mpsc::unbounded_channel();
        let address = match kind {
            Kind::Quic => host_quic(config, received.clone(), report)?,
            _ => host_tls(config, received.clone(), report).await?,
        };
        Ok(Self { address, eyes, received, handshakes, resolver })
    }

    /// The suites that whoever came last has offered, in their order.
    pub(crate) fn offered(&self) -> Outcome<Vec<CipherSuite>> {
        Ok(self.resolver.offered.lock().map_err(|_| "poisoned")?.clone())
    }

    /// How the next handshake ended.
    pub(crate) async fn handshake(&mut self) -> Outcome<Result<(), String>> {
        in_time(self.handshakes.recv()).await?.ok_or("the host is gone".into())
    }

    pub(crate) fn received(&self) -> usize {
        self.received.load(Ordering::SeqCst)
    }
}

type Report = mpsc::UnboundedSender<Result<(), String>>;

async fn host_tls(config: ServerConfig, received: Arc<AtomicUsize>, report: Report) -> Outcome<SocketAddr> {
    let listener = TcpListener::bind(loopback()).await?;
    let address = listener.local_addr()?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            match acceptor.accept(tcp).await {
                Err(error) => drop(report.send(Err(error.to_string()))),
                Ok(mut tls) => {
                    let _ = report.send(Ok(()));
                    let received = received.clone();
                    tokio::spawn(async move {
                        let mut bytes = [0; 1024];
                        while let Ok(count @ 1..) = tls.read(&mut bytes).await {
                            received.fetch_add(count, Ordering::SeqCst);
                        }
                    });
                }
            }
        }
    });
    Ok(address)
}

fn host_quic(config: ServerConfig, received: Arc<AtomicUsize>, report: Report) -> Outcome<SocketAddr> {
    let config = QuicServerConfig::with_initial(Arc::new(config), initial()?)?;
    let config = quinn::ServerConfig::with_crypto(Arc::new(config));
    let endpoint = quinn::Endpoint::server(config, loopback())?;
    let address = endpoint.local_addr()?;
    tokio::spawn(async move {
        while let Some(incoming) = endpoint.accept().await {
            match incoming.await {
                Err(error) => drop(report.send(Err(error.to_string()))),
                Ok(connection) => {
                    let _ = report.send(Ok(()));
                    let received = received.clone();
                    tokio::spawn(async move {
                        while let Ok((_send, mut recv)) = connection.accept_bi().await {
                            while let Ok(Some(chunk)) = recv.read_chunk(1024, true).await {
                                received.fetch_add(chunk.bytes.len(), Ordering::SeqCst);
                            }
                        }
                    });
                }
            }
        }
    });
    Ok(address)
}

/// A member that would resume and send early data, and shows these papers or none.
pub(crate) fn client(papers: Option<&Papers>, alpn: &[&[u8]]) -> Outcome<ClientConfig> {
    client_with(provider(), papers, alpn)
}

/// One that speaks one suite, and no other.
pub(crate) fn client_of_suite(suite: SupportedCipherSuite, papers: &Papers) -> Outcome<ClientConfig> {
    client_with(only(suite), Some(papers), &ours())
}

fn client_with(provider: Arc<CryptoProvider>, papers: Option<&Papers>, alpn: &[&[u8]]) -> Outcome<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Eyes::default()));
    let mut config = match papers {
        Some(papers) => builder.with_client_auth_cert(vec![papers.certificate.clone()], papers.key.clone_key())?,
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    config.resumption = Resumption::in_memory_sessions(64);
    config.enable_early_data = true;
    Ok(config)
}

/// A member that shows a certificate and signs with another key than the one in it.
pub(crate) fn client_with_copy(copied: &Papers) -> Outcome<ClientConfig> {
    #[derive(Debug)]
    struct Copy(Arc<CertifiedKey>);

    impl ResolvesClientCert for Copy {
        fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
            Some(self.0.clone())
        }

        fn has_certs(&self) -> bool {
            true
        }
    }

    let mut config = client(None, &ours())?;
    config.client_auth_cert_resolver = Arc::new(Copy(Arc::new(copied.certified()?)));
    Ok(config)
}

pub(crate) fn ours() -> [&'static [u8]; 1] {
    [PROTOCOL]
}

/// What became of a member's visit.
#[derive(Debug, Default)]
pub(crate) struct Visit {
    /// Whether anything of an earlier visit was taken up again, or data went out before the handshake.
    pub(crate) resumed: bool,
    /// Tickets that the host handed out for next time.
    pub(crate) tickets: u32,
    /// How it ended.
    pub(crate) end: String,
}

const NAME: &str = "host.parlor.invalid";

/// Comes in, says the first byte of a stream, and stays until the host has enough.
pub(crate) async fn visit(kind: Kind, config: ClientConfig, address: SocketAddr) -> Outcome<Visit> {
    match kind {
        Kind::Quic => in_time(visit_quic(config, address)).await?,
        _ => in_time(visit_tls(config, address)).await?,
    }
}

async fn visit_tls(config: ClientConfig, address: SocketAddr) -> Outcome<Visit> {
    let tcp = TcpStream::connect(address).await?;
    let connector = TlsConnector::from(Arc::new(config));
    let mut tls = match connector.connect(ServerName::try_from(NAME)?, tcp).await {
        Ok(tls) => tls,
        Err(error) => return Ok(Visit { end: error.to_string(), ..Visit::default() }),
    };
    let end = match tls.write_all(&[0]).await.and(tls.flush().await) {
        Err(error) => error.to_string(),
        Ok(()) => match tls.read_to_end(&mut Vec::new()).await {
            Ok(_) => "the end".to_owned(),
            Err(error) => error.to_string(),
        },
    };
    let (_, session) = tls.get_ref();
    let resumed = session.handshake_kind() == Some(HandshakeKind::Resumed);
    Ok(Visit { resumed, tickets: session.tls13_tickets_received(), end })
}

async fn visit_quic(config: ClientConfig, address: SocketAddr) -> Outcome<Visit> {
    let endpoint = quinn::Endpoint::client(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let config = QuicClientConfig::with_initial(Arc::new(config), initial()?)?;
    let config = quinn::ClientConfig::new(Arc::new(config));
    let (resumed, connected) = match endpoint.connect_with(config, address, NAME)?.into_0rtt() {
        Ok((connection, _accepted)) => (true, Ok(connection)),
        Err(connecting) => (false, connecting.await),
    };
    let end = match connected {
        Ok(connection) => connection.closed().await.to_string(),
        Err(error) => error.to_string(),
    };
    Ok(Visit { resumed, tickets: 0, end })
}

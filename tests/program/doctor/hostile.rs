//! Who answers so as to deceive whoever asks, or to hold them up.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
    thread,
    time::Duration,
};

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::{
    ServerConfig, ServerConnection,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::{asked, content, program};
use crate::{
    examined::Said,
    harness::{Installation, PATIENCE},
};

/// A certificate, and a key that is not the one in it.
#[derive(Debug)]
struct Copied(Arc<CertifiedKey>);

impl ResolvesServerCert for Copied {
    fn resolve(&self, _client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

/// Somebody who shows what this host shows everybody, and has another key.
fn impostor(host: &Installation) -> ServerConfig {
    let certificate = CertificateDer::from_pem_file(host.path().join("identity.crt")).expect("a certificate");
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key");
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let key = aws_lc_rs::sign::any_supported_type(&key).expect("a key that signs");
    let copied = Copied(Arc::new(CertifiedKey::new(vec![certificate], key)));
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(copied));
    config.alpn_protocols = vec![b"parlor/1".to_vec()];
    config
}

#[test]
fn a_copied_certificate_is_a_stop() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let host = ana.host("Ana", &[]);
    let config = Arc::new(impostor(&ana));
    let address = program(move |mut tcp| {
        let mut tls = ServerConnection::new(config.clone()).expect("a configuration");
        // What is no TLS ends there, too.
        let _ = tls.complete_io(&mut tcp);
    });
    for arguments in [&[address.as_str()][..], &[&address, "--fingerprint", &host.fingerprint()]] {
        let said = asked(&ben, arguments);
        said.is(4, &["key-unproven"]).has("key-unproven", &[&host.text("id"), "cannot prove", "Do not join from here"]);
    }
    assert_eq!(content(&ben), []);
}

/// Each connection is answered on a thread of its own, for as long as it takes.
fn slow(answer: impl Fn(TcpStream) + Clone + Send + 'static) -> String {
    program(move |tcp| {
        let answer = answer.clone();
        thread::spawn(move || answer(tcp));
    })
}

/// A record of TLS that announces more than ever comes, and then no end of it, a byte at a time or as fast as it goes.
fn without_end(mut tcp: TcpStream, piece: &[u8], pause: Duration) {
    let mut first = [0];
    let begin: &[u8] = match tcp.read(&mut first) {
        Ok(1) if first[0] == 0x16 => &[0x16, 3, 3, 0x3f, 0xff],
        _ => &[0, 0, 0xff, 0xff],
    };
    let mut sent = tcp.write_all(begin);
    while sent.is_ok() {
        thread::sleep(pause);
        sent = tcp.write_all(piece);
    }
}

#[test]
fn who_answers_without_end_is_not_waited_for_and_nothing_of_it_is_shown() {
    let ben = Installation::new();
    let flood = b"\x1b[2J\x07\xe2\x80\xaeCall 0900-PARLOR now! ".repeat(64);
    let dripping = slow(|tcp| without_end(tcp, b"\x1b", Duration::from_millis(50)));
    let flooding = slow(move |tcp| without_end(tcp, &flood, Duration::ZERO));
    for address in [dripping, flooding] {
        let mut program = ben.start(&["doctor", &address]);
        let (code, took) = program.wait_end();
        assert!(took < PATIENCE, "{program}");
        let said = Said::read((code, program.heard().join("\n")));
        assert_eq!(said.code, 3, "{said:#?}");
        let shown = program.heard().concat();
        assert!(!shown.contains("0900") && !shown.contains("u001b") && !shown.chars().any(char::is_control), "{shown}");
    }
}

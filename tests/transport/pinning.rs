//! Whose key it is, over QUIC and TLS alike: nobody but the holder of the agreed key is told anything.

use std::time::Duration;

use parlor::{
    identity::Fingerprint,
    transport::{Connection, Error, Expect, Kind, Transport, memory::Network},
    wire::{CloseCode, Security},
};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PublicKeyData, SanType, date_time_ymd,
};
use rustls::{
    SupportedCipherSuite,
    crypto::aws_lc_rs::cipher_suite::{
        TLS13_AES_128_GCM_SHA256, TLS13_AES_256_GCM_SHA384, TLS13_CHACHA20_POLY1305_SHA256,
    },
    pki_types::PrivatePkcs8KeyDer,
};

use crate::{
    harness::{Hosted, Outcome, Side, assert_matches, error_of, identity, in_time, over, say},
    raw::{Eyes, Papers, RawHost, client, client_of_suite, ours, visit},
};

over!([quic: Quic, tls: Tls], [
    the_right_key_is_pinned,
    another_key_is_told_nothing,
    at_first_contact_nothing_is_told,
    a_copied_certificate_proves_nothing,
    only_the_key_in_a_certificate_counts,
    a_certificate_that_cannot_be_understood_is_refused,
    a_host_that_would_resume_is_checked_every_time,
    nobody_resumes_with_our_host,
    who_shows_no_key_is_not_let_in,
    who_shows_an_odd_certificate_is_let_in,
    a_host_that_refuses_our_key_is_named_so,
    who_speaks_any_one_suite_of_the_protocol_is_let_in,
    a_host_that_speaks_any_one_suite_of_the_protocol_is_joined,
    another_protocol_is_not_let_in,
    a_host_of_another_protocol_is_named_so,
]);

/// The suites of the protocol, in the order in which our members offer them.
const SUITES: [SupportedCipherSuite; 3] =
    [TLS13_AES_128_GCM_SHA256, TLS13_AES_256_GCM_SHA384, TLS13_CHACHA20_POLY1305_SHA256];

fn papers() -> Outcome<Papers> {
    Papers::new(CertificateParams::default())
}

/// A member who meets the host for the first time.
fn member(kind: Kind) -> Outcome<Side> {
    Side::new(kind, &Network::default(), 2)
}

async fn dial(
    transport: &dyn Transport,
    host: &RawHost,
    expect: Expect,
) -> Outcome<Result<std::sync::Arc<dyn Connection>, Error>> {
    in_time(transport.dial(host.address, expect)).await
}

async fn has_seen_nothing(host: &mut RawHost) -> Outcome {
    assert!(host.handshake().await?.is_err());
    assert_eq!(host.eyes.shown(), 0, "certificates of ours");
    assert_eq!(host.received(), 0, "bytes of ours");
    Ok(())
}

async fn the_right_key_is_pinned(kind: Kind) -> Outcome {
    let papers = papers()?;
    let mut host = RawHost::new(kind, &papers, Eyes::default(), &ours()).await?;
    let member = member(kind)?;
    let key = papers.fingerprint()?;
    let connection = dial(&*member.transport, &host, Expect::Key(key)).await??;
    assert_matches!(host.handshake().await?, Ok(()));
    let peer = connection.peer();
    assert_eq!((peer.kind, peer.security, peer.fingerprint), (kind, Security::Pinned, Some(key)));
    assert_eq!(peer.key_exchange.as_deref(), Some("X25519MLKEM768"));
    assert_eq!(host.eyes.shown(), 1);
    let mut stream = in_time(connection.open()).await??;
    say(&mut stream.send, b"hello").await?;
    let arrived = async {
        while host.received() < 10 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    in_time(arrived).await
}

async fn another_key_is_told_nothing(kind: Kind) -> Outcome {
    let papers = papers()?;
    let mut host = RawHost::new(kind, &papers, Eyes::default(), &ours()).await?;
    let agreed = identity()?.fingerprint();
    let real = papers.fingerprint()?;
    let error = error_of(dial(&*member(kind)?.transport, &host, Expect::Key(agreed)).await?)?;
    assert_matches!(error, Error::IdentityMismatch { expected, found } if (*expected, *found) == (agreed, real));
    has_seen_nothing(&mut host).await
}

async fn at_first_contact_nothing_is_told(kind: Kind) -> Outcome {
    let papers = papers()?;
    let mut host = RawHost::new(kind, &papers, Eyes::default(), &ours()).await?;
    let real = papers.fingerprint()?;
    let error = error_of(dial(&*member(kind)?.transport, &host, Expect::Unknown).await?)?;
    assert!(!error.is_about_identity(), "it can be asked about");
    assert_matches!(error, Error::IdentityUnknown { found } if *found == real);
    has_seen_nothing(&mut host).await
}

async fn a_copied_certificate_proves_nothing(kind: Kind) -> Outcome {
    let copied = Papers { certificate: papers()?.certificate, key: papers()?.key };
    let mut host = RawHost::new(kind, &copied, Eyes::default(), &ours()).await?;
    let real = copied.fingerprint()?;
    for expect in [Expect::Key(real), Expect::Unknown] {
        let error = error_of(dial(&*member(kind)?.transport, &host, expect).await?)?;
        assert!(error.is_about_identity());
        assert_matches!(error, Error::IdentityUnproven { claimed } if *claimed == real);
        has_seen_nothing(&mut host).await?;
    }
    Ok(())
}

/// Long expired, not valid yet, another's name, names that are none, an authority, and with an unknown extension.
fn odd() -> Outcome<Vec<Papers>> {
    let mut expired = CertificateParams::default();
    expired.not_before = date_time_ymd(1975, 1, 1);
    expired.not_after = date_time_ymd(1980, 1, 1);
    let mut early = CertificateParams::default();
    early.not_before = date_time_ymd(3000, 1, 1);
    early.not_after = date_time_ymd(3001, 1, 1);
    let mut named = CertificateParams::new(vec!["bank.example".to_owned(), "*.example".to_owned()])?;
    named.subject_alt_names.push(SanType::IpAddress([192, 0, 2, 1].into()));
    named.distinguished_name = DistinguishedName::new();
    named.distinguished_name.push(DnType::CommonName, "somebody \u{202e}else\0 <b>");
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    [expired, early, named, authority, extended(false)].into_iter().map(Papers::new).collect()
}

fn extended(critical: bool) -> CertificateParams {
    let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99_999, 1], vec![5, 0]);
    extension.set_criticality(critical);
    let mut params = CertificateParams::default();
    params.custom_extensions.push(extension);
    params
}

/// RFC 5280, section 4.2: what is critical and unknown must be refused.
async fn a_certificate_that_cannot_be_understood_is_refused(kind: Kind) -> Outcome {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let real = Fingerprint::of_spki(&key.subject_public_key_info());
    let certificate = extended(true).self_signed(&key)?.der().clone();
    let papers = Papers { certificate, key: PrivatePkcs8KeyDer::from(key.serialize_der()).into() };
    let mut host = RawHost::new(kind, &papers, Eyes::default(), &ours()).await?;
    for expect in [Expect::Key(real), Expect::Unknown] {
        error_of(dial(&*member(kind)?.transport, &host, expect).await?)?;
        has_seen_nothing(&mut host).await?;
    }
    Ok(())
}

async fn only_the_key_in_a_certificate_counts(kind: Kind) -> Outcome {
    for (which, papers) in odd()?.into_iter().enumerate() {
        let host = RawHost::new(kind, &papers, Eyes::default(), &ours()).await?;
        let key = papers.fingerprint()?;
        let connection = dial(&*member(kind)?.transport, &host, Expect::Key(key)).await?;
        assert_eq!(connection.map_err(|e| format!("{which}: {e}"))?.peer().fingerprint, Some(key));
    }
    Ok(())
}

async fn a_host_that_would_resume_is_checked_every_time(kind: Kind) -> Outcome {
    let papers = papers()?;
    let mut host = RawHost::new(kind, &papers, Eyes::default(), &ours()).await?;
    let member = member(kind)?;
    let key = papers.fingerprint()?;
    for time in 1..=3 {
        let connection = dial(&*member.transport, &host, Expect::Key(key)).await??;
        host.handshake().await??;
        // A session that is resumed shows no certificate.
        assert_eq!(host.eyes.shown(), time);
        in_time(connection.close(CloseCode::Left, "")).await?;
    }
    let other = identity()?.fingerprint();
    let error = error_of(dial(&*member.transport, &host, Expect::Key(other)).await?)?;
    assert_matches!(error, Error::IdentityMismatch { .. });
    Ok(())
}

/// The member's end of a visit to our host, and what our host made of it: whom it let in, or why it did not.
async fn visited(
    hosted: &mut Hosted,
    config: &rustls::ClientConfig,
) -> Outcome<(crate::raw::Visit, Result<Option<Fingerprint>, Error>)> {
    let visit = tokio::spawn(visit(hosted.kind, config.clone(), hosted.address));
    let made = in_time(hosted.accepting.next()).await??;
    let made = match made {
        Ok(connection) => {
            connection.close(CloseCode::HostLeft, "that was all").await;
            Ok(connection.peer().fingerprint)
        }
        Err(error) => Err(error),
    };
    Ok((in_time(visit).await???, made))
}

async fn nobody_resumes_with_our_host(kind: Kind) -> Outcome {
    let mut hosted = Hosted::new(kind)?;
    let papers = papers()?;
    let config = client(Some(&papers), &ours())?;
    for _ in 0..3 {
        let (visit, made) = visited(&mut hosted, &config).await?;
        assert_eq!(made?, Some(papers.fingerprint()?));
        assert_eq!((visit.resumed, visit.tickets), (false, 0), "{visit:?}");
    }
    Ok(())
}

async fn who_shows_no_key_is_not_let_in(kind: Kind) -> Outcome {
    let mut hosted = Hosted::new(kind)?;
    let (visit, made) = visited(&mut hosted, &client(None, &ours())?).await?;
    error_of(made)?;
    assert!(visit.end.contains("CertificateRequired") || visit.end.contains("116"), "{visit:?}");
    let somebody = hosted.somebody()?;
    hosted.connect(&somebody).await?;
    Ok(())
}

async fn who_shows_an_odd_certificate_is_let_in(kind: Kind) -> Outcome {
    let mut hosted = Hosted::new(kind)?;
    for papers in odd()? {
        let (visit, made) = visited(&mut hosted, &client(Some(&papers), &ours())?).await?;
        assert_eq!(made?, Some(papers.fingerprint()?), "{visit:?}");
    }
    // A certificate that was copied is not.
    let copied = Papers { certificate: papers()?.certificate, key: papers()?.key };
    let config = crate::raw::client_with_copy(&copied)?;
    let (_, made) = visited(&mut hosted, &config).await?;
    error_of(made)?;
    Ok(())
}

async fn a_host_that_refuses_our_key_is_named_so(kind: Kind) -> Outcome {
    let papers = papers()?;
    let mut host = RawHost::new(kind, &papers, Eyes { refuse: true, ..Eyes::default() }, &ours()).await?;
    let member = member(kind)?;
    let joined = async {
        // In TLS 1.3 the member is done before the host has seen its certificate.
        let connection = member.transport.dial(host.address, Expect::Key(papers.fingerprint()?)).await?;
        let mut stream = connection.open().await?;
        stream.recv.next().await?;
        Outcome::Ok(())
    };
    let error = in_time(joined).await?.err().ok_or("it was let in")?;
    assert_matches!(error.downcast_ref::<Error>(), Some(Error::IdentityRefused));
    assert!(host.handshake().await?.is_err());
    assert_eq!((host.eyes.shown(), host.received()), (1, 0));
    Ok(())
}

async fn who_speaks_any_one_suite_of_the_protocol_is_let_in(kind: Kind) -> Outcome {
    let mut hosted = Hosted::new(kind)?;
    let papers = papers()?;
    for suite in SUITES {
        let (visit, made) = visited(&mut hosted, &client_of_suite(suite, &papers)?).await?;
        assert_eq!(made?, Some(papers.fingerprint()?), "{suite:?}: {visit:?}");
    }
    Ok(())
}

async fn a_host_that_speaks_any_one_suite_of_the_protocol_is_joined(kind: Kind) -> Outcome {
    let papers = papers()?;
    for suite in SUITES {
        let host = RawHost::of_suite(suite, kind, &papers).await?;
        dial(&*member(kind)?.transport, &host, Expect::Key(papers.fingerprint()?)).await??;
        assert_eq!(host.offered()?[..3], SUITES.map(|suite| suite.suite()), "all of them, in this order");
    }
    Ok(())
}

async fn another_protocol_is_not_let_in(kind: Kind) -> Outcome {
    let mut hosted = Hosted::new(kind)?;
    let papers = papers()?;
    let protocols: [&[&[u8]]; 3] = [&[], &[b"h3", b"http/1.1"], &[b"parlor/2"]];
    for alpn in protocols {
        let (visit, made) = visited(&mut hosted, &client(Some(&papers), alpn)?).await?;
        assert!(made.is_err(), "{alpn:?}: {visit:?}");
    }
    let somebody = hosted.somebody()?;
    hosted.connect(&somebody).await?;
    Ok(())
}

async fn a_host_of_another_protocol_is_named_so(kind: Kind) -> Outcome {
    let papers = papers()?;
    let key = papers.fingerprint()?;
    let protocols: [&[&[u8]]; 3] = [&[], &[b"h3", b"http/1.1"], &[b"parlor/2"]];
    for alpn in protocols {
        let host = RawHost::new(kind, &papers, Eyes::default(), alpn).await?;
        let error = error_of(dial(&*member(kind)?.transport, &host, Expect::Key(key)).await?)?;
        assert!(matches!(error, Error::WrongProtocol(_)), "{alpn:?}: {error:?}");
        assert_eq!(host.received(), 0);
    }
    Ok(())
}

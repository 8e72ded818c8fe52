//! One TCP port for TLS and plain TCP: what is served goes in, and what is not is refused in its own language.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use bytes::BytesMut;
use parlor::{
    transport::{Credentials, Error, Expect, Kind, Port, Quic, Tcp, Tls, Transport},
    wire::{CloseCode, Message, Security, frame, message::Close},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::harness::{
    Accepting, Outcome, assert_matches, error_of, expect_frame, identity, in_time, loopback, over, say,
};

struct Open {
    address: SocketAddr,
    expect: Expect,
    accepting: Accepting,
}

/// A port that serves TLS, plain TCP, or both.
fn open(encrypted: bool, plain: bool) -> Outcome<Open> {
    let identity = identity()?;
    let expect = Expect::Key(identity.fingerprint());
    let credentials = Credentials::new(identity);
    let port = match (encrypted, plain) {
        (true, true) => Port::encrypted(&credentials)?.and_plain(),
        (true, false) => Port::encrypted(&credentials)?,
        _ => Port::plain(),
    };
    let listener = port.listen(loopback())?;
    Ok(Open { address: listener.local_address()?, expect, accepting: Accepting::new(listener) })
}

fn tls() -> Outcome<Tls> {
    Ok(Tls::new(Credentials::new(identity()?), None))
}

impl Open {
    /// Fails unless somebody who speaks what is served gets in and is heard.
    async fn serves(&mut self, transport: &dyn Transport) -> Outcome<Security> {
        let expect = if transport.kind() == Kind::Tcp { Expect::Unknown } else { self.expect };
        let member = in_time(transport.dial(self.address, expect)).await??;
        let mut ours = in_time(member.open()).await??;
        say(&mut ours.send, b"hello").await?;
        let host = self.accepting.connection().await?;
        expect_frame(&mut in_time(host.accept()).await??.recv, b"hello").await?;
        assert_eq!(host.peer().kind, transport.kind());
        Ok(host.peer().security)
    }

    /// What the host answers to these bytes, until it hangs up.
    async fn answer(&self, bytes: &[u8]) -> Outcome<Vec<u8>> {
        let mut tcp = TcpStream::connect(self.address).await?;
        tcp.write_all(bytes).await?;
        let mut answer = Vec::new();
        // Who hangs up with bytes unread resets the connection, which may come before the end.
        let _ = in_time(tcp.read_to_end(&mut answer)).await?;
        Ok(answer)
    }
}

/// Somebody who speaks plain TCP, and is told why not.
async fn refused_in_plain(open: &Open) -> Outcome<Error> {
    let connection = in_time(Tcp::new(None).dial(open.address, Expect::Unknown)).await??;
    let mut stream = in_time(connection.open()).await??;
    error_of(in_time(stream.recv.next()).await?)
}

#[tokio::test]
async fn plain_tcp_is_refused_in_one_sentence_where_only_tls_is_served() -> Outcome {
    let mut open = open(true, false)?;
    let Error::Closed { code: CloseCode::PlaintextRefused, reason } = refused_in_plain(&open).await? else {
        return Err("not refused for being plain".into());
    };
    assert_eq!(reason, "This room is encrypted, and its host does not talk in the clear. Join it with encryption.");
    assert_matches!(open.accepting.refusal().await?, Error::Closed { code: CloseCode::PlaintextRefused, .. });
    assert_eq!(open.serves(&tls()?).await?, Security::Encrypted);
    Ok(())
}

#[tokio::test]
async fn tls_is_refused_where_only_plain_tcp_is_served() -> Outcome {
    let mut open = open(false, true)?;
    let error = error_of(in_time(tls()?.dial(open.address, open.expect)).await?)?;
    assert_matches!(error, Error::WrongProtocol(_));
    assert_matches!(open.accepting.refusal().await?, Error::WrongProtocol(_));
    assert_eq!(open.serves(&Tcp::new(None)).await?, Security::Plaintext);
    Ok(())
}

#[tokio::test]
async fn both_are_served_on_one_port() -> Outcome {
    let mut open = open(true, true)?;
    for _ in 0..2 {
        assert_eq!(open.serves(&tls()?).await?, Security::Encrypted);
        assert_eq!(open.serves(&Tcp::new(None)).await?, Security::Plaintext);
    }
    Ok(())
}

#[tokio::test]
async fn no_ticket_crosses_over_from_tls_to_plain_tcp() -> Outcome {
    let mut open = open(true, true)?;
    let _encrypted = in_time(tls()?.dial(open.address, open.expect)).await??;
    let ticket = open.accepting.connection().await?;
    let plain = in_time(Tcp::new(None).dial(open.address, Expect::Unknown)).await??;
    let _host = open.accepting.connection().await?;
    let _first = in_time(plain.open()).await??;
    plain.use_ticket(ticket.ticket().ok_or("no ticket")?);
    let _further = in_time(plain.open()).await??;
    assert_matches!(open.accepting.refusal().await?, Error::WrongProtocol(_));
    Ok(())
}

#[tokio::test]
async fn another_version_is_told_which_one_is_spoken() -> Outcome {
    for (encrypted, plain) in [(true, false), (false, true), (true, true)] {
        let mut open = open(encrypted, plain)?;
        let mut answer = BytesMut::from(&open.answer(b"parlor/2\0").await?[..]);
        let frame = frame::take(&mut answer)?.ok_or("no whole frame")?;
        assert_eq!(frame.kind, Close::KIND);
        assert_eq!(CloseCode::from(Close::decode(&frame.payload)?.code), CloseCode::Version);
        assert!(answer.is_empty());
        assert_matches!(open.accepting.refusal().await?, Error::Closed { code: CloseCode::Version, .. });
    }
    Ok(())
}

#[tokio::test]
async fn garbage_ends_nothing_but_its_own_connection() -> Outcome {
    let mut open = open(true, true)?;
    let garbage: [&[u8]; 6] = [
        b"GET / HTTP/1.1\r\nHost: example\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        &[0; 64],
        &[0xff; 64],
        // TLS that is none.
        &[22, 3, 1, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8],
        // Ours, and then a stream that begins with nothing known.
        b"parlor/1\x07",
    ];
    for bytes in garbage {
        open.answer(bytes).await?;
        open.accepting.refusal().await?;
    }
    // Gone in the middle of what could have become something.
    for bytes in [&b"parl"[..], b"parlor/1", b"parlor/1\x01too short", &[22, 3, 1, 2, 0, 1, 0]] {
        drop({
            let mut tcp = TcpStream::connect(open.address).await?;
            tcp.write_all(bytes).await?;
            tcp
        });
        open.accepting.refusal().await?;
    }
    open.serves(&tls()?).await?;
    open.serves(&Tcp::new(None)).await?;
    Ok(())
}

#[tokio::test]
async fn who_says_nothing_or_half_of_it_keeps_nobody_waiting() -> Outcome {
    let mut open = open(true, true)?;
    let mut silent = Vec::new();
    for bytes in [&b""[..], b"p", b"parl", b"parlor/1", b"parlor/1\x01half a ticket", &[22], &[22, 3, 1, 2, 0, 1, 0]] {
        let mut tcp = TcpStream::connect(open.address).await?;
        tcp.write_all(bytes).await?;
        silent.push(tcp);
    }
    open.serves(&tls()?).await?;
    open.serves(&Tcp::new(None)).await?;
    Ok(())
}

/// As a program of 2010 would say it: the version, 32 random bytes, no session, one cipher suite, no compression.
#[tokio::test]
async fn tls_1_2_is_not_spoken() -> Outcome {
    let mut hello = vec![3, 3];
    hello.extend([0x5a; 32]);
    // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256; groups: P-256; signatures: ECDSA with P-256 and SHA-256.
    hello.extend([0, 0, 2, 0xc0, 0x2b, 1, 0]);
    let extensions = [0, 10, 0, 4, 0, 2, 0, 23, 0, 13, 0, 4, 0, 2, 4, 3, 0, 11, 0, 2, 1, 0];
    hello.extend([0, extensions.len() as u8]);
    hello.extend(extensions);
    let mut record = vec![22, 3, 1, 0, hello.len() as u8 + 4, 1, 0, 0, hello.len() as u8];
    record.extend(hello);
    let mut open = open(true, false)?;
    // A fatal alert, protocol_version: RFC 8446, section 6.
    assert_eq!(open.answer(&record).await?, [21, 3, 3, 0, 2, 2, 70]);
    open.accepting.refusal().await?;
    open.serves(&tls()?).await?;
    Ok(())
}

#[tokio::test]
async fn plain_tcp_is_not_even_dialled_for_a_known_key() -> Outcome {
    let open = open(false, true)?;
    let error = error_of(in_time(Tcp::new(None).dial(open.address, open.expect)).await?)?;
    assert_matches!(error, Error::IdentityImpossible);
    Ok(())
}

over!([quic: Quic, tls: Tls, tcp: Tcp], [both_families_reach_a_host_that_listens_on_all_addresses]);

async fn both_families_reach_a_host_that_listens_on_all_addresses(kind: Kind) -> Outcome {
    let identity = identity()?;
    let key = Expect::Key(identity.fingerprint());
    let credentials = Credentials::new(identity);
    let (transport, expect): (Box<dyn Transport>, _) = match kind {
        Kind::Quic => (Box::new(Quic::new(credentials, None)), key),
        Kind::Tls => (Box::new(Tls::new(credentials, None)), key),
        _ => (Box::new(Tcp::new(None)), Expect::Unknown),
    };
    let listener = transport.listen(SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)))?;
    let port = listener.local_address()?.port();
    let mut accepting = Accepting::new(listener);
    let has_v6 = std::net::UdpSocket::bind((Ipv6Addr::LOCALHOST, 0));
    assert!(has_v6.is_ok(), "this machine has no ::1, so half of this cannot be tested here: {has_v6:?}");
    for local in [SocketAddr::from((Ipv4Addr::LOCALHOST, port)), SocketAddr::from((Ipv6Addr::LOCALHOST, port))] {
        let _member = in_time(transport.dial(local, expect)).await??;
        let host = accepting.connection().await?;
        assert_eq!(host.peer().remote.ip(), local.ip(), "IPv4 is shown as such");
    }
    Ok(())
}

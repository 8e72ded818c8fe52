//! From a target to the welcome: what is asked first, what is never sent, and what a host answers.

use std::{
    io,
    net::{SocketAddr, UdpSocket},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use parlor::{
    conversation::{Command, Event, Question, RefusedReason},
    identity::{Fingerprint, Identity},
    session::{self, Consent, Options, Source, Way},
    transport::{BoxFuture, Connection, Credentials, Error, Expect, Kind, Listener, Port, Tcp, Tls, Transport},
    wire::{
        CloseCode, Message, Security, frame, limits,
        message::{Refusal, Roster, Welcome},
    },
};
use tokio::time::timeout;

use crate::harness::{Joiner, accept, hello, member, next, options, played, refused, roster, said, welcome};

#[tokio::test]
async fn blocked_udp_slows_a_join_down_and_never_weakens_it() {
    let host = Arc::new(Identity::generate().unwrap());
    let mut listener = Tls::new(Credentials::new(host.clone()), None).listen("127.0.0.1:0".parse().unwrap()).unwrap();
    // Takes every QUIC packet and answers none, as a gateway does that drops UDP.
    let _silent = UdpSocket::bind(listener.local_address().unwrap()).unwrap();
    let mut conversation = Joiner::new().join(options(&*listener, Some(host.fingerprint()), Way::Encrypted));
    let (_connection, mut stream) = accept(&mut *listener).await;
    hello(&mut stream).await;
    stream.send.send(&mut vec![welcome().encode(), roster().encode()]).await.unwrap();
    match next(&mut conversation).await {
        Event::Welcomed(welcomed) => {
            assert_eq!((welcomed.transport, welcomed.security), (Some(Kind::Tls), Security::Pinned));
            assert_eq!(welcomed.fingerprint, Some(host.fingerprint()));
        }
        other => panic!("expected the welcome, got {other:?}"),
    }
}

#[tokio::test]
async fn nothing_is_sent_before_the_yes() {
    let host = Arc::new(Identity::generate().unwrap());
    let mut listener = Tls::new(Credentials::new(host.clone()), None).listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let joiner = Joiner::new();
    let mut conversation = joiner.join(options(&*listener, None, Way::Only(Kind::Tls)));
    // Not even the handshake is completed: it would show our certificate.
    assert!(listener.accept().await.unwrap().handshake.await.is_err());
    match next(&mut conversation).await {
        Event::Asked(Question::FirstContact { fingerprint, .. }) => assert_eq!(fingerprint, host.fingerprint()),
        other => panic!("expected the question, got {other:?}"),
    }
    assert!(timeout(Duration::from_millis(200), listener.accept()).await.is_err(), "nobody dials before the answer");
    assert_eq!(joiner.pins().load().unwrap().0.len(), 0);
    conversation.commands.send(Command::Answer(true)).await.unwrap();
    let (connection, mut stream) = accept(&mut *listener).await;
    hello(&mut stream).await;
    assert_eq!(connection.peer().fingerprint, Some(joiner.identity.fingerprint()));
    assert_eq!(joiner.pins().load().unwrap().0.len(), 1);
}

#[tokio::test]
async fn a_no_ends_the_join_and_pins_nothing() {
    let host = Arc::new(Identity::generate().unwrap());
    let mut listener = Tls::new(Credentials::new(host), None).listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let joiner = Joiner::new();
    let mut conversation = joiner.join(options(&*listener, None, Way::Only(Kind::Tls)));
    assert!(listener.accept().await.unwrap().handshake.await.is_err());
    assert!(matches!(next(&mut conversation).await, Event::Asked(_)));
    conversation.commands.send(Command::Answer(false)).await.unwrap();
    assert_eq!(refused(&mut conversation).await.reason, RefusedReason::IdentityUnknown);
    assert_eq!(joiner.pins().load().unwrap().0.len(), 0);
}

#[tokio::test]
async fn plaintext_is_asked_about_and_the_default_is_no() {
    let listener = Port::plain().listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let options = Options { plaintext: Consent::Ask, ..options(&*listener, None, Way::Only(Kind::Tls)) };
    let accepting = tokio::spawn(async move {
        let mut listener = listener;
        accept(&mut *listener).await
    });
    let mut conversation = Joiner::new().join(options);
    assert!(matches!(next(&mut conversation).await, Event::Asked(Question::Plaintext { .. })));
    conversation.commands.send(Command::Answer(false)).await.unwrap();
    assert_eq!(refused(&mut conversation).await.reason, RefusedReason::WrongProtocol);
    assert!(!accepting.is_finished(), "nobody came in the clear");
    accepting.abort();
}

/// A mistyped address led to the question whether to talk in the clear.
#[tokio::test]
async fn where_nobody_listens_plaintext_is_not_asked_about() {
    let listener = Port::plain().listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let options = Options { plaintext: Consent::Ask, ..options(&*listener, None, Way::Only(Kind::Tls)) };
    drop(listener);
    let refused = refused(&mut Joiner::new().join(options)).await;
    assert_eq!(refused.reason, RefusedReason::Unreachable);
    assert!(!refused.detail.contains("os error"), "{}", refused.detail);
}

/// For who wants to know why nobody was met: a window did not know where the name had led.
#[tokio::test]
async fn where_a_name_has_led_is_told_with_the_refusal() {
    let listener = Port::plain().listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let (joiner, mut options) = (Joiner::new(), options(&*listener, None, Way::Encrypted));
    drop(listener);
    options.target.source = Source::Name("Kitchen".parse().unwrap());
    let (address, key) = (options.target.addresses[0].clone(), Identity::generate().unwrap().fingerprint());
    // A machine that was met under this name is what is meant, and is not looked for.
    joiner.pins().met(key, &address, None, jiff::Timestamp::now()).unwrap();
    let refused = refused(&mut joiner.join(options)).await;
    assert_eq!((refused.reason, refused.led_to), (RefusedReason::Unreachable, Some(Box::new((vec![address], None)))));
}

#[tokio::test]
async fn a_host_that_never_answers_is_given_up() {
    let (mut conversation, _connection, _stream) = played().await;
    assert_eq!(refused(&mut conversation).await.reason, RefusedReason::Unreachable);
}

#[tokio::test]
async fn connected_means_welcomed() {
    for answer in [
        vec![roster().encode()],
        vec![welcome().encode(), Roster { members: vec![] }.encode()],
        vec![welcome().encode(), Roster { members: vec![member(0, "Ana"), member(2, "Eve")] }.encode()],
        vec![Welcome { members: limits::MEMBERS as u32 + 1, ..welcome() }.encode()],
        vec![said(1, "psst")],
        vec![frame::write(0x7f, b"?")],
        vec![Bytes::from_static(b"\xff\xff\xff\xff")],
        vec![Bytes::from_static(b"HTTP/1.1 400 Bad Request\r\n\r\n")],
    ] {
        let (mut conversation, _connection, mut stream) = played().await;
        stream.send.send(&mut answer.clone()).await.unwrap();
        assert_eq!(refused(&mut conversation).await.reason, RefusedReason::WrongProtocol, "{answer:?}");
        assert!(
            matches!(stream.recv.next().await, Err(Error::Closed { code: CloseCode::Violation, .. })),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn what_a_host_refuses_with_is_made_harmless() {
    let (mut conversation, connection, mut stream) = played().await;
    let answer = parlor::wire::message::Refused {
        refusal: Refusal::Full,
        detail: "full\x1b[2J\nAna: hi".to_owned(),
        suggestion: None,
    };
    stream.send.send(&mut vec![answer.encode()]).await.unwrap();
    drop(stream);
    connection.close(CloseCode::Refused, "full").await;
    let refused = refused(&mut conversation).await;
    assert_eq!((refused.reason, &*refused.detail), (RefusedReason::Full, "full␛[2J Ana: hi"));
}

#[tokio::test]
async fn a_host_that_is_busy_says_so() {
    let (mut conversation, connection, stream) = played().await;
    drop(stream);
    connection.close(CloseCode::Busy, "Too many are knocking.").await;
    let refused = refused(&mut conversation).await;
    assert_eq!((refused.reason, &*refused.detail), (RefusedReason::Busy, "Too many are knocking."));
}

/// Proves to have a key, and is never reached again.
struct SeenOnce {
    key: Fingerprint,
}

impl Transport for SeenOnce {
    fn kind(&self) -> Kind {
        Kind::Tls
    }

    fn listen(&self, _: SocketAddr) -> io::Result<Box<dyn Listener>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn dial(&self, _: SocketAddr, expect: Expect) -> BoxFuture<'_, Result<Arc<dyn Connection>, Error>> {
        let found = self.key;
        Box::pin(async move {
            Err(match expect {
                Expect::Unknown => Error::IdentityUnknown { found },
                Expect::Key(_) => Error::TimedOut,
            })
        })
    }
}

/// What is announced is pinned only with the welcome; a key that was agreed on counted for nothing until then.
#[tokio::test]
async fn who_has_agreed_to_a_key_is_not_talked_to_in_the_clear() {
    let mut listener = Port::plain().listen("127.0.0.1:0".parse().unwrap()).unwrap();
    for source in [Source::Announced, Source::Given] {
        let mut options = options(&*listener, None, Way::Encrypted);
        options.target.source = source;
        (options.first_contact, options.plaintext) = (Consent::Given, Consent::Given);
        let encrypted = SeenOnce { key: Identity::generate().unwrap().fingerprint() };
        let transports: Vec<Arc<dyn Transport>> = vec![Arc::new(encrypted), Arc::new(Tcp::new(None))];
        let mut conversation = session::join_over(transports, options, Joiner::new().pins());
        let refused = tokio::select! {
            refused = refused(&mut conversation) => refused,
            _ = listener.accept() => panic!("it knocks in the clear"),
        };
        assert_eq!(refused.reason, RefusedReason::Unreachable);
    }
}

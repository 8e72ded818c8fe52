//! The joining side against hosts that are slow, half deaf, or mean harm. They are played here, frame by frame.
//!
//! - `elsewhere`: another connection, while the first is still there
//! - `paced`: how soon one doubts, and how often one comes back

mod elsewhere;
mod paced;

use std::{
    io,
    net::{SocketAddr, UdpSocket},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use parlor::{
    conversation::{Closed, Command, Conversation, Event, Question, Refused, RefusedReason, State},
    identity::{Address, Fingerprint, Identity, Pins},
    session::{self, Consent, Options, Source, Target, Way},
    transport::{
        Accepted, BoxFuture, Connection, Credentials, Error, Expect, Kind, Listener, Port, Stream, Tcp, Tls, Transport,
    },
    wire::{
        CloseCode, Frame, FromMember, Member, Message, Security, frame, limits,
        message::{self, Gap, Hello, Joined, Ping, Refusal, Repeated, Resume, Roster, Said, Say, Welcome},
    },
};
use tempfile::TempDir;
use tokio::time::timeout;

/// Nothing here takes so long unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// One who joins: a new installation each time.
struct Joiner {
    identity: Arc<Identity>,
    dir: TempDir,
}

impl Joiner {
    fn new() -> Self {
        Self { identity: Arc::new(Identity::generate().unwrap()), dir: TempDir::new().unwrap() }
    }

    fn join(&self, options: Options) -> Conversation {
        session::join(options, self.identity.clone(), self.pins())
    }

    fn pins(&self) -> Pins {
        Pins::open(self.dir.path())
    }
}

fn options(listener: &dyn Listener, fingerprint: Option<Fingerprint>, way: Way) -> Options {
    Options {
        target: Target {
            addresses: vec![Address::from(listener.local_address().unwrap())],
            fingerprint,
            room: None,
            source: Source::Given,
        },
        name: "Ben".parse().unwrap(),
        way,
        first_contact: Consent::Ask,
        plaintext: Consent::Withheld,
        bind: None,
        proxy: None,
    }
}

/// The next event that is not about progress.
async fn next(conversation: &mut Conversation) -> Event {
    loop {
        match timeout(PATIENCE, conversation.events.recv()).await.expect("in time").expect("an event") {
            Event::State { .. } => {}
            event => return event,
        }
    }
}

async fn refused(conversation: &mut Conversation) -> Refused {
    match next(conversation).await {
        Event::Refused(refused) => refused,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

/// The next connection whose handshake is done, and its first stream.
async fn accept(listener: &mut dyn Listener) -> (Arc<dyn Connection>, Stream) {
    loop {
        let incoming = timeout(PATIENCE, listener.accept()).await.expect("in time").expect("a knock");
        if let Ok(Accepted::Connection(connection)) = incoming.handshake.await {
            let stream = connection.accept().await.expect("its first stream");
            return (connection, stream);
        }
    }
}

async fn hello(stream: &mut Stream) -> Hello {
    match FromMember::read(&heard(stream).await) {
        Ok(Some(FromMember::Hello(hello))) => hello,
        other => panic!("expected a hello, got {other:?}"),
    }
}

async fn heard(stream: &mut Stream) -> Frame {
    timeout(PATIENCE, stream.recv.next()).await.expect("in time").expect("a frame").expect("not the end")
}

/// Ana's room, with Ana and the new member Ben.
fn welcome() -> Welcome {
    Welcome {
        room: "Kitchen".parse().unwrap(),
        epoch: 1,
        member: 1,
        first: 1,
        head: 3,
        members: 2,
        ticket: None,
        pass: None,
        saved: false,
    }
}

fn member(id: u32, name: &str) -> Member {
    Member { id, name: name.parse().unwrap(), fingerprint: None, security: Security::Plaintext, away: false }
}

fn roster() -> Roster {
    Roster { members: vec![member(0, "Ana"), member(1, "Ben")] }
}

fn said(seq: u64, text: &str) -> Bytes {
    Said { seq, at: 0, by: 0, name: "Ana".parse().unwrap(), nonce: 0, text: text.to_owned() }.encode()
}

/// A join over plain TCP, and the host's end of it after the hello.
async fn played() -> (Conversation, Arc<dyn Connection>, Stream) {
    let mut listener = Port::plain().listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let conversation = Joiner::new().join(options(&*listener, None, Way::Plain));
    let (connection, mut stream) = accept(&mut *listener).await;
    assert_eq!(hello(&mut stream).await.name, "Ben");
    (conversation, connection, stream)
}

/// The same, welcomed.
async fn welcomed() -> (Conversation, Arc<dyn Connection>, Stream) {
    let (mut conversation, connection, mut stream) = played().await;
    stream.send.send(&mut vec![welcome().encode(), roster().encode()]).await.unwrap();
    assert!(matches!(next(&mut conversation).await, Event::Welcomed(_)));
    (conversation, connection, stream)
}

#[tokio::test]
async fn who_says_nothing_is_still_heard_of() {
    let (_conversation, _connection, mut stream) = welcomed().await;
    let begun = std::time::Instant::now();
    match FromMember::read(&heard(&mut stream).await) {
        Ok(Some(FromMember::Ping(_))) => assert!(begun.elapsed() > limits::HEARTBEAT / 2),
        other => panic!("expected a ping, got {other:?}"),
    }
}

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

#[tokio::test]
async fn what_others_say_is_made_harmless() {
    let (mut conversation, _connection, mut stream) = welcomed().await;
    stream.send.send(&mut vec![said(3, "\0\x1b]0;owned\x07\r\nline two\u{202e}")]).await.unwrap();
    match next(&mut conversation).await {
        Event::Gap { missed: 2 } => {}
        other => panic!("entries 1 and 2 never came: {other:?}"),
    }
    match next(&mut conversation).await {
        Event::Said(said) => assert_eq!(said.text, "␀␛]0;owned␇\nline two\u{fffd}"),
        other => panic!("expected the message, got {other:?}"),
    }
}

#[tokio::test]
async fn what_is_unknown_is_skipped_and_what_was_seen_is_not_shown_again() {
    let (mut conversation, _connection, mut stream) = welcomed().await;
    let joined = Joined { seq: 4, at: u64::MAX, member: member(2, "Chi") };
    let mut batch =
        vec![said(1, "a"), frame::write(0xff, b"from the future"), said(2, "b"), said(2, "b"), said(1, "a")];
    batch.extend([said(3, "c"), joined.encode(), said(9, "d")]);
    stream.send.send(&mut batch).await.unwrap();
    let mut seen = Vec::new();
    while seen.last().is_none_or(|last| last != "d") {
        seen.push(match next(&mut conversation).await {
            Event::Said(said) => said.text,
            Event::Joined(member) => member.name.to_string(),
            Event::Gap { missed } => format!("{missed} missing"),
            other => panic!("unexpected {other:?}"),
        });
    }
    assert_eq!(seen, ["a", "b", "c", "Chi", "4 missing", "d"]);
}

#[tokio::test]
async fn a_host_that_breaks_the_rules_is_left() {
    for broken in
        [welcome().encode(), frame::write(0x7f, b"?"), frame::write(Said::KIND, b"\xff"), Ping { number: 1 }.encode()]
    {
        let (mut conversation, _connection, mut stream) = welcomed().await;
        stream.send.send(&mut vec![broken]).await.unwrap();
        match next(&mut conversation).await {
            Event::Closed(Closed::Violation { .. }) => {}
            other => panic!("expected the end, got {other:?}"),
        }
    }
}

/// The same, at a host to whom one can come back.
async fn welcomed_at() -> (Conversation, Box<dyn Listener>, Arc<dyn Connection>, Stream) {
    let mut listener = Port::plain().listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let mut conversation = Joiner::new().join(options(&*listener, None, Way::Plain));
    let (connection, mut stream) = accept(&mut *listener).await;
    assert_eq!(hello(&mut stream).await.resume, None);
    stream.send.send(&mut vec![welcome().encode(), roster().encode()]).await.unwrap();
    assert!(matches!(next(&mut conversation).await, Event::Welcomed(_)));
    (conversation, listener, connection, stream)
}

async fn say(conversation: &Conversation, text: &str) {
    conversation.commands.send(Command::Say { text: text.to_owned(), tag: 7 }).await.unwrap();
}

async fn heard_say(stream: &mut Stream) -> Say {
    match FromMember::read(&heard(stream).await) {
        Ok(Some(FromMember::Say(say))) => say,
        other => panic!("expected something said, got {other:?}"),
    }
}

/// Waits until the session has noticed that its connection is gone.
async fn reconnecting(conversation: &mut Conversation) {
    loop {
        match timeout(PATIENCE, conversation.events.recv()).await.expect("in time").expect("an event") {
            Event::State { state: State::Reconnecting, .. } => return,
            Event::State { .. } => {}
            other => panic!("expected the loss, got {other:?}"),
        }
    }
}

#[tokio::test]
async fn who_is_cut_off_comes_back_to_where_they_were_and_says_again_what_was_not_confirmed() {
    let (mut conversation, mut listener, connection, mut stream) = welcomed_at().await;
    stream.send.send(&mut vec![said(1, "a"), said(2, "b"), said(3, "c")]).await.unwrap();
    say(&conversation, "one").await;
    say(&conversation, "two").await;
    let (one, two) = (heard_say(&mut stream).await, heard_say(&mut stream).await);
    let echo = Said { seq: 4, at: 0, by: 1, name: "Ben".parse().unwrap(), nonce: one.nonce, text: one.text };
    stream.send.send(&mut vec![echo.encode()]).await.unwrap();
    for _ in 0..4 {
        assert!(matches!(next(&mut conversation).await, Event::Said(_)));
    }
    drop((connection, stream));
    reconnecting(&mut conversation).await;
    say(&conversation, "three").await;

    let (_connection, mut stream) = accept(&mut *listener).await;
    let hello = hello(&mut stream).await;
    assert_eq!(hello.resume, Some(Resume { epoch: 1, next: 5, pass: welcome().pass, attempt: 1 }));
    let again = Welcome { first: 5, head: 7, ..welcome() };
    stream.send.send(&mut vec![again.encode(), roster().encode(), said(5, "d")]).await.unwrap();
    assert!(matches!(next(&mut conversation).await, Event::Resumed { anew: false, .. }));
    assert!(matches!(next(&mut conversation).await, Event::Said(said) if said.text == "d" && !said.history));
    // In their order, with the nonces that they had, and what was confirmed is not said again.
    assert_eq!(heard_say(&mut stream).await, two);
    assert_eq!(heard_say(&mut stream).await.text, "three");
    // Who is there is certain only when everything up to there was seen.
    stream.send.send(&mut vec![said(6, "e")]).await.unwrap();
    assert!(matches!(next(&mut conversation).await, Event::Said(said) if said.text == "e"));
    assert!(matches!(next(&mut conversation).await, Event::Members(members) if members.len() == 2));
}

/// The host has it already, and its echo lies in a gap: nothing else would ever have confirmed it.
#[tokio::test]
async fn what_the_host_calls_repeated_is_confirmed() {
    let (mut conversation, _listener, _connection, mut stream) = welcomed_at().await;
    say(&conversation, "once").await;
    let nonce = heard_say(&mut stream).await.nonce;
    let gap = Gap { from: 1, to: 5, head: 5, members: 2 };
    stream.send.send(&mut vec![gap.encode(), roster().encode(), Repeated { nonce }.encode()]).await.unwrap();
    assert!(matches!(next(&mut conversation).await, Event::Gap { missed: 4 }));
    assert!(matches!(next(&mut conversation).await, Event::Members(_)));
    assert_eq!(next(&mut conversation).await, Event::Delivered { tag: 7, was_shown: false });
    conversation.commands.send(Command::Finish).await.unwrap();
    assert_eq!(next(&mut conversation).await, Event::Closed(Closed::Left));
}

/// It was forgotten, and was nowhere when the host was gone before its echo.
#[tokio::test]
async fn what_the_host_calls_repeated_and_does_not_show_is_said_again_to_the_next() {
    let (mut conversation, mut listener, connection, mut stream) = welcomed_at().await;
    say(&conversation, "once").await;
    let once = heard_say(&mut stream).await;
    stream.send.send(&mut vec![Repeated { nonce: once.nonce }.encode(), said(1, "a")]).await.unwrap();
    assert!(matches!(next(&mut conversation).await, Event::Said(_)));
    drop((connection, stream));
    reconnecting(&mut conversation).await;
    let (_connection, mut stream) = accept(&mut *listener).await;
    hello(&mut stream).await;
    let anew = Welcome { epoch: 2, first: 1, head: 2, ..welcome() };
    stream.send.send(&mut vec![anew.encode(), roster().encode()]).await.unwrap();
    assert!(matches!(next(&mut conversation).await, Event::Resumed { anew: true, .. }));
    assert_eq!(heard_say(&mut stream).await, once);
}

#[tokio::test]
async fn who_has_joined_again_elsewhere_does_not_fight_for_the_place() {
    let (mut conversation, mut listener, connection, stream) = welcomed_at().await;
    drop((connection, stream));
    reconnecting(&mut conversation).await;
    let (_connection, mut stream) = accept(&mut *listener).await;
    hello(&mut stream).await;
    let refused = message::Refused { refusal: Refusal::Replaced, detail: "Elsewhere.".to_owned(), suggestion: None };
    stream.send.send(&mut vec![refused.encode()]).await.unwrap();
    assert_eq!(next(&mut conversation).await, Event::Closed(Closed::Replaced));
}

#[tokio::test]
async fn a_host_that_has_started_again_is_told_apart_and_nothing_is_shown_twice() {
    let (mut conversation, mut listener, connection, mut stream) = welcomed_at().await;
    let said_by_chi = |seq, nonce| {
        let (name, text) = ("Chi".parse().unwrap(), "hello".to_owned());
        Said { seq, at: 0, by: 2, name, nonce, text }.encode()
    };
    stream.send.send(&mut vec![said(1, "a"), said(2, "b"), said_by_chi(3, 77)]).await.unwrap();
    for _ in 0..3 {
        assert!(matches!(next(&mut conversation).await, Event::Said(_)));
    }
    drop((connection, stream));
    let (_connection, mut stream) = accept(&mut *listener).await;
    hello(&mut stream).await;
    let anew = Welcome { epoch: 2, first: 1, head: 2, ..welcome() };
    let joined = Joined { seq: 1, at: 0, member: member(1, "Ben") };
    // Chi had no echo of it, and says it again; the second is another one of the same words.
    let batch = [anew.encode(), roster().encode(), joined.encode(), said_by_chi(2, 77), said_by_chi(3, 78)];
    stream.send.send(&mut batch.to_vec()).await.unwrap();
    assert!(matches!(next(&mut conversation).await, Event::Resumed { anew: true, .. }));
    assert!(matches!(next(&mut conversation).await, Event::Joined(member) if member.id == 1));
    assert!(matches!(next(&mut conversation).await, Event::Members(_)));
    assert!(matches!(next(&mut conversation).await, Event::Said(said) if said.seq == 3));
}

#[tokio::test]
async fn a_wrong_key_on_coming_back_ends_it() {
    let host = Arc::new(Identity::generate().unwrap());
    let mut listener = Tls::new(Credentials::new(host.clone()), None).listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_address().unwrap();
    let mut conversation = Joiner::new().join(options(&*listener, Some(host.fingerprint()), Way::Only(Kind::Tls)));
    let (connection, mut stream) = accept(&mut *listener).await;
    hello(&mut stream).await;
    stream.send.send(&mut vec![welcome().encode(), roster().encode()]).await.unwrap();
    assert!(matches!(next(&mut conversation).await, Event::Welcomed(_)));
    say(&conversation, "not for others").await;
    heard_say(&mut stream).await;
    drop(listener);
    let other = Arc::new(Identity::generate().unwrap());
    let mut listener = Tls::new(Credentials::new(other.clone()), None).listen(address).unwrap();
    drop((connection, stream));
    // Somebody has to listen for the handshake to come about.
    let impostor = tokio::spawn(async move {
        loop {
            let handshake = listener.accept().await.unwrap().handshake;
            assert!(handshake.await.is_err(), "nothing of ours is sent to another key");
        }
    });
    assert!(matches!(next(&mut conversation).await, Event::Unsent { text, .. } if text == "not for others"));
    let refused = refused(&mut conversation).await;
    assert_eq!(refused.reason, RefusedReason::IdentityMismatch);
    assert_eq!(refused.keys, Some(Box::new((host.fingerprint(), other.fingerprint()))));
    assert!(!impostor.is_finished());
    impostor.abort();
}

/// The order to leave waited behind what could not be sent.
#[tokio::test]
async fn one_can_leave_however_much_waits_to_be_sent() {
    let (mut conversation, listener, connection, stream) = welcomed_at().await;
    drop((listener, connection, stream));
    reconnecting(&mut conversation).await;
    let waiting = limits::OUTSTANDING + conversation.commands.max_capacity();
    for number in 0..waiting {
        timeout(PATIENCE, say(&conversation, &number.to_string())).await.expect("there is a place for it");
    }
    assert!(conversation.commands.try_reserve().is_err(), "and for no more");
    conversation.exit.leave();
    for number in 0..waiting {
        match next(&mut conversation).await {
            Event::Unsent { text, .. } => assert_eq!(text, number.to_string()),
            other => panic!("expected what was to be said, got {other:?}"),
        }
    }
    assert_eq!(next(&mut conversation).await, Event::Closed(Closed::Left));
}

#[tokio::test]
async fn an_end_that_the_host_states_is_no_lost_connection() {
    for (code, closed) in [(CloseCode::HostLeft, "host-left"), (CloseCode::Replaced, "replaced")] {
        let (mut conversation, _listener, connection, stream) = welcomed_at().await;
        drop(stream);
        connection.close(code, "").await;
        match next(&mut conversation).await {
            Event::Closed(how) => assert_eq!(how.as_str(), closed),
            other => panic!("expected the end, got {other:?}"),
        }
    }
}

#[tokio::test]
async fn what_was_never_confirmed_is_given_back() {
    let (mut conversation, connection, mut stream) = welcomed().await;
    conversation.commands.send(Command::Say { text: "did you get this?".to_owned(), tag: 9 }).await.unwrap();
    heard(&mut stream).await;
    drop((connection, stream));
    conversation.exit.leave();
    match next(&mut conversation).await {
        Event::Unsent { text, tag, .. } => assert_eq!((text.as_str(), tag), ("did you get this?", 9)),
        other => panic!("expected the text back, got {other:?}"),
    }
    assert_eq!(next(&mut conversation).await, Event::Closed(Closed::Left));
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

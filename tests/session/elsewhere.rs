//! A connection that is doubted while it is still there, and the one that takes its place. The host is played; UDP to it can
//! be cut off and let through again.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use parlor::{
    conversation::{Closed, Command, Conversation, Event, State},
    identity::Identity,
    session::Way,
    transport::{Connection, Credentials, Error, Kind, Listener, Quic, Stream, Tls, Transport},
    wire::{
        CloseCode, FromMember, Message, limits,
        message::{Hello, Refusal, Refused, Resume, Say, Welcome},
    },
};
use tokio::{
    net::UdpSocket,
    time::{sleep, timeout},
};

use crate::harness::{Joiner, PATIENCE, accept, heard, hello, options, roster, said, welcome};

/// A host on one port, and the way to it.
struct Host {
    quic: Box<dyn Listener>,
    tls: Box<dyn Listener>,
    /// UDP gets through.
    passes: Arc<AtomicBool>,
}

impl Host {
    /// One, and somebody who joins it.
    async fn joined_by_somebody(passes: bool) -> (Self, Conversation) {
        let identity = Arc::new(Identity::generate().unwrap());
        let credentials = Credentials::new(identity.clone());
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let quic = Quic::new(credentials.clone(), None).listen(any).unwrap();
        let tls = Tls::new(credentials, None).listen(any).unwrap();
        let passes = Arc::new(AtomicBool::new(passes));
        let outside = UdpSocket::bind(tls.local_address().unwrap()).await.unwrap();
        tokio::spawn(carry(outside, quic.local_address().unwrap(), passes.clone()));
        let conversation = Joiner::new().join(options(&*tls, Some(identity.fingerprint()), Way::Encrypted));
        (Self { quic, tls, passes }, conversation)
    }

    /// A member who was let in over QUIC.
    async fn with_a_member_over_quic() -> (Self, Conversation, Arc<dyn Connection>, Stream) {
        let (mut host, mut conversation) = Self::joined_by_somebody(true).await;
        let (connection, mut stream) = accept(&mut *host.quic).await;
        hello(&mut stream).await;
        let_in(&mut stream, 1, 3).await;
        is_welcomed(&mut conversation).await;
        (host, conversation, connection, stream)
    }

    /// A member who was let in over TLS, since UDP did not get through; now it does.
    async fn with_a_member_over_tls() -> (Self, Conversation, Arc<dyn Connection>, Stream) {
        let (mut host, mut conversation) = Self::joined_by_somebody(false).await;
        let (connection, mut stream) = accept(&mut *host.tls).await;
        hello(&mut stream).await;
        let_in(&mut stream, 1, 3).await;
        is_welcomed(&mut conversation).await;
        host.udp(true);
        (host, conversation, connection, stream)
    }

    fn udp(&self, passes: bool) {
        self.passes.store(passes, Ordering::SeqCst);
    }
}

/// Carries datagrams between whoever knocks and the host, while they pass.
async fn carry(outside: UdpSocket, host: SocketAddr, passes: Arc<AtomicBool>) {
    let inside = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    inside.connect(host).await.unwrap();
    let mut member = None;
    let (mut ours, mut theirs) = (vec![0; 65536], vec![0; 65536]);
    loop {
        tokio::select! {
            Ok((length, from)) = outside.recv_from(&mut ours) => if passes.load(Ordering::SeqCst) {
                member = Some(from);
                let _ = inside.send(&ours[..length]).await;
            },
            Ok(length) = inside.recv(&mut theirs) => if let Some(member) = member.filter(|_| passes.load(Ordering::SeqCst)) {
                let _ = outside.send_to(&theirs[..length], member).await;
            },
        }
    }
}

async fn let_in(stream: &mut Stream, first: u64, head: u64) {
    let welcome = Welcome { first, head, ..welcome() };
    stream.send.send(&mut vec![welcome.encode(), roster().encode()]).await.unwrap();
}

/// The next Say, whatever comes before it.
async fn say(stream: &mut Stream) -> Say {
    loop {
        if let Ok(Some(FromMember::Say(say))) = FromMember::read(&heard(stream).await) {
            return say;
        }
    }
}

/// The next event of those that `wanted` knows; the connection was never said to be lost before it.
async fn wait<T>(conversation: &mut Conversation, wanted: impl Fn(Event) -> Option<T>) -> T {
    loop {
        let event = timeout(PATIENCE, conversation.events.recv()).await.expect("in time").expect("an event");
        assert!(!matches!(event, Event::State { state: State::Reconnecting, .. }), "{event:?}");
        if let Some(found) = wanted(event) {
            return found;
        }
    }
}

async fn is_welcomed(conversation: &mut Conversation) {
    wait(conversation, |event| matches!(event, Event::Welcomed(_)).then_some(())).await;
}

async fn resumed(conversation: &mut Conversation) -> Kind {
    wait(conversation, |event| match event {
        Event::Resumed { welcomed, anew: false } => welcomed.transport,
        Event::Closed(closed) => panic!("{closed:?}"),
        _ => None,
    })
    .await
}

async fn is_told(conversation: &mut Conversation, text: &str) {
    wait(conversation, |event| match event {
        Event::Said(said) => (said.text == text).then_some(()),
        Event::Closed(closed) => panic!("{closed:?}"),
        _ => None,
    })
    .await;
}

fn conversation_of(hello: &Hello) -> (u64, Option<Resume>) {
    (hello.conversation, hello.resume.clone())
}

#[tokio::test]
async fn what_was_said_into_a_dead_quic_connection_is_said_over_tls() {
    let (mut host, mut member, _quic, mut stream) = Host::with_a_member_over_quic().await;
    stream.send.send(&mut vec![said(1, "one"), said(2, "two")]).await.unwrap();
    is_told(&mut member, "two").await;
    host.udp(false);
    member.commands.send(Command::Say { text: "hello?".to_owned(), tag: 7 }).await.unwrap();
    let (_tls, mut stream) = accept(&mut *host.tls).await;
    let (_, resume) = conversation_of(&hello(&mut stream).await);
    assert_eq!(resume.map(|resume| (resume.epoch, resume.next, resume.attempt)), Some((1, 3, 1)));
    let_in(&mut stream, 3, 3).await;
    assert_eq!(resumed(&mut member).await, Kind::Tls);
    assert_eq!(say(&mut stream).await.text, "hello?");
    stream.send.send(&mut vec![said(3, "welcome back")]).await.unwrap();
    is_told(&mut member, "welcome back").await;
}

/// Doubt costs nothing: where there is no other connection to be had, the one that there is goes on.
#[tokio::test]
async fn who_is_not_let_in_elsewhere_stays() {
    let (mut host, mut member, _quic, mut stream) = Host::with_a_member_over_quic().await;
    host.udp(false);
    member.commands.send(Command::Say { text: "hello?".to_owned(), tag: 7 }).await.unwrap();
    let (_tls, mut other) = accept(&mut *host.tls).await;
    hello(&mut other).await;
    let refused = Refused { refusal: Refusal::Full, detail: "The room is full.".to_owned(), suggestion: None };
    other.send.send(&mut vec![refused.encode()]).await.unwrap();
    host.udp(true);
    assert_eq!(say(&mut stream).await.text, "hello?");
    stream.send.send(&mut vec![said(1, "I hear you")]).await.unwrap();
    is_told(&mut member, "I hear you").await;
}

/// A hole in UDP that ends while one knocks elsewhere: nobody is greeted there.
#[tokio::test]
async fn a_connection_that_is_heard_again_is_not_left() {
    let (mut host, mut member, _quic, mut stream) = Host::with_a_member_over_quic().await;
    host.udp(false);
    member.commands.send(Command::Say { text: "hello?".to_owned(), tag: 7 }).await.unwrap();
    let knock = timeout(PATIENCE, host.tls.accept()).await.expect("in time").expect("a knock");
    host.udp(true);
    assert_eq!(say(&mut stream).await.text, "hello?");
    stream.send.send(&mut vec![said(1, "I hear you")]).await.unwrap();
    is_told(&mut member, "I hear you").await;
    if let Ok(parlor::transport::Accepted::Connection(connection)) = knock.handshake.await {
        let mut stream = connection.accept().await.unwrap();
        assert!(!matches!(timeout(PATIENCE, stream.recv.next()).await.expect("in time"), Ok(Some(_))), "a greeting");
    }
}

/// The host's close of the old connection, and its welcome over the new one, come in any order.
#[tokio::test]
async fn a_close_that_overtakes_the_welcome_is_not_the_end() {
    let (mut host, mut member, tls, stream) = Host::with_a_member_over_tls().await;
    let (_quic, mut new) = accept(&mut *host.quic).await;
    assert!(hello(&mut new).await.resume.is_some());
    drop(stream);
    tls.close(CloseCode::Replaced, "You have joined again from elsewhere.").await;
    // Long enough for the close to be heard first.
    sleep(Duration::from_millis(300)).await;
    let_in(&mut new, 1, 1).await;
    assert_eq!(resumed(&mut member).await, Kind::Quic);
    new.send.send(&mut vec![said(1, "there you are")]).await.unwrap();
    is_told(&mut member, "there you are").await;
}

/// And somebody who really was replaced is told so by the host when they ask.
#[tokio::test]
async fn who_was_replaced_while_greeting_learns_it() {
    let (mut host, mut member, tls, stream) = Host::with_a_member_over_tls().await;
    let (_quic, mut new) = accept(&mut *host.quic).await;
    hello(&mut new).await;
    drop(stream);
    tls.close(CloseCode::Replaced, "You have joined again from elsewhere.").await;
    let refused = || Refused { refusal: Refusal::Replaced, detail: "Replaced.".to_owned(), suggestion: None };
    new.send.send(&mut vec![refused().encode()]).await.unwrap();
    let again = async {
        // Over whichever comes first.
        let (_connection, mut stream) = tokio::select! {
            knock = accept(&mut *host.quic) => knock,
            knock = accept(&mut *host.tls) => knock,
        };
        hello(&mut stream).await;
        stream.send.send(&mut vec![refused().encode()]).await.unwrap();
        sleep(PATIENCE).await;
    };
    tokio::select! {
        () = again => panic!("nobody was told"),
        closed = async {
            loop {
                if let Event::Closed(closed) = member.events.recv().await.expect("an event") {
                    break closed;
                }
            }
        } => assert_eq!(closed, Closed::Replaced),
    }
}

/// While the answer is waited for, its stream is in use: nobody could say goodbye on it.
#[tokio::test]
async fn who_leaves_while_greeting_leaves_there_too() {
    let (mut host, member, _tls, _stream) = Host::with_a_member_over_tls().await;
    let (_quic, mut new) = accept(&mut *host.quic).await;
    hello(&mut new).await;
    member.exit.leave();
    let told = timeout(PATIENCE, new.recv.next()).await.expect("in time");
    assert!(matches!(told, Err(Error::Closed { code: CloseCode::Left, .. })), "{told:?}");
}

/// A window that is busy, or a pipe that nobody reads, is no silence of the host's.
#[tokio::test]
async fn a_front_end_that_takes_its_time_makes_nobody_doubt() {
    let (mut host, mut member, _quic, mut stream) = Host::with_a_member_over_quic().await;
    let many = (1..=600).map(|seq| said(seq, &format!("number {seq}"))).collect::<Vec<_>>();
    stream.send.send(&mut many.clone()).await.unwrap();
    member.commands.send(Command::Say { text: "hello?".to_owned(), tag: 7 }).await.unwrap();
    // Longer than QUIC is silent.
    sleep(limits::KEEP_ALIVE + Duration::from_secs(4)).await;
    is_told(&mut member, "number 600").await;
    assert_eq!(say(&mut stream).await.text, "hello?");
    let knock = timeout(Duration::from_secs(2), host.tls.accept()).await;
    assert!(knock.is_err(), "it knocks elsewhere");
    stream.send.send(&mut vec![said(601, "still here")]).await.unwrap();
    is_told(&mut member, "still here").await;
}

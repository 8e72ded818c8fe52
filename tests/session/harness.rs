//! What the tests of the joining side have in common: one who joins, and a host who is played, frame by frame.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use parlor::{
    conversation::{Command, Conversation, Event, Refused, State},
    identity::{Address, Fingerprint, Identity, Pins},
    session::{self, Consent, Options, Source, Target, Way},
    transport::{Accepted, Connection, Listener, Port, Stream},
    wire::{
        Frame, FromMember, Member, Message, Security,
        message::{Hello, Roster, Said, Say, Welcome},
    },
};
use tempfile::TempDir;
use tokio::time::timeout;

/// Nothing here takes so long unless something is wrong.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// One who joins: a new installation each time.
pub(crate) struct Joiner {
    pub(crate) identity: Arc<Identity>,
    pub(crate) dir: TempDir,
}

impl Joiner {
    pub(crate) fn new() -> Self {
        Self { identity: Arc::new(Identity::generate().unwrap()), dir: TempDir::new().unwrap() }
    }

    pub(crate) fn join(&self, options: Options) -> Conversation {
        session::join(options, self.identity.clone(), self.pins())
    }

    pub(crate) fn pins(&self) -> Pins {
        Pins::open(self.dir.path())
    }
}

pub(crate) fn options(listener: &dyn Listener, fingerprint: Option<Fingerprint>, way: Way) -> Options {
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
pub(crate) async fn next(conversation: &mut Conversation) -> Event {
    loop {
        match timeout(PATIENCE, conversation.events.recv()).await.expect("in time").expect("an event") {
            Event::State { .. } => {}
            event => return event,
        }
    }
}

pub(crate) async fn refused(conversation: &mut Conversation) -> Refused {
    match next(conversation).await {
        Event::Refused(refused) => refused,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

/// The next connection whose handshake is done, and its first stream.
pub(crate) async fn accept(listener: &mut dyn Listener) -> (Arc<dyn Connection>, Stream) {
    loop {
        let incoming = timeout(PATIENCE, listener.accept()).await.expect("in time").expect("a knock");
        if let Ok(Accepted::Connection(connection)) = incoming.handshake.await {
            let stream = connection.accept().await.expect("its first stream");
            return (connection, stream);
        }
    }
}

pub(crate) async fn hello(stream: &mut Stream) -> Hello {
    match FromMember::read(&heard(stream).await) {
        Ok(Some(FromMember::Hello(hello))) => hello,
        other => panic!("expected a hello, got {other:?}"),
    }
}

pub(crate) async fn heard(stream: &mut Stream) -> Frame {
    timeout(PATIENCE, stream.recv.next()).await.expect("in time").expect("a frame").expect("not the end")
}

/// Ana's room, with Ana and the new member Ben.
pub(crate) fn welcome() -> Welcome {
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

pub(crate) fn member(id: u32, name: &str) -> Member {
    Member { id, name: name.parse().unwrap(), fingerprint: None, security: Security::Plaintext, away: false }
}

pub(crate) fn roster() -> Roster {
    Roster { members: vec![member(0, "Ana"), member(1, "Ben")] }
}

pub(crate) fn said(seq: u64, text: &str) -> Bytes {
    Said { seq, at: 0, by: 0, name: "Ana".parse().unwrap(), nonce: 0, text: text.to_owned() }.encode()
}

/// A join over plain TCP, and the host's end of it after the hello.
pub(crate) async fn played() -> (Conversation, Arc<dyn Connection>, Stream) {
    let mut listener = Port::plain().listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let conversation = Joiner::new().join(options(&*listener, None, Way::Plain));
    let (connection, mut stream) = accept(&mut *listener).await;
    assert_eq!(hello(&mut stream).await.name, "Ben");
    (conversation, connection, stream)
}

/// The same, welcomed.
pub(crate) async fn welcomed() -> (Conversation, Arc<dyn Connection>, Stream) {
    let (mut conversation, connection, mut stream) = played().await;
    stream.send.send(&mut vec![welcome().encode(), roster().encode()]).await.unwrap();
    assert!(matches!(next(&mut conversation).await, Event::Welcomed(_)));
    (conversation, connection, stream)
}

/// The same, at a host to whom one can come back.
pub(crate) async fn welcomed_at() -> (Conversation, Box<dyn Listener>, Arc<dyn Connection>, Stream) {
    let mut listener = Port::plain().listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let mut conversation = Joiner::new().join(options(&*listener, None, Way::Plain));
    let (connection, mut stream) = accept(&mut *listener).await;
    assert_eq!(hello(&mut stream).await.resume, None);
    stream.send.send(&mut vec![welcome().encode(), roster().encode()]).await.unwrap();
    assert!(matches!(next(&mut conversation).await, Event::Welcomed(_)));
    (conversation, listener, connection, stream)
}

pub(crate) async fn say(conversation: &Conversation, text: &str) {
    conversation.commands.send(Command::Say { text: text.to_owned(), tag: 7 }).await.unwrap();
}

pub(crate) async fn heard_say(stream: &mut Stream) -> Say {
    match FromMember::read(&heard(stream).await) {
        Ok(Some(FromMember::Say(say))) => say,
        other => panic!("expected something said, got {other:?}"),
    }
}

/// Waits until the session has noticed that its connection is gone.
pub(crate) async fn reconnecting(conversation: &mut Conversation) {
    loop {
        match timeout(PATIENCE, conversation.events.recv()).await.expect("in time").expect("an event") {
            Event::State { state: State::Reconnecting, .. } => return,
            Event::State { .. } => {}
            other => panic!("expected the loss, got {other:?}"),
        }
    }
}

//! The hosting side and those who overdo it, over the memory transport and with a clock of our own.

use std::{
    future::pending,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use parlor::{
    conversation::{Command, Conversation, Event},
    host::{self, Options},
    identity::{Fingerprint, Identity},
    transport::{
        BoxFuture, Connection, Error, Expect, Incoming, Listener, Stream, Transport,
        memory::{Memory, Network},
    },
    wire::{
        CloseCode, FromHost, Message, limits,
        message::{Hello, Ping, Said, Say},
    },
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout},
};

struct Hosted {
    network: Network,
    host: Conversation,
    fingerprint: Fingerprint,
    address: SocketAddr,
}

impl Hosted {
    async fn new() -> Self {
        let identity = Identity::generate().unwrap();
        let (network, fingerprint) = (Network::default(), identity.fingerprint());
        let address = SocketAddr::from(([10, 0, 0, 1], 7275));
        let listener = Memory::new(network.clone(), fingerprint, address).listen(address).unwrap();
        Self { network, host: Self::listening(listener, &identity).await, fingerprint, address }
    }

    async fn listening(listener: Box<dyn Listener>, identity: &Identity) -> Conversation {
        let address = listener.local_address().unwrap();
        let options = Options {
            room: Some("Kitchen".parse().unwrap()),
            name: "Ana".parse().unwrap(),
            port: address.port(),
            bind: None,
            encrypted: true,
            plain: false,
            announce: false,
            save: None,
            map_port: false,
        };
        let mut host = host::host_over(vec![listener], options, identity);
        while !matches!(host.events.recv().await, Some(Event::Welcomed(_))) {}
        host
    }

    /// A connection of somebody at `ip`, whose key is `number`.
    async fn knock(&self, ip: impl Into<IpAddr>, number: u8) -> Result<(Arc<dyn Connection>, Stream), Error> {
        let key = Fingerprint::from_bytes([number; 32]);
        let member = Memory::new(self.network.clone(), key, SocketAddr::new(ip.into(), 1));
        let connection = member.dial(self.address, Expect::Key(self.fingerprint)).await?;
        let stream = connection.open().await?;
        Ok((connection, stream))
    }

    async fn join(&self, name: &str, number: u8) -> (Arc<dyn Connection>, Stream) {
        let (connection, mut stream) = self.knock([10, 0, 0, number], number).await.unwrap();
        let hello = Hello { name: name.to_owned(), room: None, conversation: 7, resume: None };
        stream.send.send(&mut vec![hello.encode()]).await.unwrap();
        assert!(matches!(next(&mut stream).await, FromHost::Welcome(_)));
        (connection, stream)
    }
}

async fn next(stream: &mut Stream) -> FromHost {
    let frame = timeout(limits::SILENCE, stream.recv.next()).await.expect("in time").expect("no end").expect("a frame");
    FromHost::read(&frame).unwrap().unwrap()
}

async fn next_said(stream: &mut Stream) -> Said {
    loop {
        if let FromHost::Said(said) = next(stream).await {
            return said;
        }
    }
}

/// Why the host has hung up.
async fn closed(stream: &mut Stream) -> CloseCode {
    loop {
        match timeout(limits::SILENCE, stream.recv.next()).await.expect("in time") {
            Err(Error::Closed { code, .. }) => return code,
            Ok(Some(_)) => {}
            other => panic!("no reason was given: {other:?}"),
        }
    }
}

fn say(nonce: u64, text: &str) -> bytes::Bytes {
    Say { nonce, text: text.to_owned() }.encode()
}

#[tokio::test(start_paused = true)]
async fn who_hurries_is_read_more_slowly_and_not_cut_off() {
    let hosted = Hosted::new().await;
    let (_ben, Stream { mut send, recv }) = hosted.join("Ben", 2).await;
    let (_chi, mut calm) = hosted.join("Chi", 3).await;
    let more = 500;
    let begun = Instant::now();
    let flood = tokio::spawn(async move {
        for nonce in 0..u64::from(limits::FRAME_BURST + more) {
            send.send(&mut vec![say(nonce, "x")]).await.unwrap();
        }
        send
    });
    let mut own = Stream { send: flood.await.unwrap(), recv };
    // Who is calm is heard at once all the while.
    calm.send.send(&mut vec![say(1, "calm")]).await.unwrap();
    while next_said(&mut calm).await.text != "calm" {}
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    for nonce in 0..u64::from(limits::FRAME_BURST + more) {
        while {
            let said = next_said(&mut own).await;
            assert!(said.text == "calm" || said.nonce == nonce, "each, in its order");
            said.text == "calm"
        } {}
    }
    let expected = Duration::from_secs(u64::from(more / limits::FRAME_RATE));
    let took = begun.elapsed();
    assert!(took >= expected - Duration::from_secs(1) && took < expected + Duration::from_secs(2), "{took:?}");
    drop(hosted.host);
}

#[tokio::test(start_paused = true)]
async fn large_messages_and_pings_count_as_well() {
    for (frame, cost) in [(say(1, &"x".repeat(limits::TEXT)), 9), (Ping { number: 1 }.encode(), 1)] {
        let hosted = Hosted::new().await;
        let (_ben, mut stream) = hosted.join("Ben", 2).await;
        let frames = 4 * limits::FRAME_BURST / cost;
        let begun = Instant::now();
        for _ in 0..frames {
            stream.send.send(&mut vec![frame.clone()]).await.unwrap();
        }
        // Heard after all of them.
        stream.send.send(&mut vec![say(2, "last")]).await.unwrap();
        while next_said(&mut stream).await.text != "last" {}
        let least = (frames * cost - limits::FRAME_BURST) / limits::FRAME_RATE;
        assert!(begun.elapsed() >= Duration::from_secs(u64::from(least) - 1), "{:?}", begun.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_crowd_that_says_nothing_keeps_nobody_else_out_and_is_told_why() {
    let hosted = Hosted::new().await;
    let mut crowd = Vec::new();
    for number in 0..limits::PENDING {
        crowd.push(hosted.knock([10, 1, 0, (number % 2) as u8], 9).await.unwrap());
    }
    // From elsewhere one comes in, and whoever waited longest has to go.
    let _ben = hosted.join("Ben", 2).await;
    let mut oldest = Vec::new();
    for (_, stream) in &mut crowd[..2] {
        oldest.push(timeout(Duration::from_secs(1), closed(stream)).await.ok());
    }
    assert!(oldest.contains(&Some(CloseCode::Busy)), "{oldest:?}");
    // Nobody waits for ever.
    for (_, stream) in &mut crowd[2..] {
        assert_eq!(closed(stream).await, CloseCode::TooSlow);
    }
}

#[tokio::test(start_paused = true)]
async fn who_knocks_without_end_is_turned_away_and_others_come_in() {
    let hosted = Hosted::new().await;
    let mut turned_away = 0;
    for _ in 0..limits::KNOCK_BURST + 10 {
        let Ok((connection, mut stream)) = hosted.knock([10, 1, 0, 0], 9).await else { continue };
        let hello = Hello { name: ":".to_owned(), room: None, conversation: 7, resume: None };
        let _ = stream.send.send(&mut vec![hello.encode()]).await;
        turned_away += u32::from(closed(&mut stream).await == CloseCode::Busy);
        drop((stream, connection));
    }
    assert!((1..=10).contains(&turned_away), "{turned_away}");
    hosted.join("Ben", 2).await;
}

/// As when a whole room comes from behind one gateway.
#[tokio::test(start_paused = true)]
async fn who_finds_no_place_waits_until_there_is_one() {
    let hosted = Hosted::new().await;
    let mut crowd = Vec::new();
    for _ in 0..limits::PENDING_PER_ADDRESS {
        crowd.push(hosted.knock([10, 0, 0, 2], 9).await.unwrap());
    }
    let mut joining = Box::pin(hosted.join("Ben", 2));
    assert!(timeout(Duration::from_secs(1), &mut joining).await.is_err());
    crowd.pop();
    timeout(Duration::from_secs(1), joining).await.expect("there is a place");
}

/// Answers with `Busy` cost a handshake each, so a crowd cannot have as many as it likes.
#[tokio::test(start_paused = true)]
async fn who_is_turned_away_is_told_so_only_as_often_as_there_is_time_for_it() {
    let hosted = Hosted::new().await;
    let mut crowd = Vec::new();
    for number in 0..limits::PENDING + limits::WAITING {
        crowd.push(hosted.knock([10, 1, 0, (number % 2) as u8], 9).await.unwrap());
    }
    let mut told = 0;
    let mut count = async |knocks: u32| {
        for _ in 0..knocks {
            let Ok((_connection, mut stream)) = hosted.knock([10, 1, 0, 0], 9).await else { continue };
            told += u32::from(matches!(stream.recv.next().await, Err(Error::Closed { code: CloseCode::Busy, .. })));
        }
        std::mem::take(&mut told)
    };
    let begun = Instant::now();
    assert_eq!(count(limits::BUSY_BURST + 30).await, limits::BUSY_BURST);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(count(limits::BUSY_RATE + 30).await, limits::BUSY_RATE);
    assert!(begun.elapsed() < limits::GREETING, "while the crowd is still there: {:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_has_so_long_to_greet() {
    let hosted = Hosted::new().await;
    let begun = Instant::now();
    let (_connection, mut stream) = hosted.knock([10, 0, 0, 2], 2).await.unwrap();
    assert_eq!(closed(&mut stream).await, CloseCode::TooSlow);
    let took = begun.elapsed();
    assert!(took >= limits::GREETING && took < limits::GREETING + Duration::from_secs(1), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_member_who_falls_silent_is_told_so_and_is_away() {
    let hosted = Hosted::new().await;
    let (_ben, mut silent) = hosted.join("Ben", 2).await;
    let (_chi, mut calm) = hosted.join("Chi", 3).await;
    let begun = Instant::now();
    tokio::time::sleep(limits::SILENCE / 2).await;
    calm.send.send(&mut vec![Ping { number: 1 }.encode()]).await.unwrap();
    assert_eq!(closed(&mut silent).await, CloseCode::TooSlow);
    let took = begun.elapsed();
    assert!(took >= limits::SILENCE && took < limits::SILENCE + Duration::from_secs(1), "{took:?}");
    while !matches!(next(&mut calm).await, FromHost::Away(_)) {}
    assert_eq!(closed(&mut calm).await, CloseCode::TooSlow);
    let (took, from) = (begun.elapsed(), limits::SILENCE / 2 + limits::SILENCE);
    assert!(took >= from && took < from + Duration::from_secs(1), "from their last word on: {took:?}");
}

/// Their end of the connection stayed half open for as long as they could have come back: they saw what had been under way,
/// and then nothing, not even the end.
#[tokio::test(start_paused = true)]
async fn who_falls_silent_and_does_not_read_sees_the_end_when_they_do() {
    let hosted = Hosted::new().await;
    let (_ben, mut silent) = hosted.join("Ben", 2).await;
    // More than lies in a pipe.
    for number in 0..50 {
        hosted
            .host
            .commands
            .send(Command::Say { text: format!("{number} {}", "x".repeat(8_000)), tag: 0 })
            .await
            .unwrap();
    }
    tokio::time::sleep(limits::SILENCE + 3 * limits::FAREWELL).await;
    let end = async { while let Ok(Some(_)) = silent.recv.next().await {} };
    timeout(Duration::from_secs(1), end).await.expect("the end, at once");
}

/// Peers whose handshakes come to no end.
struct Sluggish(mpsc::Receiver<Incoming>);

impl Sluggish {
    /// Somebody who knocks, and who is told when nobody listens any more.
    fn knock() -> (Incoming, oneshot::Receiver<()>) {
        let (listened_to, gone) = oneshot::channel();
        let handshake = Box::pin(async move {
            let _listened_to: oneshot::Sender<()> = listened_to;
            pending().await
        });
        (Incoming { remote: ([10, 1, 0, 0], 1).into(), handshake }, gone)
    }
}

impl Listener for Sluggish {
    fn local_address(&self) -> io::Result<SocketAddr> {
        Ok(([10, 0, 0, 1], 7275).into())
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<Incoming>> {
        Box::pin(async { self.0.recv().await.ok_or(io::ErrorKind::NotConnected.into()) })
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_turned_away_has_less_time_than_who_is_not() {
    let (knocks, listener) = mpsc::channel(1);
    let _host = Hosted::listening(Box::new(Sluggish(listener)), &Identity::generate().unwrap()).await;
    let begun = Instant::now();
    let mut gone = Vec::new();
    for _ in 0..=limits::KNOCK_BURST {
        let (knock, one) = Sluggish::knock();
        knocks.send(knock).await.unwrap();
        gone.push(one);
    }
    // The last has knocked once too often.
    assert!(gone.pop().unwrap().await.is_err());
    assert_eq!(begun.elapsed().as_secs(), limits::BUSY.as_secs());
    for one in gone {
        assert!(one.await.is_err());
    }
    assert_eq!(begun.elapsed().as_secs(), limits::GREETING.as_secs());
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_is_owed_a_few_answers_and_no_more() {
    let hosted = Hosted::new().await;
    let (_ben, mut deaf) = hosted.join("Ben", 2).await;
    let (_chi, mut calm) = hosted.join("Chi", 3).await;
    // More than lies between the two, so that the host has to wait for Ben.
    for nonce in 0..20 {
        calm.send.send(&mut vec![say(nonce, &"x".repeat(limits::TEXT))]).await.unwrap();
        while next_said(&mut calm).await.nonce != nonce {}
    }
    let pings = 100;
    for number in 0..pings {
        deaf.send.send(&mut vec![Ping { number }.encode()]).await.unwrap();
    }
    deaf.send.send(&mut vec![say(1, "that was all")]).await.unwrap();
    while next_said(&mut calm).await.text != "that was all" {}
    let mut pongs = 0;
    loop {
        match next(&mut deaf).await {
            FromHost::Pong(_) => pongs += 1,
            FromHost::Said(said) if said.text == "that was all" => break,
            _ => {}
        }
    }
    assert!(pongs <= limits::ANSWERS, "{pongs} of {pings}");
}

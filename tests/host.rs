//! The hosting side and those who overdo it, over the memory transport and with a clock of our own.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use parlor::{
    conversation::{Conversation, Event},
    host::{self, Options},
    identity::{Fingerprint, Identity},
    transport::{
        Connection, Error, Expect, Stream, Transport,
        memory::{Memory, Network},
    },
    wire::{
        CloseCode, FromHost, Message, limits,
        message::{Hello, Ping, Said, Say},
    },
};
use tokio::time::{Instant, timeout};

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
        let options = Options {
            room: Some("Kitchen".parse().unwrap()),
            name: "Ana".parse().unwrap(),
            port: address.port(),
            bind: None,
            encrypted: true,
            plain: false,
            save: None,
        };
        let mut host = host::host_over(vec![listener], options, &identity);
        while !matches!(host.events.recv().await, Some(Event::Welcomed(_))) {}
        Self { network, host, fingerprint, address }
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
        let hello = Hello { name: name.to_owned(), room: None, resume: None };
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
    // One more from there is turned away, with a reason.
    let (_connection, mut stream) = hosted.knock([10, 1, 0, 0], 9).await.unwrap();
    assert_eq!(closed(&mut stream).await, CloseCode::Busy);
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
        let hello = Hello { name: ":".to_owned(), room: None, resume: None };
        let _ = stream.send.send(&mut vec![hello.encode()]).await;
        turned_away += u32::from(closed(&mut stream).await == CloseCode::Busy);
        drop((stream, connection));
    }
    assert!((1..=10).contains(&turned_away), "{turned_away}");
    hosted.join("Ben", 2).await;
}

//! What attackers are made of: addresses to come from, bare sockets, and connections that send any bytes they like.

use std::{
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use parlor::{
    identity::Identity,
    transport::{Connection, Credentials, Error, Expect, Kind, Quic, Stream, Tcp, Tls, Transport},
    wire::{
        CloseCode, FromHost, Message,
        message::{Hello, Refused, Welcome},
    },
};
use rustls::pki_types::ServerName;
use tokio::{
    io::AsyncReadExt,
    net::{TcpSocket, TcpStream, UdpSocket},
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

use crate::{
    figures::Tally,
    harness::{Outcome, PATIENCE, in_time, loopback},
    raw,
    siege::Aim,
};

/// Over what an attacker comes.
pub(crate) const KINDS: [Kind; 3] = [Kind::Quic, Kind::Tls, Kind::Tcp];

/// One of the addresses that attackers come from. All of 127.0.0.0/8 is this machine; honest members have 127.0.0.1.
pub(crate) fn from(number: usize) -> IpAddr {
    let [_, a, b, c] = (number as u32).to_be_bytes();
    Ipv4Addr::new(127, 100 + a, b, c).into()
}

/// Lets `peers` attackers loose, evenly over the window, waits until all are done, and counts what they met with.
pub(crate) async fn crowd<A>(aim: Aim, peers: usize, attacker: impl Fn(usize) -> A) -> Outcome<Tally>
where
    A: Future<Output = Outcome<&'static str>> + Send + 'static,
{
    let begun = Instant::now();
    let mut crowd = JoinSet::new();
    let mut met = Tally::new();
    for number in 0..peers {
        sleep_until(begun + aim.window * number as u32 / peers as u32).await;
        crowd.spawn(timeout(PATIENCE, attacker(number)));
        while let Some(done) = crowd.try_join_next() {
            *met.entry(done???).or_default() += 1;
        }
    }
    while let Some(done) = crowd.join_next().await {
        *met.entry(done???).or_default() += 1;
    }
    Ok(met)
}

/// A bare TCP connection.
pub(crate) async fn tcp(aim: Aim, from: IpAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(from, 0))?;
    socket.connect(aim.address).await
}

/// What comes until the host hangs up.
pub(crate) async fn read_out(tcp: &mut TcpStream) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    // A reset is an end as well.
    let _ = in_time(tcp.read_to_end(&mut bytes)).await?;
    Ok(bytes)
}

/// The first flight of a TLS handshake.
pub(crate) fn client_hello() -> Outcome<Vec<u8>> {
    let config = raw::client(None, &raw::ours())?;
    let mut tls = rustls::ClientConnection::new(Arc::new(config), ServerName::try_from("host.parlor.invalid")?)?;
    let mut bytes = Vec::new();
    tls.write_tls(&mut bytes)?;
    Ok(bytes)
}

/// The first flight of a QUIC handshake, as datagrams, of a peer who will never see the answer.
pub(crate) async fn quic_initial() -> Outcome<Vec<Vec<u8>>> {
    let sink = UdpSocket::bind(loopback()).await?;
    let config = raw::client(None, &raw::ours())?;
    let crypto = quinn::crypto::rustls::QuicClientConfig::try_from(config)?;
    let endpoint = quinn::Endpoint::client(loopback())?;
    let _connecting =
        endpoint.connect_with(quinn::ClientConfig::new(Arc::new(crypto)), sink.local_addr()?, "host.parlor.invalid")?;
    let mut flight = Vec::new();
    let mut datagram = [0; 2048];
    // The hello takes two: there is a post-quantum key share in it.
    while flight.len() < 2 {
        let size = in_time(sink.recv(&mut datagram)).await??;
        flight.push(datagram[..size].to_vec());
    }
    Ok(flight)
}

/// A connection over any transport, with a key of its own.
pub(crate) async fn dial(
    aim: Aim,
    kind: Kind,
    from: IpAddr,
    identity: &Arc<Identity>,
) -> Result<(Arc<dyn Connection>, Stream), Error> {
    let credentials = Credentials::new(identity.clone());
    let (transport, expect): (Box<dyn Transport>, _) = match kind {
        Kind::Quic => (Box::new(Quic::new(credentials, Some(from))), Expect::Key(aim.fingerprint)),
        Kind::Tls => (Box::new(Tls::new(credentials, Some(from))), Expect::Key(aim.fingerprint)),
        _ => (Box::new(Tcp::new(Some(from))), Expect::Unknown),
    };
    let connection = transport.dial(aim.address, expect).await?;
    let stream = connection.open().await?;
    Ok((connection, stream))
}

pub(crate) fn stranger() -> Outcome<Arc<Identity>> {
    Ok(Arc::new(Identity::generate()?))
}

/// An attacker who was let in.
pub(crate) struct Inside {
    pub(crate) connection: Arc<dyn Connection>,
    pub(crate) stream: Stream,
    pub(crate) welcome: Welcome,
}

pub(crate) fn hello(name: &str) -> Bytes {
    Hello { name: name.to_owned(), room: None, conversation: 7, resume: None }.encode()
}

/// Joins under a key that nobody has seen.
pub(crate) async fn join(aim: Aim, kind: Kind, from: IpAddr, name: &str) -> Outcome<Inside> {
    join_as(aim, kind, from, name, &stranger()?).await
}

pub(crate) async fn join_as(
    aim: Aim,
    kind: Kind,
    from: IpAddr,
    name: &str,
    identity: &Arc<Identity>,
) -> Outcome<Inside> {
    let (connection, mut stream) = dial(aim, kind, from, identity).await?;
    send(&mut stream, hello(name)).await?;
    match next(&mut stream).await? {
        FromHost::Welcome(welcome) => {
            if let Some(ticket) = welcome.ticket.clone() {
                connection.use_ticket(ticket);
            }
            Ok(Inside { connection, stream, welcome })
        }
        other => Err(format!("{name} over {kind}: no welcome, but {other:?}").into()),
    }
}

/// Joins and is refused.
pub(crate) async fn refused(aim: Aim, kind: Kind, from: IpAddr, name: &str) -> Outcome<Refused> {
    let (_connection, mut stream) = dial(aim, kind, from, &stranger()?).await?;
    send(&mut stream, hello(name)).await?;
    match next(&mut stream).await? {
        FromHost::Refused(refused) => Ok(refused),
        other => Err(format!("{name:?} was not refused, but {other:?}").into()),
    }
}

/// Sends bytes, which need not be a frame.
pub(crate) async fn send(stream: &mut Stream, bytes: impl Into<Bytes>) -> Outcome {
    Ok(in_time(stream.send.send(&mut vec![bytes.into()])).await??)
}

pub(crate) async fn next(stream: &mut Stream) -> Outcome<FromHost> {
    loop {
        let frame = in_time(stream.recv.next()).await??.ok_or("the host has hung up without a word")?;
        if let Some(message) = FromHost::read(&frame)? {
            return Ok(message);
        }
    }
}

/// How a stranger who says nothing was sent away.
///
/// # Errors
///
/// If it was otherwise than the protocol has it.
pub(crate) fn sent_away(end: Option<CloseCode>) -> Outcome<&'static str> {
    match end {
        Some(CloseCode::TooSlow) => Ok("told that they were too slow"),
        Some(CloseCode::Busy) => Ok("told that the host is busy"),
        None => Ok("dropped without a word"),
        Some(other) => Err(format!("silence was answered with {other:?}").into()),
    }
}

/// Reads until the host hangs up, and gives the code that it gave, if it gave one.
pub(crate) async fn ended(stream: &mut Stream) -> Outcome<Option<CloseCode>> {
    match end(stream).await? {
        Err(Error::Closed { code, .. }) => Ok(Some(code)),
        _ => Ok(None),
    }
}

async fn end(stream: &mut Stream) -> Outcome<Result<(), Error>> {
    loop {
        match in_time(stream.recv.next()).await? {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(Ok(())),
            Err(error) => return Ok(Err(error)),
        }
    }
}

/// Fails unless the host hangs up with this code.
pub(crate) async fn is_ended_with(stream: &mut Stream, expected: CloseCode, what: &str) -> Outcome {
    match end(stream).await? {
        Err(Error::Closed { code, .. }) if code == expected => Ok(()),
        other => Err(format!("{what} was answered with {other:?}").into()),
    }
}

/// Leaves, as one should.
pub(crate) async fn leave(inside: Inside) -> Outcome {
    drop(inside.stream);
    in_time(inside.connection.close(CloseCode::Left, "")).await
}

/// Not before the window is over.
pub(crate) async fn rest(begun: Instant, window: Duration) {
    sleep_until(begun + window).await;
}

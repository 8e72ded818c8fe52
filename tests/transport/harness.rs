//! A host and a member on this machine, over any transport; and a macro that makes of each case a test per transport.
//!
//! Cases wait for events. Whatever should never take long is given [`PATIENCE`], so that nothing hangs.

use std::{future::Future, net::SocketAddr, panic::Location, sync::Arc, time::Duration};

use bytes::Bytes;
use parlor::{
    identity::{Fingerprint, Identity},
    transport::{
        Accepted, Connection, Credentials, Error, Expect, Kind, Listener, Quic, RecvHalf, SendHalf, Stream, Tcp, Tls,
        Transport,
        memory::{Memory, Network},
    },
    wire::{CloseCode, Frame, frame},
};
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Far more than anything here needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Long enough for what would happen at once, if it happened.
pub(crate) const A_MOMENT: Duration = Duration::from_millis(300);

/// The kind of the frames that are sent here. What they mean is nobody's business in a transport.
pub(crate) const KIND: u8 = 0x70;

/// Makes of each case (`async fn(Kind) -> Outcome`) a test over each of the transports.
macro_rules! over {
    ([$($transport:ident: $kind:ident),+], $cases:tt) => {
        $(crate::harness::over!(@ $transport, $kind, $cases);)+
    };
    (@ $transport:ident, $kind:ident, [$($case:ident),+ $(,)?]) => {
        mod $transport {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() -> crate::harness::Outcome {
                    // What is waited for inside is given less, so that it is the one to say where it hung.
                    tokio::time::timeout(crate::harness::PATIENCE * 3, super::$case(parlor::transport::Kind::$kind)).await?
                }
            )+
        }
    };
}
pub(crate) use over;

/// Makes of each case a test over each transport.
macro_rules! over_every_transport {
    ($($cases:tt)*) => { crate::harness::over!([quic: Quic, tls: Tls, tcp: Tcp, memory: Memory], [$($cases)*]); };
}
pub(crate) use over_every_transport;

/// What `future` gives, or an error that says where it was waited for, if it takes unreasonably long.
#[track_caller]
pub(crate) fn in_time<T>(future: impl Future<Output = T>) -> impl Future<Output = Outcome<T>> {
    let place = Location::caller();
    async move {
        timeout(PATIENCE, future).await.map_err(|_| format!("at {place}, nothing has happened for too long").into())
    }
}

pub(crate) fn identity() -> Outcome<Arc<Identity>> {
    Ok(Arc::new(Identity::generate()?))
}

pub(crate) fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// One side: a transport, and whose it is.
pub(crate) struct Side {
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) fingerprint: Fingerprint,
}

impl Side {
    pub(crate) fn new(kind: Kind, network: &Network, port: u16) -> Outcome<Self> {
        let identity = identity()?;
        let fingerprint = identity.fingerprint();
        let credentials = Credentials::new(identity);
        let transport: Box<dyn Transport> = match kind {
            Kind::Quic => Box::new(Quic::new(credentials, None)),
            Kind::Tls => Box::new(Tls::new(credentials, None)),
            Kind::Tcp => Box::new(Tcp::new(None)),
            Kind::Memory => {
                Box::new(Memory::new(network.clone(), fingerprint, SocketAddr::from(([127, 0, 0, 1], port))))
            }
        };
        Ok(Self { transport, fingerprint })
    }
}

/// A host that accepts whoever comes, and those who may come.
pub(crate) struct Hosted {
    pub(crate) kind: Kind,
    pub(crate) address: SocketAddr,
    pub(crate) host: Side,
    network: Network,
    pub(crate) accepting: Accepting,
}

impl Hosted {
    pub(crate) fn new(kind: Kind) -> Outcome<Self> {
        let network = Network::default();
        let host = Side::new(kind, &network, 1)?;
        let listener = host.transport.listen(loopback())?;
        let address = listener.local_address()?;
        Ok(Self { kind, address, host, network, accepting: Accepting::new(listener) })
    }

    /// Somebody with a key of their own.
    pub(crate) fn somebody(&self) -> Outcome<Side> {
        Side::new(self.kind, &self.network, 2)
    }

    /// What a member who knows this host expects of it.
    pub(crate) fn expect(&self) -> Expect {
        match self.kind {
            Kind::Tcp => Expect::Unknown,
            _ => Expect::Key(self.host.fingerprint),
        }
    }

    /// Both ends of a new connection: the member's and the host's.
    pub(crate) async fn connect(&mut self, member: &Side) -> Outcome<(Arc<dyn Connection>, Arc<dyn Connection>)> {
        let ours = in_time(member.transport.dial(self.address, self.expect())).await??;
        let theirs = self.accepting.connection().await?;
        Ok((ours, theirs))
    }
}

/// A task that shakes hands with whoever knocks, each beside the others.
pub(crate) struct Accepting {
    connections: mpsc::UnboundedReceiver<Arc<dyn Connection>>,
    refusals: mpsc::UnboundedReceiver<Error>,
    task: JoinHandle<()>,
}

impl Accepting {
    pub(crate) fn new(mut listener: Box<dyn Listener>) -> Self {
        let (to_connections, connections) = mpsc::unbounded_channel();
        let (to_refusals, refusals) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            while let Ok(incoming) = listener.accept().await {
                let (connections, refusals) = (to_connections.clone(), to_refusals.clone());
                tokio::spawn(async move {
                    let _ = match incoming.handshake.await {
                        Ok(Accepted::Connection(connection)) => connections.send(connection).is_ok(),
                        Ok(Accepted::Stream) => true,
                        Err(error) => refusals.send(error).is_ok(),
                    };
                });
            }
        });
        Self { connections, refusals, task }
    }

    /// The next that was made.
    pub(crate) async fn connection(&mut self) -> Outcome<Arc<dyn Connection>> {
        in_time(self.connections.recv()).await?.ok_or("nobody accepts any more".into())
    }

    /// Why the next handshake failed.
    pub(crate) async fn refusal(&mut self) -> Outcome<Error> {
        in_time(self.refusals.recv()).await?.ok_or("nobody accepts any more".into())
    }

    /// Whatever comes first.
    pub(crate) async fn next(&mut self) -> Outcome<Result<Arc<dyn Connection>, Error>> {
        tokio::select! {
            connection = self.connections.recv() => connection.map(Ok).ok_or("nobody accepts any more".into()),
            refusal = self.refusals.recv() => refusal.map(Err).ok_or("nobody accepts any more".into()),
        }
    }

    /// Listens no more.
    pub(crate) async fn stop(&mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

/// A host and one member, connected, and the first stream between them.
pub(crate) struct Pair {
    pub(crate) hosted: Hosted,
    pub(crate) somebody: Side,
    /// The member's end.
    pub(crate) member: End,
    /// The host's end.
    pub(crate) host: End,
}

/// One end of a connection, with its first stream.
pub(crate) struct End {
    pub(crate) connection: Arc<dyn Connection>,
    pub(crate) send: SendHalf,
    pub(crate) recv: RecvHalf,
}

impl End {
    fn new(connection: Arc<dyn Connection>, Stream { send, recv }: Stream) -> Self {
        Self { connection, send, recv }
    }

    /// Closes the connection, with its stream out of use.
    pub(crate) async fn close(self, code: CloseCode, reason: &str) {
        drop((self.send, self.recv));
        self.connection.close(code, reason).await;
    }
}

impl Pair {
    pub(crate) async fn new(kind: Kind) -> Outcome<Self> {
        let mut hosted = Hosted::new(kind)?;
        let somebody = hosted.somebody()?;
        let (member, host) = hosted.connect(&somebody).await?;
        let mut ours = in_time(member.open()).await??;
        // A stream is there for the other side with its first frame.
        say(&mut ours.send, b"here I am").await?;
        let mut theirs = in_time(host.accept()).await??;
        expect_frame(&mut theirs.recv, b"here I am").await?;
        Ok(Self { hosted, somebody, member: End::new(member, ours), host: End::new(host, theirs) })
    }

    /// Fails unless both can still talk on their first stream.
    pub(crate) async fn still_talks(&mut self) -> Outcome {
        say(&mut self.member.send, b"are you there?").await?;
        expect_frame(&mut self.host.recv, b"are you there?").await?;
        say(&mut self.host.send, b"I am").await?;
        expect_frame(&mut self.member.recv, b"I am").await
    }

    /// The two ends, each of which may be moved away; and what must outlive them.
    pub(crate) fn apart(self) -> (End, End, (Hosted, Side)) {
        (self.member, self.host, (self.hosted, self.somebody))
    }

    /// The end of whoever ends it, and the end of the other: once so, once the other way round.
    pub(crate) fn ends(self, the_host_ends: bool) -> (End, End, (Hosted, Side)) {
        match the_host_ends {
            true => (self.host, self.member, (self.hosted, self.somebody)),
            false => (self.member, self.host, (self.hosted, self.somebody)),
        }
    }
}

/// Sends one frame.
pub(crate) async fn say(send: &mut SendHalf, payload: &[u8]) -> Outcome {
    Ok(in_time(send.send(&mut vec![frame::write(KIND, payload)])).await??)
}

/// Sends bytes that need not be a frame, or not a whole one.
pub(crate) async fn send_bytes(send: &mut SendHalf, bytes: &[u8]) -> Outcome {
    Ok(in_time(send.send(&mut vec![Bytes::copy_from_slice(bytes)])).await??)
}

/// Fails unless the next frame has this payload.
pub(crate) async fn expect_frame(recv: &mut RecvHalf, payload: &[u8]) -> Outcome {
    match in_time(recv.next()).await?? {
        Some(frame) if frame.kind == KIND && frame.payload == payload => Ok(()),
        other => Err(format!("expected {payload:?}, but {other:?} came").into()),
    }
}

/// A frame that knows its place, and in which nothing can be swapped unseen.
pub(crate) fn numbered(number: u32, size: usize) -> Bytes {
    let mut payload = number.to_be_bytes().to_vec();
    payload.extend((payload.len()..size).map(|at| (at as u32 ^ number.wrapping_mul(2_654_435_761)) as u8));
    frame::write(KIND, &payload)
}

/// Whether it is the frame that [`numbered`] makes.
pub(crate) fn is_numbered(frame: &Frame, number: u32, size: usize) -> bool {
    numbered(number, size)[frame::HEADER..] == frame.payload
}

/// Reads numbered frames for as long as they come, and gives their count and how it ended. Fails at the first that is
/// missing, damaged or out of order.
pub(crate) async fn count_numbered(recv: &mut RecvHalf, size: usize) -> Outcome<(u32, Result<(), Error>)> {
    let mut count = 0;
    loop {
        match in_time(recv.next()).await? {
            Ok(Some(frame)) if is_numbered(&frame, count, size) => count += 1,
            Ok(Some(_)) => return Err(format!("frame {count} is missing, damaged or out of order").into()),
            Ok(None) => return Ok((count, Ok(()))),
            Err(error) => return Ok((count, Err(error))),
        }
    }
}

/// The error of a result whose value cannot be shown.
pub(crate) fn error_of<T>(result: Result<T, Error>) -> Outcome<Error> {
    match result {
        Ok(_) => Err("it worked, and should not have".into()),
        Err(error) => Ok(error),
    }
}

/// Fails with `$what` shown, unless it matches.
macro_rules! assert_matches {
    ($what:expr, $pattern:pat $(if $guard:expr)? $(,)?) => {{
        let what = $what;
        assert!(matches!(&what, $pattern $(if $guard)?), "not {}: {what:?}", stringify!($pattern));
    }};
}
pub(crate) use assert_matches;

//! What TLS, plain TCP and memory share: a connection is a pipe of bytes, and a further stream is a further pipe.
//!
//! The first byte on a pipe says which: the first stream of a new connection, or one more stream of a connection that is
//! there, which is then named by its [`Ticket`]. On TLS the same key must have signed both.

use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::{Arc, Mutex as SyncMutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use tokio::{
    io::{AsyncWrite, AsyncWriteExt, DuplexStream},
    net::TcpStream,
    sync::{Mutex, Notify},
    time::timeout,
};
use tokio_rustls::TlsStream;
use tracing::debug;

use super::{
    Accepted, BoxFuture, Connection, Error, PROTOCOL, Peer, Stream,
    error::broken,
    stream::{Made, Reader, Sink, Source, Writer},
    tls::Socket,
};
use crate::{
    identity::Fingerprint,
    random,
    wire::{CloseCode, Secret, Ticket, limits, message::Close},
};

/// The first byte of a new connection.
const FIRST: u8 = 0;

/// The first byte of one more stream; the ticket follows, 16 bytes of session and 16 of token.
const FURTHER: u8 = 1;

/// A pipe of bytes to a peer.
pub(super) enum Pipe {
    Tcp(TcpStream),
    Tls(Box<TlsStream<Socket>>),
    Memory(DuplexStream),
}

impl Pipe {
    /// The first bytes of whoever dials. On plain TCP, where nothing before them tells what will be spoken, they begin with that.
    async fn greet(&mut self, preface: &[u8]) -> Result<(), Error> {
        match self {
            Self::Tcp(_) => self.write(&[PROTOCOL, preface].concat()).await,
            Self::Tls(_) | Self::Memory(_) => self.write(preface).await,
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match self {
            Self::Tcp(tcp) => write(tcp, bytes).await,
            Self::Tls(tls) => write(&mut **tls, bytes).await,
            Self::Memory(memory) => write(memory, bytes).await,
        }
        .map_err(broken)
    }

    pub(super) fn into_stream(self) -> Made {
        let (source, sink) = match self {
            Self::Tcp(tcp) => {
                let (read, write) = tcp.into_split();
                (Source::Tcp(read), Sink::Tcp(write))
            }
            Self::Tls(tls) => {
                let (read, write) = tokio::io::split(*tls);
                (Source::Tls(read), Sink::Tls(write))
            }
            Self::Memory(memory) => {
                let (read, write) = tokio::io::split(memory);
                (Source::Memory(read), Sink::Memory(write))
            }
        };
        Made::new(source, sink)
    }
}

/// The last words on a pipe that never became a connection.
pub(super) async fn farewell(Made { stream: Stream { mut send, recv }, reader, .. }: Made, last: Bytes) {
    let _ = timeout(limits::FAREWELL, async {
        send.send(&mut vec![last]).await?;
        send.finish().await?;
        drop(recv);
        reader.lock().await.drain().await;
        Ok::<_, Error>(())
    })
    .await;
}

/// Writes, and waits until nothing of it is kept back: TLS takes what it is given though the socket takes nothing yet.
async fn write(pipe: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    pipe.write_all(bytes).await?;
    pipe.flush().await
}

/// Dials the same peer once more, expecting the same key.
pub(super) type Redial = Box<dyn Fn() -> BoxFuture<'static, Result<Pipe, Error>> + Send + Sync>;

/// A connection whose streams are pipes.
pub(super) struct SocketConnection {
    peer: Peer,
    reader: Arc<Mutex<Reader>>,
    writer: Arc<Mutex<Writer>>,
    /// The pipe that made the connection, until it is asked for as its first stream.
    first: SyncMutex<Option<Stream>>,
    role: Role,
}

enum Role {
    Dialled { redial: Redial, ticket: SyncMutex<Option<Ticket>> },
    Accepted { id: [u8; 16], session: Arc<Session>, desk: Desk },
}

impl SocketConnection {
    /// A connection that we dialled: `pipe` becomes its first stream.
    pub(super) async fn dialled(peer: Peer, mut pipe: Pipe, redial: Redial) -> Result<Arc<dyn Connection>, Error> {
        pipe.greet(&[FIRST]).await?;
        let role = Role::Dialled { redial, ticket: SyncMutex::new(None) };
        Ok(Arc::new(Self::new(peer, pipe.into_stream(), role)))
    }

    /// A pipe that somebody dialled to us: a new connection, or one more stream.
    pub(super) async fn accepted(peer: Peer, mut made: Made, desk: Desk) -> Result<Accepted, Error> {
        match made.preface().await? {
            [FIRST] => {
                let (id, session) = desk.register(peer.fingerprint);
                let role = Role::Accepted { id, session, desk };
                Ok(Accepted::Connection(Arc::new(Self::new(peer, made, role))))
            }
            [FURTHER] => {
                let session = made.preface().await?;
                let token = made.preface::<16>().await?.into();
                desk.attach(&Ticket { session, token }, peer.fingerprint, made.stream)?;
                Ok(Accepted::Stream)
            }
            [other] => Err(Error::WrongProtocol(format!("a stream began with the byte {other}"))),
        }
    }

    fn new(peer: Peer, Made { stream, reader, writer }: Made, role: Role) -> Self {
        Self { peer, reader, writer, first: SyncMutex::new(Some(stream)), role }
    }
}

impl Connection for SocketConnection {
    fn peer(&self) -> &Peer {
        &self.peer
    }

    fn ticket(&self) -> Option<Ticket> {
        match &self.role {
            Role::Accepted { id, session, .. } => Some(Ticket { session: *id, token: session.token.clone() }),
            Role::Dialled { .. } => None,
        }
    }

    fn use_ticket(&self, told: Ticket) {
        if let Role::Dialled { ticket, .. } = &self.role {
            *lock(ticket) = Some(told);
        }
    }

    fn open(&self) -> BoxFuture<'_, Result<Stream, Error>> {
        Box::pin(async move {
            let Role::Dialled { redial, ticket } = &self.role else {
                return Err(Error::Io(io::Error::other("only the side that dialled opens streams")));
            };
            if let Some(first) = lock(&self.first).take() {
                return Ok(first);
            }
            let told = lock(ticket).clone();
            let ticket = told.ok_or_else(|| Error::Io(io::Error::other("no ticket was handed out yet")))?;
            let mut pipe = redial().await?;
            pipe.greet(&[&[FURTHER], &ticket.session[..], ticket.token.bytes()].concat()).await?;
            Ok(pipe.into_stream().stream)
        })
    }

    fn accept(&self) -> BoxFuture<'_, Result<Stream, Error>> {
        Box::pin(async move {
            if let Some(first) = lock(&self.first).take() {
                return Ok(first);
            }
            match &self.role {
                Role::Accepted { session, .. } => Ok(session.next().await),
                Role::Dialled { .. } => std::future::pending().await,
            }
        })
    }

    fn close<'a>(&'a self, code: CloseCode, reason: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let close = Close::new(code, reason);
            // If nobody has asked for it, nobody will drop it.
            drop(lock(&self.first).take());
            let last_words = async { self.writer.lock().await.close(&close).await };
            match timeout(limits::FAREWELL, last_words).await {
                Ok(Ok(())) => {
                    // Somebody may be waiting for frames still. They will see the end, too, and then it is our turn.
                    let heard_out = async { self.reader.lock().await.drain().await };
                    let _ = timeout(limits::FAREWELL, heard_out).await;
                }
                Ok(Err(_)) => {}
                Err(_) => debug!("the peer did not read, or the stream was held, so no reason was told"),
            }
        })
    }
}

impl Drop for SocketConnection {
    fn drop(&mut self) {
        if let Role::Accepted { id, desk, .. } = &self.role {
            lock(&desk.0).remove(id);
        }
    }
}

/// Where further pipes find the connection that they belong to. One for each listener.
#[derive(Clone, Default)]
pub(super) struct Desk(Arc<SyncMutex<HashMap<[u8; 16], Arc<Session>>>>);

/// A connection, as further pipes find it. Nearly every one has none all its life: a channel for them, and a semaphore, would be a
/// large part of what it takes up.
struct Session {
    token: Secret,
    fingerprint: Option<Fingerprint>,
    /// Streams that were opened beyond the first and wait to be accepted.
    waiting: SyncMutex<VecDeque<Stream>>,
    came: Notify,
    /// Each further stream keeps one of these until both its halves are dropped.
    place: Arc<()>,
}

impl Session {
    fn add(&self, stream: Stream) {
        lock(&self.waiting).push_back(stream);
        self.came.notify_one();
    }

    /// Cancel-safe.
    async fn next(&self) -> Stream {
        loop {
            if let Some(stream) = lock(&self.waiting).pop_front() {
                return stream;
            }
            self.came.notified().await;
        }
    }
}

impl Desk {
    fn register(&self, fingerprint: Option<Fingerprint>) -> ([u8; 16], Arc<Session>) {
        let id = random::bytes();
        let session = Arc::new(Session {
            token: Secret::random(),
            fingerprint,
            waiting: SyncMutex::default(),
            came: Notify::new(),
            place: Arc::default(),
        });
        lock(&self.0).insert(id, session.clone());
        (id, session)
    }

    fn attach(&self, ticket: &Ticket, fingerprint: Option<Fingerprint>, mut stream: Stream) -> Result<(), Error> {
        let sessions = lock(&self.0);
        let session = sessions
            .get(&ticket.session)
            .filter(|session| session.token == ticket.token)
            .filter(|session| session.fingerprint == fingerprint)
            .ok_or_else(|| Error::WrongProtocol("it shows a ticket that was not given to it".to_owned()))?;
        // Its own, and one for each stream. Others come only under this lock.
        if Arc::strong_count(&session.place) > limits::STREAMS {
            return Err(Error::WrongProtocol("it opens more streams than are taken".to_owned()));
        }
        stream.keep(session.place.clone());
        session.add(stream);
        Ok(())
    }
}

/// A poisoned lock is no matter here: every change under these locks is a single step.
fn lock<T>(mutex: &SyncMutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{net::TcpListener, task::coop};
    use tokio_rustls::TlsAcceptor;

    use super::*;
    use crate::{
        identity::Identity,
        transport::{Credentials, Expect, Place, Tls, tls},
    };

    /// The first byte of a connection stayed with the one who dialled, until they said more.
    #[tokio::test]
    async fn what_is_written_goes_out_though_the_socket_is_not_ready_at_once() {
        let host = Arc::new(Identity::generate().unwrap());
        let (expect, credentials) = (Expect::Key(host.fingerprint()), Credentials::new(host));
        let acceptor = TlsAcceptor::from(Arc::new(credentials.server().unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let accepted = tokio::spawn(async move {
            let (tcp, remote) = listener.accept().await.unwrap();
            tls::accept(&acceptor, tcp, remote).await.unwrap().1
        });
        let mut ours = Pipe::Tls(Tls::new(credentials, None).shake(&Place::Socket(address), expect).await.unwrap().0);
        let theirs = accepted.await.unwrap();
        // A task that has used up its turn is told by every socket to wait.
        while coop::has_budget_remaining() {
            coop::consume_budget().await;
        }
        ours.write(b"!").await.unwrap();
        let mut theirs = theirs.into_stream();
        assert_eq!(timeout(Duration::from_secs(20), theirs.preface()).await.unwrap().unwrap(), *b"!");
    }
}

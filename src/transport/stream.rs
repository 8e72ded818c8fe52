//! The two halves of a stream: batches of frames out, frames in.
//!
//! The halves are enums and not boxed, for this is the hot path. Each holds the lock of what it uses for as long as it is
//! there, so that the connection can still say why it closes when whoever used the stream is gone.

use std::{
    future::poll_fn,
    io, mem,
    pin::Pin,
    sync::Arc,
    task::{Poll, ready},
};

use bytes::{Buf, Bytes, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream, ReadBuf, ReadHalf, WriteHalf},
    net::tcp,
    sync::{Mutex, OwnedMutexGuard},
};

use super::{Error, error, quic, tls::Socket};
use crate::wire::{Frame, Message, frame, message::Close};

/// What is read at once while no frame is known to need more.
const READ: usize = 2 * 1024;

/// One ordered pipe of frames each way.
pub struct Stream {
    /// Frames to the peer.
    pub send: SendHalf,
    /// Frames from the peer.
    pub recv: RecvHalf,
}

/// The way out.
pub struct SendHalf(OwnedMutexGuard<Writer>);

/// The way in.
pub struct RecvHalf(OwnedMutexGuard<Reader>);

/// A stream that was just made, and both its ends for when its halves are dropped.
pub(super) struct Made {
    pub(super) stream: Stream,
    pub(super) reader: Arc<Mutex<Reader>>,
    pub(super) writer: Arc<Mutex<Writer>>,
}

impl Made {
    /// A stream over these.
    #[allow(clippy::expect_used, reason = "nobody else has these locks yet")]
    pub(super) fn new(source: Source, sink: Sink) -> Self {
        let reader = Arc::new(Mutex::new(Reader { source, buffer: BytesMut::new(), _place: None }));
        let writer = Arc::new(Mutex::new(Writer { sink, state: State::Open, _place: None }));
        let send = SendHalf(writer.clone().try_lock_owned().expect("a new lock is free"));
        let recv = RecvHalf(reader.clone().try_lock_owned().expect("a new lock is free"));
        Self { stream: Stream { send, recv }, reader, writer }
    }

    /// What comes before all frames.
    pub(super) async fn preface<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        self.stream.recv.0.preface().await
    }
}

impl Stream {
    /// Where the number of streams has a bound: keeps a place among them until both halves are dropped.
    pub(super) fn keep(&mut self, place: Arc<()>) {
        let place = Arc::new(place);
        (self.recv.0._place, self.send.0._place) = (Some(place.clone()), Some(place));
    }
}

impl SendHalf {
    /// Writes the frames of `batch`, together, and leaves it empty.
    ///
    /// Not cancel-safe: a frame may then be half written, so the stream is of no further use and sends nothing more.
    ///
    /// # Errors
    ///
    /// When the peer is gone.
    pub async fn send(&mut self, batch: &mut Vec<Bytes>) -> Result<(), Error> {
        self.0.send(batch).await
    }

    /// Says that nothing more will come. The peer sees the end after all that was sent.
    ///
    /// # Errors
    ///
    /// When the peer is gone.
    pub async fn finish(&mut self) -> Result<(), Error> {
        self.0.finish().await
    }
}

impl RecvHalf {
    /// The next frame, or `None` when the peer has finished. Cancel-safe.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] when the peer closed and said why; otherwise that it is gone or sends no frames.
    pub async fn next(&mut self) -> Result<Option<Frame>, Error> {
        self.0.next().await
    }
}

/// What both halves of a stream keep while there is one of them.
type Place = Option<Arc<Arc<()>>>;

/// What bytes go out through.
pub(super) enum Sink {
    Tcp(tcp::OwnedWriteHalf),
    Tls(WriteHalf<tokio_rustls::TlsStream<Socket>>),
    Memory(WriteHalf<DuplexStream>),
    Quic(quinn::SendStream),
}

pub(super) struct Writer {
    pub(super) sink: Sink,
    state: State,
    _place: Place,
}

/// What may still be written.
#[derive(Clone, Copy, Eq, PartialEq)]
enum State {
    /// Frames.
    Open,
    /// Nothing: a write was begun and did not end well, and what follows would be read as part of a frame.
    Torn,
    /// Nothing: the peer was told that this is all.
    Finished,
}

impl Writer {
    async fn send(&mut self, batch: &mut Vec<Bytes>) -> Result<(), Error> {
        if self.state != State::Open {
            return Err(Error::Io(io::ErrorKind::BrokenPipe.into()));
        }
        self.state = State::Torn;
        match &mut self.sink {
            Sink::Tcp(tcp) => write_together(tcp, batch).await?,
            Sink::Tls(tls) => write_together(tls, batch).await?,
            Sink::Memory(memory) => write_together(memory, batch).await?,
            Sink::Quic(quic) => quic.write_all_chunks(&mut [together(batch)]).await.map_err(quic::write_error)?,
        }
        self.state = State::Open;
        batch.clear();
        Ok(())
    }

    /// The last words on a connection: everything after them is silence. If all was said before, that stands.
    pub(super) async fn close(&mut self, close: &Close) -> Result<(), Error> {
        if self.state == State::Finished {
            return Ok(());
        }
        self.send(&mut vec![close.encode()]).await?;
        self.finish().await
    }

    pub(super) async fn finish(&mut self) -> Result<(), Error> {
        match self.state {
            State::Open => self.state = State::Finished,
            // An end would say that this was all.
            State::Torn => return Err(Error::Io(io::ErrorKind::BrokenPipe.into())),
            State::Finished => return Ok(()),
        }
        match &mut self.sink {
            Sink::Tcp(tcp) => tcp.shutdown().await.map_err(Error::Io),
            Sink::Tls(tls) => tls.shutdown().await.map_err(Error::Io),
            Sink::Memory(memory) => memory.shutdown().await.map_err(Error::Io),
            Sink::Quic(quic) => quic.finish().map_err(|_| Error::Io(io::ErrorKind::BrokenPipe.into())),
        }
    }
}

/// The batch in one piece. Copying small frames together costs less than a system call each; and QUIC, which keeps what it
/// has sent until that is acknowledged, looks through all pieces for each packet.
fn together(batch: &mut [Bytes]) -> Bytes {
    match batch {
        [one] => mem::take(one),
        many => many.concat().into(),
    }
}

async fn write_together(pipe: &mut (impl AsyncWriteExt + Unpin), batch: &mut [Bytes]) -> Result<(), Error> {
    match pipe.write_all(&together(batch)).await {
        Ok(()) => pipe.flush().await.map_err(error::broken),
        Err(error) => Err(error::broken(error)),
    }
}

/// What bytes come in through.
pub(super) enum Source {
    Tcp(tcp::OwnedReadHalf),
    Tls(ReadHalf<tokio_rustls::TlsStream<Socket>>),
    Memory(ReadHalf<DuplexStream>),
    Quic(quinn::RecvStream),
}

pub(super) struct Reader {
    source: Source,
    buffer: BytesMut,
    _place: Place,
}

impl Reader {
    /// The first bytes of what comes next. Whatever has come with them stays here, as the beginning of the frames.
    async fn preface<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        loop {
            if let Some(preface) = self.buffer.first_chunk().copied() {
                self.buffer.advance(N);
                return Ok(preface);
            }
            if self.read().await? == 0 {
                return Err(Error::Io(io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }

    async fn next(&mut self) -> Result<Option<Frame>, Error> {
        loop {
            if let Some(frame) = frame::take(&mut self.buffer)? {
                if frame.kind != Close::KIND {
                    return Ok(Some(frame));
                }
                let close = Close::decode(&frame.payload).map_err(|e| Error::WrongProtocol(e.to_string()))?;
                return Err(close.into());
            }
            if self.read().await? == 0 {
                return match self.buffer.is_empty() {
                    true => Ok(None),
                    false => Err(Error::Io(io::ErrorKind::UnexpectedEof.into())),
                };
            }
        }
    }

    async fn read(&mut self) -> Result<usize, Error> {
        let Self { source, buffer, .. } = self;
        match source {
            Source::Tcp(tcp) => read(tcp, buffer).await.map_err(error::broken),
            Source::Tls(tls) => read(tls, buffer).await.map_err(error::broken),
            Source::Memory(memory) => read(memory, buffer).await.map_err(error::broken),
            Source::Quic(quic) => read(quic, buffer).await.map_err(quic::read_error),
        }
    }

    /// Reads and forgets until the peer is done. A TCP socket that is dropped with bytes unread would be reset, and take
    /// our last words with it.
    pub(super) async fn drain(&mut self) {
        loop {
            self.buffer.clear();
            if !matches!(self.read().await, Ok(1..)) {
                return;
            }
        }
    }
}

/// Reads what is there into `buffer`. Unless a large frame has begun, the space for it is on the stack until something has
/// come: who says nothing takes up no buffer.
async fn read(pipe: &mut (impl AsyncRead + Unpin), buffer: &mut BytesMut) -> io::Result<usize> {
    if buffer.is_empty() {
        *buffer = BytesMut::new();
    }
    if buffer.capacity() - buffer.len() >= READ {
        return pipe.read_buf(buffer).await;
    }
    poll_fn(|context| {
        let mut space = [0; READ];
        let mut read = ReadBuf::new(&mut space);
        ready!(Pin::new(&mut *pipe).poll_read(context, &mut read))?;
        buffer.extend_from_slice(read.filled());
        Poll::Ready(Ok(read.filled().len()))
    })
    .await
}

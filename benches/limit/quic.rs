//! QUIC: a task for each member writes what lies ahead of them, for here the library has the socket.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    io,
    net::{SocketAddr, UdpSocket},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use bytes::{Buf, Bytes, BytesMut};
use quinn::{
    AckFrequencyConfig, Connection, Endpoint, EndpointConfig, RecvStream, SendStream, ServerConfig, TokioRuntime,
    TransportConfig, VarInt, crypto::rustls::QuicServerConfig,
};
use socket2::{Domain, Socket, Type};
use tokio::{sync::watch, task::spawn_local};

use crate::{WELCOME, beside, encrypted, whole};

/// Pieces that the log keeps. Whoever is further behind is cut off.
const LOG: usize = 256 * 1024;
/// What the socket asks for, in each direction.
const BUFFER: usize = 4 * 1024 * 1024;
/// After so many packets the peer is asked to acknowledge, or after so long.
const ACK_AFTER: (u32, Duration) = (20, Duration::from_millis(25));

struct Room {
    log: RefCell<VecDeque<Bytes>>,
    /// The position of the log's first piece.
    first: Cell<usize>,
    head: watch::Sender<usize>,
}

impl Room {
    fn append(&self, frames: Bytes) {
        let mut log = self.log.borrow_mut();
        if log.len() == LOG {
            log.pop_front();
            self.first.set(self.first.get() + 1);
        }
        log.push_back(frames);
        self.head.send_replace(self.first.get() + log.len());
    }
}

pub(crate) async fn serve(address: SocketAddr) -> io::Result<()> {
    let endpoint =
        Endpoint::new(EndpointConfig::default(), Some(configuration()?), socket(address)?, Arc::new(TokioRuntime))?;
    println!("listening {}", endpoint.local_addr()?);
    let room = Rc::new(Room { log: RefCell::default(), first: Cell::new(0), head: watch::Sender::new(0) });
    while let Some(incoming) = endpoint.accept().await {
        let room = room.clone();
        beside(async move {
            let connection = Box::pin(incoming.into_future()).await?;
            attend(room, connection).await
        });
    }
    Ok(())
}

async fn attend(room: Rc<Room>, connection: Connection) -> io::Result<()> {
    let (mut send, mut recv) = connection.accept_bi().await?;
    let mut buffer = BytesMut::new();
    while whole(&buffer, 1) == 0 {
        read(&mut recv, &mut buffer).await?;
    }
    buffer.advance(whole(&buffer, 1));
    send.write_all(WELCOME).await?;
    let head = room.head.subscribe();
    let position = *head.borrow();
    let writer = spawn_local(write(room.clone(), send, head, position));
    let ended = loop {
        let end = whole(&buffer, usize::MAX);
        if end > 0 {
            room.append(buffer.split_to(end).freeze());
        }
        if let Err(error) = read(&mut recv, &mut buffer).await {
            break error;
        }
    };
    writer.abort();
    Err(ended)
}

async fn write(
    room: Rc<Room>,
    mut send: SendStream,
    mut head: watch::Receiver<usize>,
    mut position: usize,
) -> io::Result<()> {
    while head.changed().await.is_ok() {
        let mut ahead: Vec<Bytes> = {
            let (log, first) = (room.log.borrow(), room.first.get());
            head.mark_unchanged();
            let from = position.checked_sub(first).ok_or(io::ErrorKind::ConnectionAborted)?;
            position = first + log.len();
            log.range(from..).cloned().collect()
        };
        send.write_all_chunks(&mut ahead).await?;
    }
    Ok(())
}

async fn read(recv: &mut RecvStream, buffer: &mut BytesMut) -> io::Result<()> {
    let chunk = recv.read_chunk(usize::MAX, true).await.map_err(io::Error::other)?;
    buffer.extend_from_slice(&chunk.ok_or(io::ErrorKind::UnexpectedEof)?.bytes);
    Ok(())
}

fn configuration() -> io::Result<ServerConfig> {
    let crypto = QuicServerConfig::try_from(encrypted()?).map_err(io::Error::other)?;
    let mut config = ServerConfig::with_crypto(Arc::new(crypto));
    let mut acknowledgements = AckFrequencyConfig::default();
    acknowledgements.ack_eliciting_threshold(VarInt::from_u32(ACK_AFTER.0)).max_ack_delay(Some(ACK_AFTER.1));
    let mut transport = TransportConfig::default();
    transport
        .ack_frequency_config(Some(acknowledgements))
        .keep_alive_interval(Some(Duration::from_secs(5)))
        .max_concurrent_uni_streams(VarInt::from_u32(0));
    config.transport_config(Arc::new(transport));
    Ok(config)
}

fn socket(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
    socket.set_recv_buffer_size(BUFFER)?;
    socket.set_send_buffer_size(BUFFER)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

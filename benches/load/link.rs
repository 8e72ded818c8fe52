//! A connection of any transport, as a pipe of bytes. All servers are spoken to through this, so that they are all given the same
//! client; it reads more at once than parlor's own members do, to leave the processor to the server.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::BytesMut;
use quinn::{
    ClientConfig, Endpoint, EndpointConfig, RecvStream, SendStream, TokioRuntime, TransportConfig, VarInt,
    crypto::rustls::QuicClientConfig,
};
use rustls::pki_types::ServerName;
use socket2::{Domain, Socket, Type};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf},
    net::{TcpSocket, TcpStream, tcp},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{plan::Over, provider::provider, speaker::Speaker, trust};

/// What is read at once.
const READ: usize = 64 * 1024;
/// Members that come from one address, with one key. parlor lets a key have as many names, and an address fewer than
/// all.
const TOGETHER: usize = 16;
/// The receive windows over QUIC: those of parlor's members.
const WINDOW: u32 = parlor::wire::limits::WINDOW_OF_MEMBER as u32;
/// What a UDP socket asks for, in each direction: many members share one here.
const BUFFER: usize = 4 * 1024 * 1024;
const NAME: &str = "host.parlor.invalid";

/// What dials.
pub(crate) struct Dialler {
    to: SocketAddr,
    over: Over,
    /// One for so many members.
    places: Vec<Place>,
}

struct Place {
    from: IpAddr,
    tls: TlsConnector,
    quic: Option<Endpoint>,
}

impl Dialler {
    /// Makes everything ready for so many members.
    pub(crate) fn new<S: Speaker>(to: SocketAddr, over: Over, members: usize) -> io::Result<Self> {
        let places = (0..members.div_ceil(TOGETHER)).map(|number| {
            let from = IpAddr::V4(Ipv4Addr::new(127, 1, (number / 250) as u8, (number % 250) as u8 + 1));
            let config = Arc::new(trust::dialling(provider(), S::HAS_OUR_HANDSHAKE)?);
            let quic = if over == Over::Quic { Some(endpoint(from, config.clone())?) } else { None };
            Ok(Place { from, tls: TlsConnector::from(config), quic })
        });
        Ok(Self { to, over, places: places.collect::<io::Result<_>>()? })
    }

    pub(crate) async fn dial<S: Speaker>(&self, member: usize) -> io::Result<Link> {
        let place = &self.places[member / TOGETHER];
        let (source, sink) = match &place.quic {
            Some(endpoint) => {
                let connection = endpoint.connect(self.to, NAME).map_err(io::Error::other)?.await?;
                let (send, recv) = connection.open_bi().await?;
                (Source::Quic(recv), Sink::Quic(send))
            }
            None => {
                let socket = TcpSocket::new_v4()?;
                socket.bind(SocketAddr::new(place.from, 0))?;
                let mut tcp = socket.connect(self.to).await?;
                tcp.set_nodelay(true)?;
                if self.over == Over::Tls {
                    S::before_tls(&mut tcp).await?;
                    let name = ServerName::try_from(NAME).map_err(io::Error::other)?;
                    let (read, write) = tokio::io::split(place.tls.connect(name, tcp).await?);
                    (Source::Tls(read), Sink::Tls(write))
                } else {
                    let (read, write) = tcp.into_split();
                    (Source::Tcp(read), Sink::Tcp(write))
                }
            }
        };
        Ok(Link { over: self.over, source, sink, heard: BytesMut::new() })
    }
}

fn endpoint(from: IpAddr, config: Arc<rustls::ClientConfig>) -> io::Result<Endpoint> {
    let crypto = QuicClientConfig::try_from(config).map_err(io::Error::other)?;
    let mut transport = TransportConfig::default();
    transport
        .keep_alive_interval(Some(Duration::from_secs(5)))
        .max_concurrent_bidi_streams(VarInt::from_u32(0))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .stream_receive_window(VarInt::from_u32(WINDOW / 2))
        .receive_window(VarInt::from_u32(WINDOW));
    let mut config = ClientConfig::new(Arc::new(crypto));
    config.transport_config(Arc::new(transport));
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    socket.set_recv_buffer_size(BUFFER)?;
    socket.set_send_buffer_size(BUFFER)?;
    socket.bind(&SocketAddr::new(from, 0).into())?;
    let mut endpoint = Endpoint::new(EndpointConfig::default(), None, socket.into(), Arc::new(TokioRuntime))?;
    endpoint.set_default_client_config(config);
    Ok(endpoint)
}

/// A connection.
pub(crate) struct Link {
    pub(crate) over: Over,
    pub(crate) source: Source,
    pub(crate) sink: Sink,
    /// What has arrived, and nobody has looked at.
    pub(crate) heard: BytesMut,
}

impl Link {
    /// Waits until more has arrived.
    pub(crate) async fn more(&mut self) -> io::Result<()> {
        match self.source.read(&mut self.heard).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// The way in.
pub(crate) enum Source {
    Tcp(tcp::OwnedReadHalf),
    Tls(ReadHalf<TlsStream<TcpStream>>),
    Quic(RecvStream),
}

impl Source {
    /// Adds what arrives next. Nothing means the end.
    pub(crate) async fn read(&mut self, heard: &mut BytesMut) -> io::Result<usize> {
        heard.reserve(READ);
        match self {
            Self::Tcp(tcp) => tcp.read_buf(heard).await,
            Self::Tls(tls) => tls.read_buf(heard).await,
            Self::Quic(quic) => quic.read_buf(heard).await,
        }
    }
}

/// The way out.
pub(crate) enum Sink {
    Tcp(tcp::OwnedWriteHalf),
    Tls(WriteHalf<TlsStream<TcpStream>>),
    Quic(SendStream),
}

impl Sink {
    /// Writes all of it.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(tcp) => tcp.write_all(bytes).await,
            Self::Tls(tls) => {
                tls.write_all(bytes).await?;
                tls.flush().await
            }
            Self::Quic(quic) => Ok(quic.write_all(bytes).await?),
        }
    }
}

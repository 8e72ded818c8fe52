//! QUIC: TLS 1.3 on UDP, with streams of its own, and the address of a peer may change under it.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex as SyncMutex, OnceLock, PoisonError},
    time::Duration,
};

use aws_lc_rs::hmac;
use quinn::{
    AckFrequencyConfig, ClientConfig, ConnectionError, Endpoint, EndpointConfig, ReadError, ServerConfig,
    TransportConfig, TransportErrorCode, VarInt, WriteError,
    crypto::rustls::{HandshakeData, QuicClientConfig, QuicServerConfig},
};
use quinn_proto::{ConnectionId, ConnectionIdGenerator, InvalidCid};
use rustls::pki_types::CertificateDer;
use tokio::{
    sync::{Mutex, Semaphore},
    time::timeout,
};

use super::{
    Accepted, BoxFuture, Connection, Credentials, Error, Expect, Incoming, Kind, Listener, Peer, Stream, Transport,
    bind, canonical,
    error::alert_received,
    in_turn, log_kind,
    stream::{Made, Sink, Source, Writer},
    tls::configuration,
    trust::{SERVER_NAME, fingerprint_of},
};
use crate::{
    identity::Fingerprint,
    random,
    wire::{CloseCode, Security, Ticket, limits, message::Close},
};

/// A peer acknowledges so many packets together, or what has come in 25 ms. Each acknowledgement costs either side as much as
/// a packet; asked for by default is one for every second packet.
const ACKNOWLEDGED_TOGETHER: u32 = 20;

/// What is expected of a round trip before one was made: the first packet, if it is lost, is sent again after three times
/// that. RFC 9002 takes 333 ms for the whole world; this program is for one network, and most of what is lost there is lost
/// to a crowd that joins at once.
const FIRST_ROUND_TRIP: Duration = Duration::from_millis(100);

/// Handshakes that are worked on at a time. Others have their turn when these are done: so the socket is read in between,
/// and a crowd does not have to send everything again that its buffer could not hold. More of them would cost less each, and
/// take up more memory at once.
const AT_A_TIME: usize = 8;

/// What a close is given to leave this machine.
const LAST_PACKET: Duration = Duration::from_millis(100);

/// QUIC.
#[derive(Clone)]
pub struct Quic {
    credentials: Credentials,
    bind: Option<IpAddr>,
    /// One socket for all dials, made at the first.
    endpoint: Arc<OnceLock<Endpoint>>,
}

impl Quic {
    /// QUIC with this identity, which dials from the local address `bind`, or from any.
    pub fn new(credentials: Credentials, bind: Option<IpAddr>) -> Self {
        Self { credentials, bind, endpoint: Arc::default() }
    }

    fn endpoint(&self) -> Result<Endpoint, Error> {
        if let Some(endpoint) = self.endpoint.get() {
            return Ok(endpoint.clone());
        }
        let local = SocketAddr::new(self.bind.unwrap_or(bind::ANY), 0);
        let endpoint = endpoint_on(local, EndpointConfig::default(), None).map_err(Error::Unreachable)?;
        Ok(self.endpoint.get_or_init(|| endpoint).clone())
    }

    fn client_config(&self, config: rustls::ClientConfig) -> Result<ClientConfig, Error> {
        let crypto = QuicClientConfig::try_from(config).map_err(|e| Error::Io(io::Error::other(e)))?;
        let mut config = ClientConfig::new(Arc::new(crypto));
        let mut transport = transport_config(0, limits::WINDOW_OF_MEMBER);
        // The host acknowledges it, so one side's does for both; a gateway is on the side that dials.
        transport.keep_alive_interval(Some(limits::KEEP_ALIVE));
        config.transport_config(Arc::new(transport));
        Ok(config)
    }

    /// A host that was killed and starts again resets the connections that it no longer knows (RFC 9000, section 10.3), and
    /// their members come back at once. For that it needs the same keys as before. Without, they would wait for
    /// [`QUIC_SILENCE`](limits::QUIC_SILENCE).
    fn endpoint_config(&self) -> EndpointConfig {
        let resets = self.credentials.secret(b"parlor: stateless resets");
        let names =
            Names(hmac::Key::new(hmac::HMAC_SHA256, self.credentials.secret(b"parlor: connection ids").as_ref()));
        let mut config = EndpointConfig::new(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, resets.as_ref())));
        config.cid_generator(move || Box::new(names.clone()));
        config
    }

    fn server_config(&self) -> io::Result<ServerConfig> {
        let crypto = self.credentials.server().map_err(io::Error::other)?;
        let crypto = QuicServerConfig::try_from(crypto).map_err(io::Error::other)?;
        let mut config = ServerConfig::with_crypto(Arc::new(crypto));
        config
            // Whoever has a place or waits for one, and some more: who among them has to give way is not for QUIC to say.
            .max_incoming(limits::WAITING + 2 * limits::PENDING)
            .incoming_buffer_size(limits::UNSEEN as u64)
            .incoming_buffer_size_total((limits::WAITING * limits::UNSEEN) as u64);
        config.transport_config(Arc::new(transport_config(1 + limits::STREAMS as u32, limits::WINDOW_OF_HOST)));
        Ok(config)
    }
}

impl Transport for Quic {
    fn kind(&self) -> Kind {
        Kind::Quic
    }

    fn listen(&self, address: SocketAddr) -> io::Result<Box<dyn Listener>> {
        let endpoint = endpoint_on(address, self.endpoint_config(), Some(self.server_config()?))?;
        Ok(Box::new(QuicListener { endpoint, under_way: Arc::default(), turns: Arc::new(Semaphore::new(AT_A_TIME)) }))
    }

    fn dial(&self, address: SocketAddr, expect: Expect) -> BoxFuture<'_, Result<Arc<dyn Connection>, Error>> {
        Box::pin(async move {
            let (config, host_key) = self.credentials.client(expect).map_err(configuration)?;
            let config = self.client_config(config)?;
            let endpoint = self.endpoint()?;
            if address.is_ipv6() && endpoint.local_addr().is_ok_and(|local| local.is_ipv4()) {
                return Err(Error::Unreachable(io::Error::other("this machine has no IPv6")));
            }
            let connecting = endpoint
                .connect_with(config, address, SERVER_NAME)
                .map_err(|error| Error::Unreachable(io::Error::other(error)))?;
            let security = match expect {
                Expect::Key(_) => Security::Pinned,
                Expect::Unknown => Security::Encrypted,
            };
            match connecting.await {
                Ok(quic) => Ok(QuicConnection::new(endpoint, quic, security)? as Arc<dyn Connection>),
                Err(error) => Err(host_key.objection().unwrap_or_else(|| lost(error, true))),
            }
        })
    }
}

fn endpoint_on(address: SocketAddr, config: EndpointConfig, server: Option<ServerConfig>) -> io::Result<Endpoint> {
    let runtime = quinn::default_runtime().ok_or_else(|| io::Error::other("QUIC needs a tokio runtime"))?;
    let socket = bind::udp(address)?;
    Endpoint::new(config, server, socket, runtime)
}

/// How the host's connections are called: five random bytes, and three by which the host knows names of its own, also after it was killed,
/// so that it does not answer whatever arrives with a reset. quinn's own names have three random bytes, and that is too few: it does not
/// look whether the name that a Retry gives is that of a connection.
#[derive(Clone)]
struct Names(hmac::Key);

impl Names {
    const RANDOM: usize = 5;
    const LENGTH: usize = 8;

    fn name(&self, random: &[u8]) -> ConnectionId {
        let tag = hmac::sign(&self.0, random);
        ConnectionId::new(&[random, &tag.as_ref()[..Self::LENGTH - random.len()]].concat())
    }
}

impl ConnectionIdGenerator for Names {
    fn generate_cid(&mut self) -> ConnectionId {
        self.name(&random::bytes::<{ Self::RANDOM }>())
    }

    fn validate(&self, name: &ConnectionId) -> Result<(), InvalidCid> {
        match name.get(..Self::RANDOM).is_some_and(|random| self.name(random) == *name) {
            true => Ok(()),
            false => Err(InvalidCid),
        }
    }

    fn cid_len(&self) -> usize {
        Self::LENGTH
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}

fn transport_config(streams_accepted: u32, window: usize) -> TransportConfig {
    let mut acknowledgements = AckFrequencyConfig::default();
    acknowledgements.ack_eliciting_threshold(ACKNOWLEDGED_TOGETHER.into());
    let mut config = TransportConfig::default();
    config
        .ack_frequency_config(Some(acknowledgements))
        .initial_rtt(FIRST_ROUND_TRIP)
        .max_idle_timeout(Some(VarInt::from_u32(limits::QUIC_SILENCE.as_millis() as u32).into()))
        .max_concurrent_bidi_streams(streams_accepted.into())
        .max_concurrent_uni_streams(0u32.into())
        .datagram_receive_buffer_size(None)
        // Half for one stream: while it is not read, the others go on.
        .stream_receive_window(VarInt::from_u32(window as u32 / 2))
        .receive_window(VarInt::from_u32(window as u32))
        .send_window(limits::UNACKNOWLEDGED as u64)
        .allow_spin(false);
    config
}

struct QuicListener {
    endpoint: Endpoint,
    /// Each handshake holds one.
    under_way: Arc<()>,
    turns: Arc<Semaphore>,
}

impl Listener for QuicListener {
    fn local_address(&self) -> io::Result<SocketAddr> {
        self.endpoint.local_addr()
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<Incoming>> {
        Box::pin(async move {
            loop {
                let incoming = self.endpoint.accept().await.ok_or(io::Error::from(io::ErrorKind::NotConnected))?;
                let crowded = Arc::strong_count(&self.under_way) > limits::RETRY_FROM;
                if crowded && !incoming.remote_address_validated() && incoming.may_retry() {
                    let _ = incoming.retry();
                    continue;
                }
                let remote = canonical(incoming.remote_address());
                let (endpoint, under_way, turns) = (self.endpoint.clone(), self.under_way.clone(), self.turns.clone());
                let handshake = async move {
                    let shaken = shake(endpoint, incoming, &turns).await;
                    drop(under_way);
                    shaken
                };
                return Ok(Incoming { remote, handshake: Box::pin(handshake) });
            }
        })
    }
}

async fn shake(endpoint: Endpoint, incoming: quinn::Incoming, turns: &Semaphore) -> Result<Accepted, Error> {
    log_kind(Kind::Quic);
    let quic = in_turn(turns, || incoming).await.map_err(|error| lost(error, true))?;
    Ok(Accepted::Connection(QuicConnection::new(endpoint, quic, Security::Encrypted)?))
}

struct QuicConnection {
    peer: Peer,
    endpoint: Endpoint,
    quic: quinn::Connection,
    /// The way out of the first stream, to see it emptied before the connection is closed.
    first: SyncMutex<Option<Arc<Mutex<Writer>>>>,
}

impl QuicConnection {
    fn new(endpoint: Endpoint, quic: quinn::Connection, security: Security) -> Result<Arc<Self>, Error> {
        let peer = Peer {
            kind: Kind::Quic,
            security,
            remote: canonical(quic.remote_address()),
            fingerprint: Some(fingerprint(&quic)?),
            key_exchange: quic
                .handshake_data()
                .and_then(|data| data.downcast::<HandshakeData>().ok())
                .map(|data| format!("{:?}", data.negotiated_key_exchange_group)),
        };
        Ok(Arc::new(Self { peer, endpoint, quic, first: SyncMutex::new(None) }))
    }

    fn stream(&self, (send, recv): (quinn::SendStream, quinn::RecvStream)) -> Stream {
        let Made { stream, writer, .. } = Made::new(Source::Quic(recv), Sink::Quic(send));
        self.first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(writer);
        stream
    }
}

impl Connection for QuicConnection {
    fn peer(&self) -> &Peer {
        &self.peer
    }

    fn received(&self) -> Option<u64> {
        // Of every packet that keeps the connection alive, one of these is a part.
        let frames = self.quic.stats().frame_rx;
        Some(frames.acks + frames.ping + frames.stream)
    }

    fn ticket(&self) -> Option<Ticket> {
        None
    }

    fn use_ticket(&self, _ticket: Ticket) {}

    fn open(&self) -> BoxFuture<'_, Result<Stream, Error>> {
        Box::pin(async move {
            if self.quic.side().is_server() {
                return Err(Error::Io(io::Error::other("only the side that dialled opens streams")));
            }
            Ok(self.stream(self.quic.open_bi().await.map_err(|error| lost(error, false))?))
        })
    }

    fn accept(&self) -> BoxFuture<'_, Result<Stream, Error>> {
        Box::pin(async move { Ok(self.stream(self.quic.accept_bi().await.map_err(|error| lost(error, false))?)) })
    }

    fn close<'a>(&'a self, code: CloseCode, reason: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let close = Close::new(code, reason);
            let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
            let last_words = async {
                let writer = first?;
                let mut writer = writer.lock().await;
                writer.close(&close).await.ok()?;
                match &writer.sink {
                    Sink::Quic(quic) => quic.stopped().await.ok(),
                    _ => None,
                }
            };
            // The close of the connection overtakes what is still on its way, so wait until that has arrived.
            let _ = timeout(limits::FAREWELL, last_words).await;
            self.quic.close(VarInt::from_u32(close.code.into()), close.reason.as_bytes());
            // The close still has to get out of the endpoint.
            let _ = timeout(LAST_PACKET, self.endpoint.wait_idle()).await;
        })
    }
}

fn fingerprint(quic: &quinn::Connection) -> Result<Fingerprint, Error> {
    let chain = quic.peer_identity().and_then(|identity| identity.downcast::<Vec<CertificateDer<'static>>>().ok());
    let certificate = chain.and_then(|chain| chain.into_iter().next()).ok_or(Error::IdentityRefused)?;
    fingerprint_of(&certificate).map_err(configuration)
}

pub(super) fn read_error(error: io::Error) -> Error {
    match error.downcast::<ReadError>() {
        Ok(ReadError::ConnectionLost(cause)) => lost(cause, false),
        Ok(other) => Error::Io(other.into()),
        Err(error) => Error::Io(error),
    }
}

pub(super) fn write_error(error: WriteError) -> Error {
    match error {
        WriteError::ConnectionLost(cause) => lost(cause, false),
        other => Error::Io(other.into()),
    }
}

/// What the end of a QUIC connection means; `early`, if it ended before it was made.
fn lost(error: ConnectionError, early: bool) -> Error {
    match error {
        ConnectionError::ApplicationClosed(close) => match u16::try_from(close.error_code.into_inner()) {
            // What a peer says that just dropped the connection.
            Ok(0) | Err(_) => Error::Io(io::ErrorKind::ConnectionAborted.into()),
            Ok(code) => Close { code, reason: String::from_utf8_lossy(&close.reason).into_owned() }.into(),
        },
        ConnectionError::TimedOut if early => Error::TimedOut,
        ConnectionError::TimedOut => Error::Io(io::ErrorKind::TimedOut.into()),
        ConnectionError::VersionMismatch => Error::WrongProtocol("it speaks another version of QUIC".to_owned()),
        ConnectionError::ConnectionClosed(ref close) => {
            tls_alert(close.error_code).unwrap_or_else(|| broken(error, early))
        }
        ConnectionError::TransportError(ref cause) => tls_alert(cause.code).unwrap_or_else(|| broken(error, early)),
        other => broken(other, early),
    }
}

fn broken(error: ConnectionError, early: bool) -> Error {
    match early {
        true => Error::Unreachable(error.into()),
        false => Error::Io(error.into()),
    }
}

/// TLS alerts travel in QUIC as error codes from 0x100 on: RFC 9001, section 4.8.
fn tls_alert(code: TransportErrorCode) -> Option<Error> {
    let alert = u64::from(code).checked_sub(0x100)?;
    alert_received(u8::try_from(alert).ok()?)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn names() -> Names {
        Names(hmac::Key::new(hmac::HMAC_SHA256, b"a secret"))
    }

    /// In one crowd of a hundred, somebody was given the name of a connection that was there. What they sent went to that one, which
    /// could not read it, and they waited until they gave up.
    #[test]
    fn who_comes_in_a_crowd_is_not_taken_for_somebody_who_is_there() {
        let (mut names, mut given) = (names(), HashSet::new());
        assert!((0..100_000).all(|_| given.insert(names.generate_cid())));
    }

    #[test]
    fn a_host_knows_the_names_it_gave_before_it_was_killed_and_no_others() {
        let given = names().generate_cid();
        assert!(names().validate(&given).is_ok() && given.len() == names().cid_len());
        let of_another = Names(hmac::Key::new(hmac::HMAC_SHA256, b"another")).generate_cid();
        let others = [of_another, ConnectionId::new(&[0; 8]), ConnectionId::new(&given[..7]), ConnectionId::new(&[])];
        for other in others {
            assert!(names().validate(&other).is_err(), "{other}");
        }
    }
}

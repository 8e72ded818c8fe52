//! Going the way to a host, and looking at each step. Every step has its own deadline, and all ways are gone at once.

use std::{
    future::Future,
    io::ErrorKind,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    net::UdpSocket,
    sync::oneshot,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::journey::{Beyond, Expected, Failure, Journey, Leads, Lookup, NotFound, Question, Road, Route, Step};
use crate::{
    identity::{Address, Fingerprint, Host, Identity, IdentityError, Pins},
    reach::{
        Reach,
        here::{self, Here},
        lookup::look_up,
    },
    transport::{Credentials, Error, Expect, Quic, Tls, Transport, knock, warmed_up},
    wire::limits,
};

/// Sockets that are tried: as many as an invite has addresses, in both families.
const ROADS: usize = 16;

/// How often TCP is asked to connect, to see whether packets are lost. With one in five lost each way, nine times in ten one
/// of these shows it.
const CONNECTS: usize = 5;

/// How long it is asked: enough for one whose first packet is lost twice, after one and two seconds (RFC 6298).
const SENT_TWICE: Duration = Duration::from_secs(3);

/// A name server that has not answered by then is asked again, or the next one is (resolv.conf(5), RES_TIMEOUT).
const UNANSWERED: Duration = Duration::from_secs(5);

/// How long QUIC may go on when all over TCP has come to its end: enough for its first packet to be lost twice.
const AFTER_TCP: Duration = Duration::from_secs(3);

/// The ways to a host, through the networks of this machine, with the transports that a join would use.
#[derive(Clone)]
pub(super) struct Traveller {
    here: Arc<Vec<Here>>,
    quic: Quic,
    tls: Tls,
}

impl Traveller {
    /// Asks with a key made for this, which is never shown: no handshake gets so far.
    ///
    /// # Errors
    ///
    /// When no key can be made.
    pub(super) async fn new(here: Arc<Vec<Here>>) -> Result<Self, IdentityError> {
        warmed_up().await;
        let credentials = Credentials::new(Arc::new(Identity::generate()?));
        Ok(Self { here, quic: Quic::new(credentials.clone(), None), tls: Tls::new(credentials, None) })
    }

    /// Goes one way.
    pub(super) async fn go(self, to: SocketAddr) -> Road {
        let start = Instant::now();
        let found = self.route(to);
        let route = Step { found, took: start.elapsed() };
        let beyond = match &route.found {
            Ok(_) => Some(self.beyond(to).await),
            Err(_) => None,
        };
        Road { to, route, beyond }
    }

    fn route(&self, to: SocketAddr) -> Result<Route, Failure> {
        if let SocketAddr::V6(v6) = to
            && v6.ip().is_unicast_link_local()
            && v6.scope_id() == 0
        {
            return Err(Failure::NoZone);
        }
        let source = here::source(to).map_err(|error| Failure::of_route(&error))?;
        let ip = to.ip().to_canonical();
        let scope = match to {
            SocketAddr::V6(v6) if v6.scope_id() != 0 => Some(v6.scope_id()),
            _ => None,
        };
        let is_through = |here: &&Here| here.ip == source && (scope.is_none() || here.index == scope);
        let interface = self.here.iter().find(is_through).map(|here| here.interface.clone());
        let leads = if ip.is_loopback() || self.here.iter().any(|here| here.ip == ip) {
            Leads::Home
        } else if scope.is_some() || self.here.iter().any(|here| here.is_beside(ip)) {
            Leads::Beside
        } else {
            Leads::Away
        };
        Ok(Route { source, interface, leads })
    }

    async fn beyond(&self, to: SocketAddr) -> Beyond {
        let (tcp_is_over, mut hears) = oneshot::channel::<()>();
        let start = Instant::now();
        // Nothing tells QUIC that nobody is there: once TCP has said what it can, it has little time left.
        let quic = async {
            let late = async {
                let _ = (&mut hears).await;
                sleep(AFTER_TCP).await;
            };
            tokio::select! {
                quic = timed(proved(&self.quic, to)) => quic,
                () = late => Step { found: Err(Failure::Silent), took: start.elapsed() },
            }
        };
        let over_tcp = async {
            let _over = tcp_is_over;
            let tcp = timed(knock::connect(to)).await;
            if tcp.found.is_err() {
                return (tcp, Vec::new(), None, None);
            }
            let again = async {
                let (mut connects, start) = (vec![tcp.took], Instant::now());
                // Who takes long for each is not asked so often.
                while connects.len() < CONNECTS && start.elapsed() < SENT_TWICE {
                    let again = timed(knock::connect(to)).await;
                    connects.push(again.took);
                    if again.found.is_err() {
                        break;
                    }
                }
                connects
            };
            let (connects, tls, behind) = tokio::join!(again, timed(proved(&self.tls, to)), timed(knock::ask(to)));
            (tcp, connects, Some(tls), Some(behind))
        };
        let (mut quic, (tcp, connects, tls, behind)) = tokio::join!(quic, over_tcp);
        // What this machine's own firewall drops looks like silence to TCP and QUIC alike; only who sends is told.
        if quic.found == Err(Failure::Silent) && !is_let_out(to).await {
            quic.found = Err(Failure::Forbidden);
        }
        Beyond { tcp, connects, tls, behind, quic }
    }
}

/// Whether the system lets a UDP packet out. It is empty, and nobody minds it.
async fn is_let_out(to: SocketAddr) -> bool {
    let any = if to.is_ipv4() { IpAddr::from([0; 4]) } else { IpAddr::from([0; 16]) };
    let sent = async {
        let socket = UdpSocket::bind((any, 0)).await?;
        socket.connect(to).await?;
        socket.send(&[]).await
    };
    sent.await.map_err(|error| error.kind()) != Err(ErrorKind::PermissionDenied)
}

/// The key that the peer proves to have. The handshake ends there, before ours is shown.
async fn proved(transport: &dyn Transport, to: SocketAddr) -> Result<Fingerprint, Error> {
    match transport.dial(to, Expect::Unknown).await {
        Err(Error::IdentityUnknown { found }) => Ok(found),
        Err(error) => Err(error),
        Ok(_) => Err(Error::IdentityImpossible),
    }
}

/// Does one step within [`limits::ATTEMPT`], as a join does.
async fn timed<T>(step: impl Future<Output = Result<T, Error>>) -> Step<Result<T, Failure>> {
    let start = Instant::now();
    let done = timeout(limits::ATTEMPT, step).await.unwrap_or(Err(Error::TimedOut));
    let took = start.elapsed();
    Step { found: done.map_err(|error| Failure::new(&error, took)), took }
}

/// Goes all ways that `question` leads to.
///
/// # Errors
///
/// When no key can be made.
pub(super) async fn travel(
    question: &Question,
    own: Option<Fingerprint>,
    pins: &Pins,
) -> Result<Journey, IdentityError> {
    let here = Arc::new(here::addresses());
    let traveller = Traveller::new(here.clone()).await?;
    let lookups = resolve(&question.addresses).await;
    let mut sockets: Vec<SocketAddr> = Vec::new();
    for socket in lookups.iter().flat_map(|lookup| lookup.step.found.iter().flatten()) {
        if !sockets.contains(socket) {
            sockets.push(*socket);
        }
    }
    let passed_over = sockets.len().saturating_sub(ROADS);
    sockets.truncate(ROADS);
    let mut going = JoinSet::new();
    for (number, to) in sockets.into_iter().enumerate() {
        let traveller = traveller.clone();
        going.spawn(async move { (number, traveller.go(to).await) });
    }
    let mut roads = going.join_all().await;
    roads.sort_by_key(|(number, _)| *number);
    let roads: Vec<_> = roads.into_iter().map(|(_, road)| road).collect();
    let (expected, known, pins_trouble) = match pinned(question, &roads, pins) {
        Ok((expected, known)) => (expected, known, None),
        Err(trouble) => (given(question), Vec::new(), Some(trouble)),
    };
    let is_network = |here: &&Here| !here.ip.is_loopback() && Reach::of_ip(here.ip) != Reach::Link;
    let mut networks: Vec<_> = here.iter().filter(is_network).map(Here::network).collect();
    networks.dedup();
    let leads_out = here.iter().filter(|here| !here.ip.is_loopback());
    let mut interfaces: Vec<_> = leads_out.map(|here| here.interface.clone()).collect();
    interfaces.sort();
    interfaces.dedup();
    let has_ipv6 = here.iter().filter(is_network).any(|here| here.ip.is_ipv6());
    Ok(Journey { lookups, roads, passed_over, expected, own, pins_trouble, known, networks, interfaces, has_ipv6 })
}

fn given(question: &Question) -> Option<Expected> {
    question.fingerprint.map(|key| Expected { key, is_pinned: false })
}

type FromPins = (Option<Expected>, Vec<(Fingerprint, Vec<String>)>);

/// What the pins say of the keys that should answer, and of those that do.
fn pinned(question: &Question, roads: &[Road], pins: &Pins) -> Result<FromPins, String> {
    let (all, damaged) = pins.load().map_err(|error| error.to_string())?;
    let pin = pins.find_by_address(&question.addresses).map_err(|error| error.to_string())?;
    let expected = given(question).or(pin.map(|pin| Expected { key: pin.fingerprint, is_pinned: true }));
    if let (None, Some(line)) = (expected, damaged.first()) {
        return Err(format!("Line {} of your pins file cannot be read ({}).", line.number, line.why));
    }
    let mut known: Vec<(Fingerprint, Vec<String>)> = Vec::new();
    for key in roads.iter().flat_map(Road::keys) {
        if known.iter().all(|(seen, _)| *seen != key)
            && let Some(pin) = all.iter().find(|pin| pin.fingerprint == key)
        {
            known.push((key, pin.names.iter().map(ToString::to_string).collect()));
        }
    }
    Ok((expected, known))
}

impl Road {
    /// The keys that were proved on it.
    pub(super) fn keys(&self) -> impl Iterator<Item = Fingerprint> {
        let beyond = self.beyond.as_ref();
        let quic = beyond.and_then(|beyond| beyond.quic.found.ok());
        let tls = beyond.and_then(|beyond| beyond.tls.as_ref()).and_then(|tls| tls.found.ok());
        quic.into_iter().chain(tls)
    }
}

/// Looks every address up, all at once, each within [`limits::DIAL`].
async fn resolve(addresses: &[Address]) -> Vec<Lookup> {
    let lookups: Vec<_> = addresses.iter().cloned().map(|address| tokio::spawn(resolve_one(address))).collect();
    let mut resolved = Vec::new();
    for lookup in lookups {
        // It does not panic, and nobody aborts it.
        resolved.extend(lookup.await);
    }
    resolved
}

async fn resolve_one(address: Address) -> Lookup {
    let start = Instant::now();
    let found = match timeout(limits::DIAL, look_up(&address)).await {
        Ok(Ok(sockets)) if !sockets.is_empty() => Ok(sockets.into_iter().map(canonical).collect()),
        Ok(_) if matches!(address.host, Host::V6(_, Some(_))) => Err(NotFound::Zone),
        // Whoever answers does so earlier. Why nothing was found, the system tells only in words.
        Ok(_) if start.elapsed() < UNANSWERED => Err(NotFound::Unknown),
        Ok(_) | Err(_) => Err(NotFound::Silent),
    };
    Lookup { address, step: Step { found, took: start.elapsed() } }
}

/// An IPv4 address that was written as an IPv6 one, as IPv4.
fn canonical(socket: SocketAddr) -> SocketAddr {
    match socket.ip().to_canonical() {
        ip @ IpAddr::V4(_) => SocketAddr::new(ip, socket.port()),
        IpAddr::V6(_) => socket,
    }
}

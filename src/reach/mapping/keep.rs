//! A port that was opened is kept open: renewed at half of its lease, asked for again when the gateway has forgotten it or is
//! another one, and given back in the end.

use std::{
    convert::Infallible,
    future::Future,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout},
};
use tracing::info;

use super::{
    GIVING_BACK, LAST_STEP,
    ask::Held,
    state::{Open, Place, Report, State, Wanted, Why},
    way::{Around, Protocol, Refusal, Way},
};
use crate::reach::range::is_public;

/// Nothing is renewed more often, however short a lease is: RFC 6887, 11.2.1. A gateway cannot keep us busier than that.
const LEAST_RENEWAL: Duration = Duration::from_secs(4);

/// So often it is looked whether the gateway is still the same, or whether there is one. That asks only this system.
const WATCH: Duration = Duration::from_secs(15);

/// So much more time on the wall than by the clock: this computer has slept, or somebody has set the wall's. To ask once too often
/// does no harm.
const SLEPT: Duration = Duration::from_secs(3);

/// A gateway that grants nothing is asked again after this time, then after twice as long each time, as somebody may be changing
/// its settings.
const AGAIN: Duration = Duration::from_secs(15);

/// But not less often than this.
const AGAIN_AT_LEAST: Duration = Duration::from_secs(240);

/// The room has ended.
#[derive(Debug)]
pub(super) struct Ended;

/// A port outside that is ours.
pub(super) struct Door {
    pub(super) way: Arc<dyn Way>,
    pub(super) protocol: Protocol,
    pub(super) port: u16,
}

/// Who asks, and keeps what was granted.
pub(super) struct Keeper {
    pub(super) wanted: Wanted,
    pub(super) around: Arc<dyn Around>,
    tell: watch::Sender<Report>,
    ended: watch::Receiver<bool>,
    /// What is to be given back.
    pub(super) doors: Vec<Door>,
    /// Where people outside found the room when it was last told.
    last: Vec<SocketAddr>,
}

/// Why a port is not open any more.
enum Lost {
    /// The gateway does not answer.
    Gone,
    /// The gateway has forgotten it, or does not grant it any more.
    Forgotten,
    /// There is another gateway now, or another address of ours.
    Moved,
}

/// What has come of asking for more time.
enum Renewal {
    /// All of it is granted, the shortest for so long; and the gateway's address outside, if it says so.
    Granted { lease: Duration, address: Option<IpAddr> },
    /// There is no answer to something, or none that means anything.
    Unanswered,
    /// Something is not granted any more.
    Refused,
}

impl Keeper {
    pub(super) fn new(
        wanted: Wanted,
        around: Arc<dyn Around>,
        tell: watch::Sender<Report>,
        ended: watch::Receiver<bool>,
    ) -> Self {
        Self { wanted, around, tell, ended, doors: Vec::new(), last: Vec::new() }
    }

    /// Until the room ends. Then everything has been given back, as far as the gateway answers.
    pub(super) async fn run(mut self) {
        let Err(Ended) = self.keep().await;
        self.give_back().await;
    }

    async fn keep(&mut self) -> Result<Infallible, Ended> {
        let mut wait = AGAIN;
        let mut was_open = false;
        loop {
            let place = self.place().await?;
            let why = match place {
                Ok(place) => match self.ask(place).await? {
                    Ok(held) => {
                        (was_open, wait) = (true, AGAIN);
                        match self.hold(place, held).await? {
                            Lost::Moved => {
                                // What was opened elsewhere cannot be closed from here. It has a lease.
                                self.doors.clear();
                                was_open = false;
                                continue;
                            }
                            Lost::Forgotten => {
                                self.give_back().await;
                                continue;
                            }
                            Lost::Gone => {
                                self.give_back().await;
                                Why::Gone
                            }
                        }
                    }
                    Err(Why::Silent) if was_open => Why::Gone,
                    Err(Why::Silent) if is_public(place.own.into()) => Why::Public,
                    Err(why) => why,
                },
                Err(why) => why,
            };
            self.told(place.ok(), State::Shut(why));
            if self.pause(wait, place).await? {
                (was_open, wait) = (false, AGAIN);
            } else {
                wait = (2 * wait).min(AGAIN_AT_LEAST);
            }
        }
    }

    /// Keeps what was granted, until it is lost.
    async fn hold(&mut self, place: Place, held: Held) -> Result<Lost, Ended> {
        let Held { mut open, lease } = held;
        open.moved = self.has_moved(&open);
        info!(?open, ?lease, "the gateway has opened a port");
        self.told(Some(place), State::Open(open.clone()));

        let way = self.doors.first().map(|door| door.way.clone());
        let Some(way) = way else { return Ok(Lost::Forgotten) };
        let mut expires = Instant::now() + lease;
        let mut wait = lease / 2;
        loop {
            if self.pause(wait.max(LEAST_RENEWAL), Ok(place)).await? {
                return Ok(Lost::Moved);
            }
            let begun = Instant::now();
            match self.renew(&way).await? {
                Renewal::Refused => return Ok(Lost::Forgotten),
                Renewal::Unanswered if Instant::now() >= expires => return Ok(Lost::Gone),
                Renewal::Unanswered => wait = (expires - Instant::now()) / 2,
                Renewal::Granted { lease: now, address } => {
                    let lease = lease.min(now);
                    (expires, wait) = (begun + lease, lease / 2);
                    if address.is_some() && address != open.address {
                        open.address = address;
                        open.moved = self.has_moved(&open);
                        info!(?open, "the gateway has another address outside");
                        self.told(Some(place), State::Open(open.clone()));
                    }
                }
            }
        }
    }

    /// Asks for more time with everything that one has.
    async fn renew(&mut self, way: &Arc<dyn Way>) -> Result<Renewal, Ended> {
        let doors: Vec<_> = self.doors.iter().map(|door| (door.protocol, door.port)).collect();
        let (mut lease, mut address) = (Duration::MAX, None);
        let mut is_unanswered = false;
        for (protocol, port) in doors {
            match self.open(way, protocol, port).await? {
                Ok(grant) if grant.port == port => {
                    lease = lease.min(grant.lease);
                    address = address.or(grant.address);
                }
                // It may know better next time, and until then there is a lease.
                Err(Refusal::Silent | Refusal::Unspoken | Refusal::Offline | Refusal::Odd) => is_unanswered = true,
                _ => return Ok(Renewal::Refused),
            }
        }
        if is_unanswered {
            return Ok(Renewal::Unanswered);
        }
        let address = match address {
            Some(address) => Some(address),
            None => self.step(way.address()).await?.ok(),
        };
        Ok(Renewal::Granted { lease, address })
    }

    /// Whether people outside find the room elsewhere than before.
    fn has_moved(&mut self, open: &Open) -> bool {
        let places = open.places();
        if places.is_empty() {
            return false;
        }
        let before = std::mem::replace(&mut self.last, places);
        !before.is_empty() && before != self.last
    }

    /// What the room serves.
    pub(super) fn protocols(&self) -> impl Iterator<Item = Protocol> + use<> {
        let udp = self.wanted.udp.then_some(Protocol::Udp);
        udp.into_iter().chain(self.wanted.tcp.then_some(Protocol::Tcp))
    }

    /// Gives everything back, at once.
    pub(super) async fn give_back(&mut self) {
        let mut closing = JoinSet::new();
        for Door { way, protocol, port } in self.doors.drain(..) {
            closing.spawn(async move { way.close(protocol, port).await });
        }
        let all = async { while closing.join_next().await.is_some() {} };
        let _ = timeout(GIVING_BACK, all).await;
    }

    /// Tells how it stands, if that is news.
    fn told(&self, place: Option<Place>, state: State) {
        let report = Report { wanted: self.wanted, place, state };
        self.tell.send_if_modified(|told| {
            let is_news = *told != report;
            *told = report;
            is_news
        });
    }

    async fn place(&mut self) -> Result<Result<Place, Why>, Ended> {
        let around = self.around.clone();
        self.unless_ended(async move { around.place().await }).await
    }

    /// Waits. Gives up early, and says so, when this computer is in another place than before; and early, too, when it has slept,
    /// for then more time may have gone by than its clock says.
    async fn pause(&mut self, wait: Duration, before: Result<Place, Why>) -> Result<bool, Ended> {
        let end = Instant::now() + wait;
        loop {
            let (begun, wall) = (Instant::now(), self.around.time());
            self.unless_ended(sleep_until(end.min(begun + WATCH))).await?;
            if self.place().await? != before {
                return Ok(true);
            }
            let by_wall = self.around.time().duration_since(wall).unwrap_or_default();
            if Instant::now() >= end || by_wall > begun.elapsed() + SLEPT {
                return Ok(false);
            }
        }
    }

    /// Does what changes nothing at the gateway, until the room ends.
    pub(super) async fn unless_ended<T>(&mut self, doing: impl Future<Output = T>) -> Result<T, Ended> {
        tokio::select! {
            biased;
            _ = self.ended.wait_for(|ended| *ended) => Err(Ended),
            done = doing => Ok(done),
        }
    }

    /// A request to the gateway. Once the room has ended, none is made, and one that is under way has a moment left.
    pub(super) async fn step<T>(&mut self, request: impl Future<Output = T>) -> Result<T, Ended> {
        if *self.ended.borrow() || self.ended.has_changed().is_err() {
            return Err(Ended);
        }
        let too_late = async {
            let _ = self.ended.wait_for(|ended| *ended).await;
            sleep(LAST_STEP).await;
        };
        tokio::select! {
            biased;
            done = request => Ok(done),
            () = too_late => Err(Ended),
        }
    }
}

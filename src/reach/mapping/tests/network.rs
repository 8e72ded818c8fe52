//! A network with a gateway that is made up: what it speaks, grants and refuses can be changed at any time.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, SystemTime},
};

use tokio::time::{Instant, sleep};

use super::super::{
    Mapping,
    state::{Language, Place, Wanted, Why},
    way::{Around, Grant, Protocol, Refusal, Way},
};
use crate::transport::BoxFuture;

/// What an encrypted room needs.
pub(super) const WANTED: Wanted = Wanted { port: 7275, udp: true, tcp: true, encrypted: true, bind: None };

/// A network with a gateway.
#[derive(Clone)]
pub(super) struct Network(Arc<Mutex<Gateway>>);

pub(super) struct Gateway {
    pub(super) place: Result<Place, Why>,
    /// What it speaks, and how long it takes to answer in it.
    pub(super) speaks: BTreeMap<Language, Duration>,
    pub(super) address: Result<IpAddr, Refusal>,
    /// What is open, and until when.
    pub(super) open: HashMap<(bool, u16), Instant>,
    /// Taken by others.
    pub(super) taken: Vec<(bool, u16)>,
    /// What it answers instead of opening.
    pub(super) refuses: HashMap<bool, Refusal>,
    /// The least number of seconds that a lease may have, and the largest.
    pub(super) lease: (u64, u64),
    /// Grants another port if one is taken, as PCP and NAT-PMP do, and not an error.
    pub(super) finds_another: bool,
    /// The requests that would have changed something.
    pub(super) log: Vec<String>,
    /// How long the computer has slept in all, while its clock stood still.
    pub(super) slept: Duration,
    begun: Instant,
}

struct Spoken(Network, Language);

impl Network {
    pub(super) fn new(speaks: &[Language]) -> Self {
        let place = Place { gateway: [192, 168, 1, 1].into(), own: [192, 168, 1, 20].into() };
        Self(Arc::new(Mutex::new(Gateway {
            place: Ok(place),
            speaks: speaks.iter().map(|language| (*language, Duration::from_millis(1))).collect(),
            address: Ok([192, 0, 1, 1].into()),
            open: HashMap::new(),
            taken: Vec::new(),
            refuses: HashMap::new(),
            lease: (1, 7_200),
            finds_another: true,
            log: Vec::new(),
            slept: Duration::ZERO,
            begun: Instant::now(),
        })))
    }

    pub(super) fn gateway(&self) -> MutexGuard<'_, Gateway> {
        self.0.lock().unwrap()
    }

    pub(super) fn ask(&self) -> Mapping {
        Mapping::ask_around(WANTED, Arc::new(self.clone()))
    }

    /// Ports that lead in now: of UDP, and of TCP.
    pub(super) fn open(&self) -> (Vec<u16>, Vec<u16>) {
        let gateway = self.gateway();
        let of = |udp: bool| {
            let is_open = |((is_udp, _), until): &(&(bool, u16), &Instant)| *is_udp == udp && **until > Instant::now();
            gateway.open.iter().filter(is_open).map(|((_, port), _)| *port).collect()
        };
        (of(true), of(false))
    }

    /// The time that an answer takes; for ever, if there is none.
    fn delay(&self, language: Language) -> Option<Duration> {
        self.gateway().speaks.get(&language).copied()
    }
}

impl Around for Network {
    fn place(&self) -> BoxFuture<'_, Result<Place, Why>> {
        Box::pin(async { self.gateway().place })
    }

    fn time(&self) -> SystemTime {
        let gateway = self.gateway();
        SystemTime::UNIX_EPOCH + gateway.begun.elapsed() + gateway.slept
    }

    fn ways(&self, _: Place) -> Vec<Arc<dyn Way>> {
        let ways = [Language::Pcp, Language::NatPmp, Language::Upnp];
        ways.into_iter().map(|language| Arc::new(Spoken(self.clone(), language)) as Arc<dyn Way>).collect()
    }
}

impl Spoken {
    async fn answer(&self) -> Result<MutexGuard<'_, Gateway>, Refusal> {
        match self.0.delay(self.1) {
            Some(delay) => sleep(delay).await,
            None => {
                sleep(Duration::from_millis(2_750)).await;
                return Err(Refusal::Silent);
            }
        }
        Ok(self.0.gateway())
    }
}

impl Way for Spoken {
    fn language(&self) -> Language {
        self.1
    }

    fn greet(&self) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async { self.answer().await.map(|_| ()) })
    }

    fn open(&self, protocol: Protocol, outside: u16, lease: Duration) -> BoxFuture<'_, Result<Grant, Refusal>> {
        Box::pin(async move {
            let (language, udp) = (self.1.name(), protocol == Protocol::Udp);
            let mut gateway = self.answer().await?;
            gateway.log.push(format!("{language} opens {} {outside}", if udp { "UDP" } else { "TCP" }));
            if let Some(refusal) = gateway.refuses.get(&udp) {
                return Err(*refusal);
            }
            let mut port = outside;
            while gateway.taken.contains(&(udp, port)) {
                if !gateway.finds_another {
                    return Err(Refusal::Taken);
                }
                port += 1;
            }
            let (least, most) = gateway.lease;
            let lease = Duration::from_secs(lease.as_secs().clamp(least, most));
            gateway.open.insert((udp, port), Instant::now() + lease);
            let address = gateway.address.ok().filter(|_| self.1 == Language::Pcp);
            Ok(Grant { port, lease, address })
        })
    }

    fn address(&self) -> BoxFuture<'_, Result<IpAddr, Refusal>> {
        Box::pin(async { self.answer().await?.address })
    }

    fn close(&self, protocol: Protocol, outside: u16) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async move {
            let mut gateway = self.answer().await?;
            gateway.open.remove(&(protocol == Protocol::Udp, outside));
            Ok(())
        })
    }
}

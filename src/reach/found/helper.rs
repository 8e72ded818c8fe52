//! Who speaks multicast DNS: a process of its own, which does one task until its input ends.
//!
//! It reads the [`Task`] as the first line of its standard input, and writes what there is to tell as lines of JSON
//! ([`Told`]). It ends when its input does, so also when whoever started it is gone, however they went, and says goodbye
//! first. It ends without a word when it has heard more than it should keep: whoever started it begins it anew later.

use std::{
    io::{self, BufRead, Write},
    net::IpAddr,
    process,
    time::Duration,
};

use mdns_sd::{
    DaemonEvent, HostnameResolutionEvent, IfKind, Receiver, ResolvedService, ServiceDaemon, ServiceEvent, ServiceInfo,
};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::oneshot,
    time::{sleep, timeout},
};

use super::record::{ADDRESSES_READ, Heard, Record, TCP, UDP};
use crate::{random, wire::text::beginning};

/// The one argument with which this program is a helper. Nobody types it.
pub const ARGUMENT: &str = "multicast-dns-helper";

/// Records of the network that may be kept: avahi's daemon has as much place for each interface. With more, somebody is
/// flooding it.
const RECORDS: i64 = 4_096;
/// How often is asked how much there is, and how long the library may take to answer. It does not while packets come in
/// faster than it can read them.
const LOOK: Duration = Duration::from_millis(250);
const ANSWER: Duration = Duration::from_secs(1);
/// Bytes of memory that this process may fill. It needs some 2 MiB; what a gigabit network brings until it is asked again
/// how much there is takes up to a hundred.
#[cfg(unix)]
const MEMORY: u64 = 192 * 1024 * 1024;
/// A goodbye is sent a second time after 120 ms, by the library; this is a little more.
const GOODBYE: Duration = Duration::from_millis(160);
/// Machines that are asked for their addresses at a time: a network has a few rooms that were just asked by others, and who
/// makes up more of them has us ask no more than this.
const ASKED: usize = 8;
/// How long: at once, and after 1 s.
const ASKING: Duration = Duration::from_secs(2);
/// Bytes of a name or a property that are passed on: no property has more than 255, no name much more.
const TEXT: usize = 300;

/// What a helper is to do.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum Task {
    /// Announce this.
    Announce {
        /// What.
        record: Record,
        /// Only at this address of the machine; without one, at all of them, also at those that it gets later.
        bind: Option<IpAddr>,
    },
    /// Tell which rooms are there.
    Browse,
}

/// What a helper tells.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum Told {
    /// The announcement is out, on one interface at least.
    Announced,
    /// A service was heard, or has changed.
    Heard(Heard),
    /// A service is gone.
    Gone {
        /// Its whole name.
        instance: String,
    },
}

/// Why a helper ends.
#[derive(Debug, thiserror::Error)]
enum End {
    /// It was asked to.
    #[error("asked to")]
    Asked,
    /// There was more to hear than may be kept.
    #[error("flooded")]
    Flooded,
    /// Nobody reads what it tells.
    #[error("nobody listens")]
    Unheard(#[from] io::Error),
    /// The library does not do what it was asked for.
    #[error(transparent)]
    Library(#[from] mdns_sd::Error),
}

/// Is a helper until its input ends, and gives its exit code.
pub fn run() -> u8 {
    limit_memory();
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return 1 };
    let mut first = String::new();
    let task = io::stdin().lock().read_line(&mut first).ok().and_then(|_| serde_json::from_str::<Task>(&first).ok());
    let Some(task) = task else { return 2 };
    let (asked, mut end) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        // Nothing more is ever written there: what can be read is its end.
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        drop(asked);
    });
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = perform(&task, &mut end) => ended,
            () = told_to_end() => Err(End::Asked),
        }
    });
    match ended {
        Ok(()) | Err(End::Asked) => 0,
        // At once, and without waiting for a library that has no time.
        Err(_) => process::exit(1),
    }
}

async fn perform(task: &Task, end: &mut oneshot::Receiver<()>) -> Result<(), End> {
    let daemon = ServiceDaemon::new()?;
    // Who is on this machine alone does not need it.
    daemon.disable_interface(vec![IfKind::LoopbackV4, IfKind::LoopbackV6])?;
    let done = async {
        match task {
            Task::Announce { record, bind } => announce(&daemon, record, *bind).await,
            Task::Browse => browse(&daemon).await,
        }
    };
    tokio::select! {
        ended = done => return ended,
        ended = watch(&daemon) => return ended,
        _ = end => {}
    }
    if let Task::Announce { record, .. } = task {
        for service in &record.services {
            daemon.unregister(&format!("{}.{service}", record.label))?;
        }
        sleep(GOODBYE).await;
    }
    if let Ok(ended) = daemon.shutdown() {
        let _ = timeout(GOODBYE, ended.recv_async()).await;
    }
    Ok(())
}

async fn announce(daemon: &ServiceDaemon, record: &Record, bind: Option<IpAddr>) -> Result<(), End> {
    let events = daemon.monitor()?;
    match bind {
        Some(ip) if !ip.is_unspecified() => {
            daemon.disable_interface(IfKind::All)?;
            daemon.enable_interface(IfKind::Addr(ip))?;
        }
        Some(IpAddr::V4(_)) => daemon.disable_interface(IfKind::IPv6)?,
        _ => {}
    }
    // A name of its own, and of no meaning: that of the machine belongs to whoever announces the machine.
    let host = format!("parlor-{:016x}.local.", random::number());
    for service in &record.services {
        let (addresses, auto): (Vec<IpAddr>, bool) = match bind {
            Some(ip) if !ip.is_unspecified() => (vec![ip], false),
            _ => (Vec::new(), true),
        };
        let info =
            ServiceInfo::new(service, &record.label, &host, &addresses[..], record.port, &record.properties[..])?;
        daemon.register(if auto { info.enable_addr_auto() } else { info })?;
    }
    while let Ok(event) = events.recv_async().await {
        if let DaemonEvent::Announce(..) = event {
            tell(&Told::Announced)?;
        }
    }
    Err(End::Flooded)
}

async fn browse(daemon: &ServiceDaemon) -> Result<(), End> {
    let (udp, tcp) = (daemon.browse(UDP)?, daemon.browse(TCP)?);
    let next = |events: Receiver<ServiceEvent>| async move { events.recv_async().await };
    let mut asked = Asked::default();
    loop {
        let event = tokio::select! {
            event = next(udp.clone()) => event,
            event = next(tcp.clone()) => event,
        };
        match event {
            Ok(ServiceEvent::ServiceResolved(service)) => {
                tell(&Told::Heard(heard(&service)))?;
                asked.about(&service, daemon);
            }
            Ok(ServiceEvent::ServiceRemoved(_, instance)) => {
                tell(&Told::Gone { instance: beginning(&instance, TEXT).to_owned() })?;
            }
            // The library has given up: there were more events than could be read.
            Ok(ServiceEvent::SearchStopped(_)) | Err(_) => return Err(End::Flooded),
            Ok(_) => {}
        }
    }
}

/// The machines that are being asked for their addresses.
///
/// A host tells of itself over IPv4 and over IPv6, each time with the addresses of that family alone; and not twice within a
/// second over one of them, whoever asks (RFC 6762, section 6). Who looks right after somebody else did, over IPv4 alone,
/// would hear of it without the IPv4 addresses. Asked for them, it tells them when that second is over.
#[derive(Default)]
struct Asked(Vec<(String, Receiver<HostnameResolutionEvent>)>);

impl Asked {
    /// Asks for the addresses that this service's machine has not told, if there is place for it.
    fn about(&mut self, service: &ResolvedService, daemon: &ServiceDaemon) {
        let has = |wanted: fn(&IpAddr) -> bool| service.addresses.iter().any(|ip| wanted(&ip.to_ip_addr()));
        if has(IpAddr::is_ipv4) && has(IpAddr::is_ipv6) {
            return;
        }
        // What is answered goes into the library's memory, and comes back as a service that was heard anew. Here is only seen
        // when it has stopped asking.
        self.0.retain(|(_, events)| !events.is_disconnected());
        if self.0.len() < ASKED && self.0.iter().all(|(host, _)| *host != service.host) {
            let asking = u64::try_from(ASKING.as_millis()).ok();
            // A name that cannot be asked for stays without an answer.
            self.0.extend(
                daemon.resolve_hostname(&service.host, asking).ok().map(|events| (service.host.clone(), events)),
            );
        }
    }
}

/// What of a service may matter, and no more of it than may be sensible.
fn heard(service: &ResolvedService) -> Heard {
    let property = |name: &str| {
        let value = service.get_property_val(name).flatten()?;
        str::from_utf8(value).ok().map(|text| beginning(text, TEXT).to_owned())
    };
    let text = |text: &str| beginning(text, TEXT).to_owned();
    let mut addresses: Vec<_> = service.addresses.iter().map(|address| text(&address.to_string())).collect();
    // They come in no order; of too many, always the same ones are taken.
    addresses.sort();
    addresses.truncate(ADDRESSES_READ);
    Heard {
        instance: text(&service.fullname),
        host: text(&service.host),
        port: service.port,
        addresses,
        version: property("v"),
        room: property("room"),
        key: property("key"),
        via: property("via"),
    }
}

/// Ends when more has been heard than may be kept.
async fn watch(daemon: &ServiceDaemon) -> Result<(), End> {
    loop {
        sleep(LOOK).await;
        let metrics = daemon.get_metrics()?;
        let Ok(Ok(metrics)) = timeout(ANSWER, metrics.recv_async()).await else { return Err(End::Flooded) };
        let kept: i64 = metrics.iter().filter(|(name, _)| name.starts_with("cached-")).map(|(_, count)| count).sum();
        if kept > RECORDS {
            return Err(End::Flooded);
        }
    }
}

fn tell(told: &Told) -> Result<(), End> {
    let mut line = serde_json::to_vec(told).map_err(io::Error::other)?;
    line.push(b'\n');
    let mut out = io::stdout().lock();
    Ok(out.write_all(&line).and_then(|()| out.flush())?)
}

/// Comes to an end when the system asks for it. Ctrl-C is for whoever started this, and is not heard here.
async fn told_to_end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            terminate.recv().await;
            return;
        }
    }
    std::future::pending().await
}

/// Whatever is heard, this machine has memory left. Without a limit the library would take as much as it is sent.
fn limit_memory() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let limit = |bytes| Rlimit { current: Some(bytes), maximum: Some(bytes) };
        // Best effort: how much there is is also looked at all the time. And who runs out of it leaves no heap behind.
        let _ = setrlimit(Resource::Data, limit(MEMORY));
        let _ = setrlimit(Resource::Core, limit(0));
    }
}

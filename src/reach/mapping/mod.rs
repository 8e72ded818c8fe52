//! A way in from outside: the gateway is asked to pass a port of its own on to this computer, for as long as the room lasts.
//!
//! Only when a person asks for it. All languages that gateways speak are tried at once, and the first in which one answers is
//! used. What was opened is opened for a few minutes and renewed while the room lasts, so that it is shut soon after a host that
//! had no time to shut it. What the gateway says is a claim: an address that is none of the internet's goes into no invite.
//!
//! - [`state`]: how it stands, as plain data
//! - `advice`: the same in sentences, and what to do
//! - `way`: a language, spoken with one gateway; what all of them have in common
//! - `port_control`, `upnp`: the languages, each by a library
//! - `search`: the gateway is found by UPnP, and nobody else
//! - `place`: which gateway, and which address of ours it sees
//! - `ask`: who answers first, and what is granted
//! - `keep`: renewed, lost, asked for again, given back

mod advice;
mod ask;
mod keep;
mod place;
mod port_control;
mod search;
pub mod state;
#[cfg(test)]
mod tests;
mod upnp;
mod way;

use std::{
    future::{Future, pending},
    net::IpAddr,
    num::NonZeroU16,
    sync::Arc,
    time::Duration,
};

use tokio::{sync::watch, task::JoinHandle, time::timeout};

pub use self::state::{Language, Open, Place, Report, State, Wanted, Why};
pub(in crate::reach) use self::{place::place, way::Refusal};

use self::{keep::Keeper, place::Surroundings, port_control::NatPmp, upnp::Upnp, way::Way};

/// The longest that one request to a gateway takes. Who answers a search by UPnP may wait for up to 3 s before it does (the
/// library asks for that), and then describes itself.
pub(super) const ANSWER: Duration = Duration::from_secs(5);

/// When the room has ended, a request that is under way has so long to come to an end, so that it is known what there is to
/// give back.
const LAST_STEP: Duration = Duration::from_millis(400);

/// Giving back takes at most so long. Gateways answer within milliseconds; one that does not has the lease.
const GIVING_BACK: Duration = Duration::from_secs(1);

/// What the gateway says of its own address outside, by NAT-PMP and by UPnP, to who might map `port` and does not.
pub(super) async fn outside(place: Place, port: u16) -> (Result<IpAddr, Refusal>, Result<IpAddr, Refusal>) {
    let Some(port) = NonZeroU16::new(port) else { return (Err(Refusal::Unspoken), Err(Refusal::Unspoken)) };
    let (nat_pmp, upnp) = (NatPmp { gateway: place.gateway, port }, Upnp::new(place, port.get()));
    tokio::join!(nat_pmp.address(), upnp.address())
}

/// A way in from outside, asked for and kept in the background. Dropping it gives it back, if the runtime goes on for long
/// enough.
#[derive(Debug)]
pub struct Mapping {
    reports: watch::Receiver<Report>,
    end: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Mapping {
    /// Asks the gateway, in the background, on the tokio runtime that this is called in.
    pub fn ask(wanted: Wanted) -> Self {
        let around = Surroundings::new(wanted);
        Self::with(wanted, |tell, ended| async move {
            if let Some(around) = around {
                Keeper::new(wanted, Arc::new(around), tell, ended).run().await;
            }
        })
    }

    #[cfg(test)]
    fn ask_around(wanted: Wanted, around: Arc<dyn way::Around>) -> Self {
        Self::with(wanted, |tell, ended| Keeper::new(wanted, around, tell, ended).run())
    }

    fn with<F: Future<Output = ()> + Send + 'static>(
        wanted: Wanted,
        run: impl FnOnce(watch::Sender<Report>, watch::Receiver<bool>) -> F,
    ) -> Self {
        let (tell, mut reports) = watch::channel(Report { wanted, place: None, state: State::Asking });
        reports.mark_changed();
        let (end, ended) = watch::channel(false);
        Self { reports, end, task: tokio::spawn(run(tell, ended)) }
    }

    /// How it stands, whenever that is news; at once for the first time. What was overtaken by other news is left out.
    /// Cancel-safe.
    pub async fn changed(&mut self) -> Report {
        match self.reports.changed().await {
            Ok(()) => self.reports.borrow_and_update().clone(),
            Err(_) => pending().await,
        }
    }

    /// Gives back what was opened, for which the gateway has at most 1.4 s.
    pub async fn close(mut self) {
        let _ = self.end.send(true);
        let _ = timeout(LAST_STEP + GIVING_BACK, &mut self.task).await;
    }
}

//! One way to ask a gateway for a port. What libraries call it ends here: a refusal is one of a few things that decide what is
//! done next.

use std::{
    net::IpAddr,
    time::{Duration, SystemTime},
};

use super::state::{Language, Place, Why};
use crate::transport::BoxFuture;

/// Half of what a room is served over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Protocol {
    /// For QUIC.
    Udp,
    /// For TLS and plain TCP.
    Tcp,
}

/// What a gateway has granted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Grant {
    /// The port outside; it need not be the one that was asked for.
    pub(super) port: u16,
    /// For how long, unless it is renewed.
    pub(super) lease: Duration,
    /// The gateway's address outside, where the answer has it.
    pub(super) address: Option<IpAddr>,
}

/// Why a gateway has not done what it was asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::reach) enum Refusal {
    /// No answer.
    Silent,
    /// It does not speak this language.
    Unspoken,
    /// It does not allow it.
    Denied,
    /// Somebody else has this port; another one may be free.
    Taken,
    /// It has none left.
    Full,
    /// It has no address outside.
    Offline,
    /// It opens ports for ever or not at all.
    OnlyForGood,
    /// Nobody understands the answer.
    Odd,
}

impl From<Refusal> for Why {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Silent | Refusal::Unspoken => Self::Silent,
            Refusal::Denied => Self::Denied,
            Refusal::Taken | Refusal::Full => Self::Full,
            Refusal::Offline => Self::Inner(None),
            Refusal::OnlyForGood => Self::OnlyForGood,
            Refusal::Odd => Self::Odd,
        }
    }
}

/// A language, spoken with one gateway about one port of this computer.
///
/// Everything comes to an end by itself within [`ANSWER`](super::ANSWER), or twice that where the gateway has to be found first. A request that was dropped may have been carried out.
pub(super) trait Way: Send + Sync {
    /// Which language.
    fn language(&self) -> Language;

    /// Whether the gateway speaks it. Nothing is changed there.
    fn greet(&self) -> BoxFuture<'_, Result<(), Refusal>>;

    /// Asks for a port outside, this one if it is free, or for more time with one that one has.
    fn open(&self, protocol: Protocol, outside: u16, lease: Duration) -> BoxFuture<'_, Result<Grant, Refusal>>;

    /// The gateway's own address outside.
    fn address(&self) -> BoxFuture<'_, Result<IpAddr, Refusal>>;

    /// Gives a port back.
    fn close(&self, protocol: Protocol, outside: u16) -> BoxFuture<'_, Result<(), Refusal>>;
}

/// What is around this computer.
pub(super) trait Around: Send + Sync {
    /// The gateway, and our address towards it; or why there is nobody to ask.
    fn place(&self) -> BoxFuture<'_, Result<Place, Why>>;

    /// The time on the wall. Some machines stop the other clock while they sleep, and no gateway does.
    fn time(&self) -> SystemTime;

    /// The ways to ask there, the best first.
    fn ways(&self, place: Place) -> Vec<std::sync::Arc<dyn Way>>;
}

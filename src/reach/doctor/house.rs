//! The machine that others are to reach, and what was found on it: a table, from which the survey is made.

use super::{firewall::Firewall, gateway::Gateway, journey::Road, multicast::Multicast};
use crate::{identity::Fingerprint, reach::here::Here};

/// All that was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct House {
    /// The port of the room, UDP and TCP.
    pub port: u16,
    /// This machine's addresses.
    pub here: Vec<Here>,
    /// Whether TCP on the port is free.
    pub tcp: Slot,
    /// And UDP.
    pub udp: Slot,
    /// The ways to the port over each of the addresses; none if nobody has the port.
    pub doors: Vec<Road>,
    /// This installation's key, if it has one yet.
    pub own: Option<Fingerprint>,
    /// The firewall of this machine.
    pub firewall: Firewall,
    /// The default gateway.
    pub gateway: Option<Gateway>,
    /// Multicast, on each interface.
    pub multicast: Vec<Multicast>,
}

/// A port of one protocol.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Slot {
    /// Nobody has it.
    Free,
    /// Some program has it.
    Taken,
    /// The system does not give it, to this program at least.
    Forbidden,
}

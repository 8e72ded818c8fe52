//! What a finding is called, for scripts and for the table of `docs/DOCTOR.md`, which names for each the test that makes that
//! fault for real. A test compares the two.

use serde::Serialize;

/// Which finding. An interface, by its name in lower case with hyphens (`nothing-listens`): none changes its meaning.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// Another key answers than the expected one.
    KeyMismatch,
    /// Somebody shows a key that they do not have.
    KeyUnproven,
    /// Two keys answer where one host should be.
    TwoKeys,
    /// The key is the one that was given.
    KeyExpected,
    /// The key is the pinned one.
    KeyPinned,
    /// The key is pinned, but not for this address.
    KeyKnown,
    /// The key is new here.
    FirstContact,
    /// A room of this installation's own.
    OwnRoom,
    /// A join works.
    Works,
    /// QUIC does not get through, TLS does.
    UdpBlocked,
    /// TCP does not get through, QUIC does.
    TcpBlocked,
    /// Some packets are lost.
    Loss,
    /// A name that leads nowhere.
    NameNotFound,
    /// An address behind an interface that is not there.
    NoSuchInterface,
    /// A link-local address without its interface.
    NoInterface,
    /// This machine is on no network.
    NoNetwork,
    /// This machine knows no way there.
    NoRoute,
    /// An IPv6 address, and this machine has none.
    NoIpv6,
    /// This machine does not let it out.
    ForbiddenHere,
    /// A machine answers, and nothing listens there.
    NothingListens,
    /// A machine of this network has the address, and does not answer.
    SilentNeighbour,
    /// Nothing comes back, from somewhere else.
    Silent,
    /// This machine itself does not answer.
    SilentHere,
    /// Nobody has the address.
    NobodyThere,
    /// A private address that is in none of this machine's networks.
    OtherNetwork,
    /// Somebody on the way, or the machine itself, says no at once.
    Rejected,
    /// Another program has the port.
    OtherProgram,
    /// Something takes connections and says nothing.
    Mute,
    /// Something takes connections and ends them.
    HangsUp,
    /// A room in plain TCP only.
    PlainRoom,
    /// A host that speaks another version.
    OtherVersion,
    /// A host whose encrypted handshakes are broken on the way.
    EncryptionBroken,
    /// It cannot be reached, and nothing of the above says why.
    Unclear,
    /// The pins cannot be read.
    PinsUnreadable,
    /// Addresses that were not tried.
    PassedOver,
    /// This machine has only addresses that it has given to itself.
    OnlyLinkLocal,
    /// This machine has an address that the internet knows.
    PublicAddress,
    /// The port is free: no room is open.
    PortFree,
    /// The system does not give the port away.
    PortForbidden,
    /// The room does not answer under some addresses of this machine.
    NotOnAllAddresses,
    /// The room answers nobody but this machine.
    OnlyHere,
    /// A room with another key has the port.
    OtherRoom,
    /// The firewall lets nobody in.
    FirewallBlocks,
    /// The firewall lets some in, or perhaps.
    FirewallConditions,
    /// The firewall lets everybody in.
    FirewallOpen,
    /// A firewall is on, and does not tell.
    FirewallOn,
    /// The firewall cannot be asked.
    FirewallUnknown,
    /// There is no gateway.
    NoGateway,
    /// The gateway can be asked to forward the port.
    GatewayMaps,
    /// The gateway cannot be asked.
    GatewayMute,
    /// The gateway's outside is not the internet.
    DoubleNat,
    /// Multicast does not come back on some interfaces.
    MulticastBlocked,
    /// Multicast comes back, and nobody else answers.
    MulticastAlone,
    /// Others answer.
    MulticastWorks,
}

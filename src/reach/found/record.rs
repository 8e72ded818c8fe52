//! What an announcement says: written by hosts, and read from whoever claims to be one.
//!
//! Written, it is a service's name, port and four properties; read, it is a [`Room`] or nothing. What is read may be
//! anybody's: each part has a bound, names have to be names, and what is not understood is left out or, where a room would
//! be another one without it, the whole announcement is.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use crate::{
    identity::{Address, Fingerprint, Host, RoomName},
    reach::{LOOPBACK, likelihood},
    transport::Kind,
    wire::text::beginning,
};

/// The service of a host that serves QUIC.
pub const UDP: &str = "_parlor._udp.local.";
/// The service of a host that serves TLS or plain TCP.
pub const TCP: &str = "_parlor._tcp.local.";

/// The version of the protocol, as in `parlor/1`.
const VERSION: &str = "1";
/// Bytes of a label of the DNS (RFC 1035, section 2.3.4): the name that browsers show.
const LABEL: usize = 63;
/// Bytes of a room's name in its property: a property has 255 (RFC 6763, section 6.1), `room=` among them. A longer name
/// is cut between two characters.
const NAME: usize = 250;
/// Addresses of one room that are looked at; a machine has a handful.
pub(super) const ADDRESSES_READ: usize = 32;
/// Addresses of one room that are kept, as in an invite.
pub const ADDRESSES: usize = 8;

/// A room that somebody says is on this network.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Room {
    /// Which one, among those that one browser has seen: the number stays as long as the room does.
    pub id: u64,
    /// What it is called; cut to 250 bytes.
    pub name: RoomName,
    /// The key that its host claims to have; none where only plain TCP is served.
    pub key: Option<Fingerprint>,
    /// What is served, as it is claimed, the best first; never empty.
    pub transports: Vec<Kind>,
    /// Where, the likeliest first: one to eight.
    pub addresses: Vec<Address>,
}

impl Room {
    /// Whether it claims to be encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.transports.iter().any(|kind| *kind != Kind::Tcp)
    }

    /// Whether it claims to be encrypted, as a person is told.
    pub fn protection(&self) -> &'static str {
        if self.is_encrypted() { "encrypted" } else { "NOT ENCRYPTED" }
    }

    /// Whether a person who asks for a room of this name means this one. No room's name is longer when it is announced.
    pub fn is_called(&self, name: &RoomName) -> bool {
        announced(name).folded() == self.name.folded()
    }

    /// Whether its name had to be cut.
    pub fn is_cut(&self) -> bool {
        // A cut name is at least as long as a name that ends before the last character that fits.
        self.name.as_str().len() > NAME - 4
    }
}

/// A room's name as it is announced.
pub(super) fn announced(name: &RoomName) -> RoomName {
    // Cut, it may end in a space or in half a cluster; it is a name all the same, as it begins as one.
    beginning(name.as_str(), NAME).parse().unwrap_or_else(|_| name.clone())
}

/// What a host announces.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Record {
    /// The services: [`UDP`], [`TCP`] or both.
    pub services: Vec<String>,
    /// The name that browsers show: the room's, as far as it fits a label, without what needs escaping there, and the
    /// beginning of the key, so that no two rooms have to give way to each other.
    pub label: String,
    /// The one port of all transports.
    pub port: u16,
    /// The properties, in their order.
    pub properties: Vec<(String, String)>,
}

impl Record {
    /// The announcement of a room, which serves these transports, the best first, on this port. `key` is told unless only
    /// plain TCP is served, where nobody could check it.
    pub fn new(room: &RoomName, key: Fingerprint, transports: &[Kind], port: u16) -> Self {
        let serves = |kind: Kind| transports.contains(&kind);
        let mut services = Vec::new();
        if serves(Kind::Quic) {
            services.push(UDP.to_owned());
        }
        if serves(Kind::Tls) || serves(Kind::Tcp) {
            services.push(TCP.to_owned());
        }
        let is_encrypted = serves(Kind::Quic) || serves(Kind::Tls);
        let mut properties =
            vec![("v".to_owned(), VERSION.to_owned()), ("room".to_owned(), beginning(room.as_str(), NAME).to_owned())];
        if is_encrypted {
            properties.push(("key".to_owned(), key.base32().replace('-', "")));
        }
        let names: Vec<_> = transports.iter().filter_map(|kind| name(*kind)).collect();
        properties.push(("via".to_owned(), names.join(",")));
        let suffix = if is_encrypted { format!(" {}", key.short()) } else { String::new() };
        // A dot in a label has to be escaped, which not everybody undoes in the same way.
        let label = beginning(room.as_str(), LABEL - suffix.len()).replace(['.', '\\'], " ");
        let label = label.split_whitespace().collect::<Vec<_>>().join(" ");
        let label = match label.as_str() {
            // A name that begins with nothing but dots.
            "" => format!("parlor{suffix}"),
            label => format!("{label}{suffix}"),
        };
        Self { services, label, port, properties }
    }
}

/// What was heard of one service, as it came: any of it may be anything.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Heard {
    /// The service's whole name, by which its end is told, too.
    pub instance: String,
    /// The machine that it says it is on.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The machine's addresses; a link-local one has its zone.
    pub addresses: Vec<String>,
    /// The properties `v`, `room`, `key` and `via`, where they are there and are text.
    pub version: Option<String>,
    /// See `version`.
    pub room: Option<String>,
    /// See `version`.
    pub key: Option<String>,
    /// See `version`.
    pub via: Option<String>,
}

impl Heard {
    /// The room that is announced, with `id` as its number, if this is an announcement of a room that one can join.
    pub fn room(&self, id: u64) -> Option<Room> {
        if !self.version.as_deref()?.split(',').any(|version| version == VERSION) || self.port == 0 {
            return None;
        }
        let name: RoomName = self.room.as_deref()?.parse().ok()?;
        let mut transports = Vec::new();
        for kind in self.via.as_deref()?.split(',').filter_map(kind) {
            if !transports.contains(&kind) {
                transports.push(kind);
            }
        }
        transports.sort();
        let key = match self.key.as_deref() {
            Some(key) => Some(key.parse().ok()?),
            None => None,
        };
        let addresses = ranked(self.addresses.iter().take(ADDRESSES_READ).filter_map(|text| address(text, self.port)));
        let room = Room { id, name: announced(&name), key, transports, addresses };
        // Whoever encrypts has a key to show, and whoever does not has none.
        let is_whole = !room.transports.is_empty() && room.is_encrypted() == room.key.is_some();
        (is_whole && !room.addresses.is_empty()).then_some(room)
    }
}

/// These addresses without repetition, the likeliest first, as many as are kept.
pub(super) fn ranked(addresses: impl Iterator<Item = Address>) -> Vec<Address> {
    let mut ranked: Vec<Address> = Vec::new();
    for address in addresses {
        if !ranked.contains(&address) {
            ranked.push(address);
        }
    }
    let ip = |address: &Address| match address.host {
        Host::V4(ip) => IpAddr::V4(ip),
        Host::V6(ip, _) => IpAddr::V6(ip),
        Host::Name(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    // Among equals in one order, whatever the order in which they came.
    ranked.sort_by_key(|address| (likelihood(ip(address)), ip(address)));
    ranked.truncate(ADDRESSES);
    ranked
}

/// An address that leads to one other machine, as far as can be seen.
fn address(text: &str, port: u16) -> Option<Address> {
    let bracketed = if text.contains(':') { format!("[{text}]:{port}") } else { format!("{text}:{port}") };
    let address = Address::parse(&bracketed, port).ok()?;
    let leads_somewhere = match &address.host {
        Host::V4(ip) => is_one_machine(*ip),
        Host::V6(ip, zone) => {
            let is_local = ip.is_unicast_link_local();
            is_local == zone.is_some() && !ip.is_unspecified() && !ip.is_multicast() && ip.to_ipv4_mapped().is_none()
        }
        Host::Name(_) => false,
    };
    let is_elsewhere = |ip: IpAddr| likelihood(ip) < LOOPBACK;
    let is_elsewhere = match &address.host {
        Host::V4(ip) => is_elsewhere(IpAddr::V4(*ip)),
        Host::V6(ip, _) => is_elsewhere(IpAddr::V6(*ip)),
        Host::Name(_) => false,
    };
    (leads_somewhere && is_elsewhere).then_some(address)
}

fn is_one_machine(ip: Ipv4Addr) -> bool {
    !ip.is_unspecified() && !ip.is_multicast() && !ip.is_broadcast()
}

fn name(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Quic => Some("quic"),
        Kind::Tls => Some("tls"),
        Kind::Tcp => Some("tcp"),
        Kind::Memory => None,
    }
}

fn kind(name: &str) -> Option<Kind> {
    [Kind::Quic, Kind::Tls, Kind::Tcp].into_iter().find(|kind| self::name(*kind) == Some(name))
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*};

    use super::*;

    const ALL: [Kind; 3] = [Kind::Quic, Kind::Tls, Kind::Tcp];

    fn key() -> Fingerprint {
        Fingerprint::from_bytes([7; 32])
    }

    fn room_name(text: &str) -> RoomName {
        text.parse().unwrap()
    }

    /// As it is heard by somebody for whom the machine has these addresses.
    fn heard(record: &Record, addresses: &[&str]) -> Heard {
        let property = |wanted: &str| {
            let found = record.properties.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.clone())
        };
        Heard {
            instance: format!("{}.{}", record.label, record.services[0]),
            host: "parlor-1.local.".to_owned(),
            port: record.port,
            addresses: addresses.iter().map(ToString::to_string).collect(),
            version: property("v"),
            room: property("room"),
            key: property("key"),
            via: property("via"),
        }
    }

    fn kitchen() -> Heard {
        heard(&Record::new(&room_name("Kitchen"), key(), &ALL, 7275), &["192.168.1.20"])
    }

    #[test]
    fn what_is_announced_is_what_is_read() {
        for (transports, services) in
            [(&ALL[..], &[UDP, TCP][..]), (&ALL[..2], &[UDP, TCP]), (&ALL[1..2], &[TCP]), (&ALL[2..], &[TCP])]
        {
            let record = Record::new(&room_name("Ana's Küche 🫖"), key(), transports, 7391);
            assert_eq!(record.services, services);
            let room = heard(&record, &["192.168.1.20"]).room(3).unwrap();
            assert_eq!((room.name.as_str(), room.id), ("Ana's Küche 🫖", 3));
            assert_eq!(room.transports, transports);
            assert_eq!(room.key, room.is_encrypted().then(key));
            assert_eq!(room.addresses[0].to_string(), "192.168.1.20:7391");
        }
    }

    #[test]
    fn a_plain_room_shows_no_key() {
        let record = Record::new(&room_name("Kitchen"), key(), &ALL[2..], 7275);
        assert!(record.properties.iter().all(|(name, _)| name != "key"), "{record:?}");
    }

    #[test]
    fn a_name_of_any_length_fits_and_is_found_again() {
        for name in
            ["𝔸".repeat(64), "Ü".repeat(64), "a".repeat(64), "St. John's \\ a.b.c".to_owned(), ".".repeat(63) + "a"]
        {
            let record = Record::new(&room_name(&name), key(), &ALL, 7275);
            assert!((1..=LABEL).contains(&record.label.len()) && !record.label.contains(['.', '\\']), "{record:?}");
            for (name, value) in &record.properties {
                assert!(name.len() + 1 + value.len() <= 255, "{name}={value}");
            }
            let room = heard(&record, &["10.0.0.1"]).room(0).unwrap();
            assert!(room.is_called(&room_name(&name)), "{name}");
            assert_eq!(room.is_cut(), name.len() > NAME, "{name}");
        }
    }

    #[test]
    fn a_room_is_called_what_one_would_say() {
        let room = kitchen().room(0).unwrap();
        assert!(room.is_called(&room_name("kitchen")) && room.is_called(&room_name("KIT CHEN")));
        assert!(!room.is_called(&room_name("Kitchen 2")));
    }

    #[test]
    fn what_is_no_announcement_of_a_room_is_none() {
        type Spoil = fn(&mut Heard);
        let spoilt: [(&str, Spoil); 16] = [
            ("no version", |heard| heard.version = None),
            ("another version", |heard| heard.version = Some("2".to_owned())),
            ("no port", |heard| heard.port = 0),
            ("no name", |heard| heard.room = None),
            ("an empty name", |heard| heard.room = Some(" ".to_owned())),
            ("a name that hides", |heard| heard.room = Some("Kit\u{202e}chen".to_owned())),
            ("a name with a command to the terminal", |heard| heard.room = Some("\x1b[31mKitchen".to_owned())),
            ("a name of two lines", |heard| heard.room = Some("Kitchen\nYou: hi".to_owned())),
            ("a name without end", |heard| heard.room = Some("x".repeat(100_000))),
            ("half a key", |heard| heard.key = heard.key.take().map(|key| key[..20].to_owned())),
            ("an empty key", |heard| heard.key = Some(String::new())),
            ("no key, and yet encrypted", |heard| heard.key = None),
            ("a key, and yet plain", |heard| heard.via = Some("tcp".to_owned())),
            ("no transport", |heard| heard.via = Some("pigeon".to_owned())),
            ("no address", |heard| heard.addresses.clear()),
            ("an address of nobody else", |heard| {
                heard.addresses = ["127.0.0.1", "::1", "0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "ff02::1"]
                    .map(String::from)
                    .to_vec();
            }),
        ];
        assert!(kitchen().room(0).is_some());
        for (what, spoil) in spoilt {
            let mut heard = kitchen();
            spoil(&mut heard);
            assert_eq!(heard.room(0), None, "{what}");
        }
    }

    #[test]
    fn what_a_later_version_adds_is_passed_over() {
        let heard =
            Heard { version: Some("1,2".to_owned()), via: Some("tls,pigeon,quic,quic,".to_owned()), ..kitchen() };
        assert_eq!(heard.room(0).unwrap().transports, [Kind::Quic, Kind::Tls]);
    }

    #[test]
    fn the_likeliest_address_comes_first_and_a_link_local_one_last_with_its_zone() {
        let addresses = [
            "fe80::1%eth0",
            "fe80::2",
            "2001:db8::1",
            "fd00::1",
            "169.254.1.1",
            "203.0.113.1",
            "10.0.0.2",
            "10.0.0.2",
            "::ffff:10.0.0.3",
            "not an address",
            "a.name",
            "fd00::1%eth0",
        ];
        let heard = Heard { addresses: addresses.map(String::from).to_vec(), ..kitchen() };
        let ranked: Vec<_> = heard.room(0).unwrap().addresses.iter().map(ToString::to_string).collect();
        assert_eq!(
            ranked,
            [
                "10.0.0.2:7275",
                "203.0.113.1:7275",
                "[2001:db8::1]:7275",
                "[fd00::1]:7275",
                "169.254.1.1:7275",
                "[fe80::1%eth0]:7275"
            ]
        );
    }

    #[test]
    fn no_more_addresses_are_kept_than_there_is_place_for() {
        let many = (0..=255).map(|n| format!("10.0.{n}.1")).collect();
        assert_eq!(Heard { addresses: many, ..kitchen() }.room(0).unwrap().addresses.len(), ADDRESSES);
    }

    proptest! {
        #[test]
        fn whatever_is_heard_is_a_clean_room_or_none(
            version in option::of(prop_oneof![Just("1".to_owned()), any::<String>()]),
            room in option::of(any::<String>()),
            key in option::of(prop_oneof![Just(key().base32()), any::<String>()]),
            via in option::of(prop_oneof!["(quic|tls|tcp|,| ){0,8}", any::<String>()]),
            addresses in vec(prop_oneof!["[0-9]{1,3}(\\.[0-9]{1,3}){3}", "[0-9a-f:%]{1,20}", any::<String>()], 0..40),
            port: u16,
        ) {
            let heard = Heard { instance: "x".to_owned(), host: "y".to_owned(), port, addresses, version, room, key, via };
            if let Some(room) = heard.room(0) {
                prop_assert!(room.name.as_str().parse::<RoomName>().is_ok_and(|name| name == room.name));
                prop_assert!((1..=ADDRESSES).contains(&room.addresses.len()) && !room.transports.is_empty());
                prop_assert_eq!(room.key.is_some(), room.is_encrypted());
            }
        }
    }
}

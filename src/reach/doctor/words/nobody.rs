//! Why nobody is reached, in words.

use super::{Place, Said, fails};
use crate::{
    reach::doctor::{
        code::Code,
        diagnosis::NoWay,
        journey::{Journey, Leads, Road},
        rows::failed,
    },
    wire::text,
};

/// Nobody is reached at `place`.
pub(super) fn no_way(journey: &Journey, why: &NoWay, place: &Place) -> Said {
    let Place { full, ip, port } = place;
    match why {
        NoWay::NoNetwork => fails(
            Code::NoNetwork,
            "This computer is on no network.",
            "Wi-Fi is off, the cable is out, or no address was given to this computer yet.",
            "Connect to the network on which the host is.",
        ),
        NoWay::NoRoute => fails(
            Code::NoRoute,
            format!("This computer knows no way to {ip}."),
            "It is on a network without a gateway, or a VPN is off that leads there.",
            "Connect to the network on which the host is; look whether it says that it is connected.",
        ),
        NoWay::NoIpv6 => fails(
            Code::NoIpv6,
            format!(
                "{ip} is an IPv6 address, and this computer has none of that kind that leads further than its own cable."
            ),
            "Your network has no IPv6.",
            "Ask the host for an IPv4 address; their window shows all that they have.",
        ),
        NoWay::NoZone => fails(
            Code::NoInterface,
            format!("{ip} is good on every network at once: it does not say on which."),
            "A link-local address needs the interface of your computer behind which the host is.",
            format!("Write it with your own interface: [{ip}%{}]:{port}", interface(journey)),
        ),
        NoWay::ForbiddenHere { is_refused: false } => fails(
            Code::ForbiddenHere,
            format!("This computer does not let a connection to {full} out."),
            "Its own firewall, or whoever administers it, forbids it.",
            "Allow parlor in the firewall of this computer.",
        ),
        NoWay::ForbiddenHere { is_refused: true } => fails(
            Code::ForbiddenHere,
            format!("This computer does not let UDP to {full} out, and TCP is refused."),
            "Its own firewall, or whoever administers it, forbids both; or nothing listens there for TCP at this moment.",
            "Allow parlor in the firewall of this computer; and ask the host whether the room is open.",
        ),
        NoWay::NothingListens { leads } => nothing_listens(*leads, place),
        NoWay::Silent { leads } => silent(*leads, place),
        NoWay::NobodyBeside => fails(
            Code::NobodyThere,
            format!("Nobody on your network answers to {ip}."),
            "The host's computer is off or asleep, has another address now, or the Wi-Fi keeps its devices apart (“guest network”, \
             “client isolation”).",
            "Compare the address with the one in the host's window. If it is right, use the same ordinary Wi-Fi, or a cable.",
        ),
        NoWay::NobodyAway => fails(
            Code::NobodyThere,
            format!("The gateway before {ip} reports that nobody there has that address."),
            "The host's computer is off, or has another address now.",
            "Ask the host for the address that their window shows now.",
        ),
        NoWay::OtherNetwork { ours } => fails(
            Code::OtherNetwork,
            format!(
                "{ip} is an address of a private network that this computer is not in. It is in: {}.",
                if ours.is_empty() { "none".to_owned() } else { ours.join(", ") }
            ),
            "You and the host are on different networks, and such an address leads nowhere from outside its own.",
            "Join the host's network; or ask for an address that leads there from yours: a VPN's, or the gateway's, with the port \
             forwarded.",
        ),
        NoWay::Rejected => fails(
            Code::Rejected,
            format!("{full} is refused at once, by a machine on the way or by a firewall."),
            "A firewall does not let the port through, and says so; or a gateway knows no way there.",
            format!("On the host's computer and its gateway, allow port {port}, UDP and TCP."),
        ),
        NoWay::Unclear { tcp } => fails(
            Code::Unclear,
            format!("{full} cannot be reached ({}).", failed(*tcp)),
            "",
            "Try again; and compare address and port with those in the host's window.",
        ),
    }
}

fn nothing_listens(leads: Leads, Place { full, ip, port }: &Place) -> Said {
    let what = format!("{ip} answers, and nothing listens on its port {port}.");
    match leads {
        Leads::Home => fails(
            Code::NothingListens,
            format!("No room is open at {full}, which is this computer itself."),
            "The address is your own. Another computer's room is not found under it.",
            "Take the host's address; or open a room here first.",
        ),
        Leads::Beside => fails(
            Code::NothingListens,
            what,
            "The room is not open at this moment, has another port, or the address is another machine's now; or a firewall on \
             that computer answers so.",
            "Ask the host whether the room is open, and compare address and port with those in their window.",
        ),
        Leads::Away => fails(
            Code::NothingListens,
            what,
            "The gateway on the host's side does not forward the port, the room is not open at this moment, or it has another port.",
            format!(
                "Ask the host whether the room is open, and compare address and port with those in their window. On their gateway, \
                 port {port}, UDP and TCP, has to be forwarded to their computer (parlor doctor there says what it can do)."
            ),
        ),
    }
}

fn silent(leads: Leads, Place { full, ip, port }: &Place) -> Said {
    match leads {
        Leads::Home => fails(
            Code::SilentHere,
            format!("{ip} is this computer itself, and its port {port} does not answer."),
            "The firewall of this computer drops even what comes from itself.",
            format!("Allow port {port}, UDP and TCP: parlor doctor says how."),
        ),
        Leads::Beside => fails(
            Code::SilentNeighbour,
            format!(
                "{ip} is on your network, and nothing comes back from its port {port}, neither over TCP nor over UDP."
            ),
            "The firewall of that computer drops what it does not know. (Windows asks once, and remembers the answer.)",
            format!("On the host's computer, allow parlor or port {port}, UDP and TCP: parlor doctor there says how."),
        ),
        Leads::Away => fails(
            Code::Silent,
            format!("Nothing comes back from {full}, neither over TCP nor over UDP."),
            "The gateway on the host's side does not forward the port, a firewall drops it, or the address is wrong.",
            format!(
                "On the host's side, forward port {port}, UDP and TCP, to the host's computer (parlor doctor there says what its \
                 gateway can do), and compare the address."
            ),
        ),
    }
}

/// An interface that a link-local address could be behind.
fn interface(journey: &Journey) -> String {
    let through = |road: &Road| road.route.found.as_ref().ok().and_then(|route| route.interface.clone());
    let found = journey.roads.iter().find_map(through).or_else(|| journey.interfaces.first().cloned());
    found.map_or_else(|| "eth0".to_owned(), |name| text::clean_line(&name))
}

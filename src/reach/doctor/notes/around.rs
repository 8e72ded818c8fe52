//! What is around the machine, in words: its addresses, the gateway, multicast.

use std::net::Ipv4Addr;

use super::said;
use crate::{
    reach::{
        Reach,
        doctor::{
            code::Code,
            report::{Finding, Mark},
            survey::{Addresses, Multicast, Way},
        },
    },
    wire::text,
};

/// Where the machine is.
pub(super) fn addresses(addresses: Addresses) -> Finding {
    match addresses {
        Addresses::None => said(
            Code::NoNetwork,
            Mark::Failed,
            "This computer is on no network.",
            "Wi-Fi is off, the cable is out, or no address was given to it yet.",
            "Connect to the network on which the others are.",
        ),
        Addresses::OnlyLinkLocal => said(
            Code::OnlyLinkLocal,
            Mark::Note,
            "This computer has only addresses that it has given to itself.",
            "The network's router gave it none: it may be off, or be slow. Only who is on the same cable or Wi-Fi can join.",
            "Look whether the network is connected, and wait a little.",
        ),
        Addresses::Public(ip) => said(
            Code::PublicAddress,
            Mark::Note,
            format!("{ip} is an address that the internet knows."),
            "Whoever comes from there can join if the gateway lets the port through; it has the key asked, as anywhere.",
            "",
        ),
    }
}

/// The way out of the network.
pub(super) fn way(port: u16, way: Way) -> Finding {
    match way {
        Way::None => said(
            Code::NoGateway,
            Mark::Note,
            "There is no gateway.",
            "Whoever is on this network can join, and nobody else.",
            "",
        ),
        Way::Speaks(gateway) => {
            let outside = gateway.outside().map(|ip| format!("; its address outside is {ip}")).unwrap_or_default();
            said(
                Code::GatewayMaps,
                Mark::Ok,
                format!("The gateway can be asked to forward the port{outside}."),
                "",
                "Nobody needs that on this network. For who comes from outside: parlor host --map-port.",
            )
        }
        Way::Mute(ip) => mute(port, ip),
        Way::DoubleNat { outside } => said(
            Code::DoubleNat,
            Mark::Note,
            match outside {
                Some(outside) => format!("The gateway's address outside, {outside}, is none of the internet's."),
                None => "The gateway has no address of the internet's outside.".to_owned(),
            },
            match outside.map(Reach::of_ip) {
                Some(Reach::Vpn) => "Your provider shares one address among several customers.",
                Some(_) => "There is a second gateway before it.",
                None => "There is a second gateway before it, or it is not connected.",
            },
            "On this network all is well. Nobody comes in from the internet over a forwarded port: use a VPN that both sides are \
             in, IPv6, or forward the port in the second gateway, too.",
        ),
    }
}

fn mute(port: u16, gateway: Ipv4Addr) -> Finding {
    said(
        Code::GatewayMute,
        Mark::Note,
        format!("The gateway, {gateway}, cannot be asked to forward the port."),
        "It speaks neither UPnP-IGD nor NAT-PMP nor PCP, or that is switched off in it.",
        format!(
            "Nobody needs that on this network. For who comes from outside, forward port {port}, UDP and TCP, to this computer in \
             its settings."
        ),
    )
}

/// Whether rooms are found by themselves.
pub(super) fn multicast(multicast: &Multicast) -> Finding {
    match multicast {
        Multicast::Lost { on } => said(
            Code::MulticastBlocked,
            Mark::Note,
            format!(
                "Multicast does not come back on {}.",
                on.iter().map(|name| text::clean_line(name)).collect::<Vec<_>>().join(", ")
            ),
            "This computer's firewall drops it, or the interface carries none (some VPNs). Rooms are then not found by themselves.",
            "Allow mDNS (UDP on port 5353) in the firewall; or hand out the invite, which needs no multicast.",
        ),
        Multicast::Alone => said(
            Code::MulticastAlone,
            Mark::Note,
            "Multicast works on this computer, and nobody else on the network answers.",
            "Nobody else announces anything; or the Wi-Fi keeps multicast or its devices apart (“guest network”, “client isolation”).",
            "If others do not find the room by itself, hand out the invite.",
        ),
        Multicast::Heard { others } => said(
            Code::MulticastWorks,
            Mark::Ok,
            match others {
                1 => "Multicast works: one other machine answers.".to_owned(),
                others => format!("Multicast works: {others} other machines answer."),
            },
            "",
            "",
        ),
    }
}

//! What a gateway does: forwards ports, translates addresses, drops packets.

use crate::lab::Machine;

/// What a gateway passes from outside to the host.
#[derive(Clone, Copy)]
pub(crate) enum Forward<'a> {
    /// Nothing.
    Nothing,
    /// One port, of these protocols (`udp`, `tcp`).
    Port(u16, &'a [&'a str]),
    /// Everything.
    Everything,
}

/// How a gateway chooses the outside port of what comes from within.
#[derive(Clone, Copy)]
pub(crate) enum Nat {
    /// The same as inside, where that is free.
    Usual,
    /// Any, another one for each place that one talks to.
    Symmetric,
}

/// Sets up a gateway as people have one at home: who is inside gets out, translated, and `forward` says who gets in.
pub(crate) fn set_up(gw: &Machine, forward: Forward<'_>, nat: Nat) {
    let dnat: String = match forward {
        Forward::Nothing => String::new(),
        Forward::Port(port, protocols) => protocols
            .iter()
            .map(|protocol| format!("iifname \"wan0\" {protocol} dport {port} dnat to 192.168.77.2:{port}\n"))
            .collect(),
        Forward::Everything => "iifname \"wan0\" ip daddr 203.0.113.1 dnat to 192.168.77.2\n".to_owned(),
    };
    let random = match nat {
        Nat::Usual => "",
        Nat::Symmetric => "fully-random",
    };
    gw.nft(&format!(
        "table ip nat {{
            chain pre {{
                type nat hook prerouting priority dstnat
                {dnat}
            }}
            chain post {{
                type nat hook postrouting priority srcnat
                oifname \"wan0\" ip saddr 192.168.77.0/24 masquerade {random}
            }}
        }}
        table inet filter {{
            chain forw {{
                type filter hook forward priority filter
                policy drop
                ct state established,related accept
                ct status dnat accept
                iifname \"br0\" accept
            }}
        }}"
    ));
}

/// Lets those inside reach the host at the gateway's outside address, too.
pub(crate) fn hairpin(gw: &Machine, port: u16) {
    gw.nft(&format!(
        "table ip hairpin {{
            chain pre {{
                type nat hook prerouting priority dstnat
                iifname \"br0\" ip daddr 203.0.113.1 udp dport {port} dnat to 192.168.77.2:{port}
                iifname \"br0\" ip daddr 203.0.113.1 tcp dport {port} dnat to 192.168.77.2:{port}
            }}
            chain post {{
                type nat hook postrouting priority srcnat
                oifname \"br0\" ip saddr 192.168.77.0/24 ct status dnat masquerade
            }}
        }}"
    ));
}

/// Something is wrong on the way: what matches `rule` (in nftables' language, with a verdict) suffers it, whether it is
/// routed by the gateway or crosses its switch. Takes the place of what was wrong before.
pub(crate) fn fault(gw: &Machine, rule: &str) {
    let forgotten = |family: &str| format!("table {family} fault\ndelete table {family} fault\n");
    let wrong = |family: &str| {
        format!(
            "table {family} fault {{
                chain forw {{
                    type filter hook forward priority filter - 10
                    {rule}
                }}
            }}\n"
        )
    };
    gw.nft(&["inet", "bridge"].map(|family| forgotten(family) + &wrong(family)).concat());
}

/// UDP is dropped without a word.
pub(crate) const NO_UDP: &str = "meta l4proto udp drop";

/// Everything is. Neighbours are still found: what is silent is further away.
pub(crate) const SILENCE: &str = "meta l4proto { tcp, udp, icmp, ipv6-icmp } drop";

/// Nothing is wrong any more.
pub(crate) const NOTHING: &str = "";

/// So many of a hundred packets are lost, in both directions.
pub(crate) fn loss(percent: u8) -> String {
    format!("meta l4proto {{ tcp, udp }} numgen random mod 100 < {percent} drop")
}

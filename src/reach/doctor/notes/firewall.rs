//! The firewall of this machine, in words.

use super::said;
use crate::reach::doctor::{
    code::Code,
    firewall::{Firewall, Keeper, LetsIn, Why},
    report::{Finding, Mark},
};

/// What it lets in on port `port`.
pub(super) fn firewall(port: u16, found: Firewall) -> Finding {
    match found {
        Firewall::Followed { keeper, udp, tcp } => match (udp, tcp) {
            (LetsIn::No, LetsIn::No) => {
                blocks(Mark::Failed, keeper, port, "UDP and TCP", "Nobody from another computer can join.")
            }
            // One of the two is enough to come in.
            (LetsIn::No, LetsIn::Yes | LetsIn::Perhaps) => {
                blocks(Mark::Note, keeper, port, "UDP", "Who joins comes in over TLS instead of QUIC.")
            }
            (LetsIn::Yes | LetsIn::Perhaps, LetsIn::No) => {
                let means = "Who joins comes in over QUIC; whose network blocks UDP does not.";
                blocks(Mark::Note, keeper, port, "TCP", means)
            }
            (LetsIn::Yes, LetsIn::Yes) => open(keeper, port),
            (LetsIn::Perhaps, _) | (_, LetsIn::Perhaps) => said(
                Code::FirewallConditions,
                Mark::Note,
                format!("This computer's firewall ({}) may let only some in on port {port}.", name(keeper)),
                "It depends on who comes, or on rules that cannot be judged from here.",
                format!("If somebody does not get in: {}", allow(keeper, port)),
            ),
        },
        Firewall::On(keeper) => said(
            Code::FirewallOn,
            Mark::Unknown,
            format!("This computer's firewall ({}) is on; what it lets in, it tells only to root.", name(keeper)),
            "",
            format!("If somebody does not get in: {}", allow(keeper, port)),
        ),
        Firewall::Unasked(why) => said(
            Code::FirewallUnknown,
            Mark::Unknown,
            format!("This computer's firewall {}.", unasked(why)),
            "",
            format!("If somebody does not get in, look whether it lets port {port} through, UDP and TCP."),
        ),
    }
}

fn blocks(mark: Mark, keeper: Keeper, port: u16, over: &str, means: &str) -> Finding {
    said(
        Code::FirewallBlocks,
        mark,
        format!("This computer's firewall ({}) lets nobody in on port {port}, {over}.", name(keeper)),
        means,
        allow(keeper, port),
    )
}

fn open(keeper: Keeper, port: u16) -> Finding {
    let what = match keeper {
        Keeper::Nftables => format!("No firewall on this computer keeps anybody out of port {port}."),
        keeper => format!("This computer's firewall ({}) lets everybody in on port {port}.", name(keeper)),
    };
    said(Code::FirewallOpen, Mark::Ok, what, "", "")
}

/// How the port is let through.
fn allow(keeper: Keeper, port: u16) -> String {
    match keeper {
        Keeper::Ufw => format!("sudo ufw allow {port}"),
        Keeper::Firewalld => {
            format!("sudo firewall-cmd --add-port={port}/udp --add-port={port}/tcp (with --permanent, too, to keep it)")
        }
        Keeper::Nftables => format!("Let port {port} in, UDP and TCP."),
    }
}

/// The keeper's name.
pub(super) fn name(keeper: Keeper) -> &'static str {
    match keeper {
        Keeper::Ufw => "ufw",
        Keeper::Firewalld => "firewalld",
        Keeper::Nftables => "nftables",
    }
}

/// Why it was not asked, after its name.
pub(super) fn unasked(why: Why) -> &'static str {
    match why {
        Why::Rights => "cannot be asked without an administrator's rights",
        Why::NoTool => "cannot be asked: there is no nft here, or an old one",
        Why::NoAnswer => "cannot be asked: nft does not answer",
        Why::OldRules => "cannot be judged: it has rules of iptables' older kind",
        Why::System => "is not asked on this system",
    }
}

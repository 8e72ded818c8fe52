//! The host's firewall: with real rules, of nftables, of ufw, and of iptables' older kind.

use super::{at_home, host, house::without_rights, rules};
use crate::{
    examined::Said,
    harness::{Installation, finish},
    lab::{Machine, has, skip},
    net::{HOST, Net},
};

const KNOWN: &str = "ct state established,related accept
    iifname \"lo\" accept
    meta l4proto { icmp, ipv6-icmp } accept";

/// What somebody else at home sees, and what the host sees, with these rules for what comes to the host; the exit code of each.
fn both_sides(own: &str) -> Option<(Said, Said)> {
    let (outside, _host) = at_home(HOST, |net| rules(&net.host, "input", "drop", own))?;
    let inside = host(|net| rules(&net.host, "input", "drop", own))?;
    Some((outside, inside))
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_the_hosts_own_firewall_drops_and_so_does_the_host() {
    let Some((outside, inside)) = both_sides(KNOWN) else { return };
    outside.is(3, &["silent-neighbour"]).has("silent-neighbour", &["The firewall of that computer"]);
    inside.has("firewall-blocks", &["UDP and TCP", "Let port 7275 in"]);
    assert_eq!(inside.code, 1, "{inside:#?}");

    let Some((outside, inside)) = both_sides(&format!("{KNOWN}\ntcp dport 7275 accept")) else { return };
    outside.is(0, &["udp-blocked", "first-contact", "works"]);
    inside.has("firewall-blocks", &["on port 7275, UDP.", "over TLS instead of QUIC"]);
    assert_eq!(inside.code, 0, "{inside:#?}");

    let both = format!("{KNOWN}\nmeta l4proto {{ tcp, udp }} th dport 7000-7300 accept");
    let Some((outside, inside)) = both_sides(&both) else { return };
    outside.is(0, &["first-contact", "works"]);
    inside.has("firewall-open", &["keeps anybody out of port 7275"]);

    let Some((outside, inside)) = both_sides(&format!("{KNOWN}\nip saddr 192.168.77.3 accept")) else { return };
    outside.is(0, &["first-contact", "works"]);
    inside.has("firewall-conditions", &["may let only some in", "It depends on who comes"]);
}

/// Rules as distributions and handbooks have them: states in a map, what comes too often, and a chain that sees packets
/// before it is known for whom they are.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_follows_rules_as_people_have_them() {
    const STATES: &str = "ct state vmap { established : accept, related : accept, invalid : drop }
        iif lo accept
        pkttype host limit rate 5/second counter reject with icmpx admin-prohibited";
    let Some(said) = host(|net| rules(&net.host, "input", "drop", STATES)) else { return };
    said.has("firewall-blocks", &["UDP and TCP"]);
    let early = "table inet early {
        chain pre {
            type filter hook prerouting priority raw
            udp dport 7275 drop
        }
    }";
    let Some(said) = host(|net| net.host.nft(early)) else { return };
    said.has("firewall-blocks", &["on port 7275, UDP."]);
}

/// What the doctor says on a machine where this was done to the files that it sees.
fn asked_where(machine: &Machine, done: &str) -> Said {
    let ana = Installation::new();
    let doctor = ana.command(&["doctor", "--json"]);
    let mut here = machine.command("sh");
    here.args(["-ec", &format!("{done}\nexec \"$@\""), "sh"]).arg(doctor.get_program()).args(doctor.get_args());
    Said::read(finish(here))
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_says_why_it_cannot_ask_the_firewall() {
    let Some(net) = Net::new() else { return };
    let empty = tempfile::tempdir().expect("a folder");
    let gone = format!("mount --bind {} /usr/sbin", empty.path().display());
    asked_where(&net.host, &gone).has("firewall-unknown", &["there is no nft here"]).lacks("firewall-open");
    let broken = "for nft in /usr/sbin/nft /usr/bin/nft; do ! [ -e $nft ] || mount --bind /bin/false $nft; done";
    asked_where(&net.host, broken).has("firewall-unknown", &["nft does not answer"]).lacks("firewall-open");
    let Some(said) = without_rights(&net.host, &[]) else { return };
    said.has("firewall-unknown", &["an administrator's rights", "lets port 7275 through"]).lacks("firewall-open");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_does_not_judge_rules_of_the_older_kind() {
    if !has(&["iptables-legacy"]) {
        return;
    }
    let Some(net) = Net::new() else { return };
    if !net.host.succeeds("iptables-legacy -A INPUT -p udp --dport 7275 -j DROP") {
        return skip("this kernel has no rules of the older kind");
    }
    let said = asked_where(&net.host, "");
    said.has("firewall-unknown", &["iptables' older kind"]).lacks("firewall-open");
}

/// ufw as it is after `ufw enable`, with its own files on this machine alone.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_knows_ufw() {
    if !has(&["ufw"]) {
        return;
    }
    let Some(net) = Net::new() else { return };
    net.host.etc();
    net.host.shell(&format!("cp -a /etc/ufw {}", net.host.etc().display()));
    net.host.shell("ufw --force enable");
    let said = asked_where(&net.host, "");
    said.has("firewall-conditions", &["(ufw)", "sudo ufw allow 7275"]).lacks("firewall-open");
    let Some(said) = without_rights(&net.host, &[]) else { return };
    said.has("firewall-on", &["(ufw) is on", "sudo ufw allow 7275"]).lacks("firewall-unknown");
}

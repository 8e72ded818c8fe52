//! The host's addresses and port.

use super::{asked, rules};
use crate::{
    examined::Said,
    harness::{Installation, finish},
    lab::{Machine, has, skip},
    net::{HOST, Net},
    people::Person,
};

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_where_a_room_does_not_listen() {
    let Some(net) = Net::new() else { return };
    let ana = Person::at(&net.host, "Ana");
    let room = ana.host(&["--quic", "--bind", "127.0.0.1"]);
    let said = asked(&ana, &[]);
    said.has("only-here", &["only on this computer itself", "Open it without --bind"]);
    assert_eq!(said.code, 1, "{said:#?}");
    drop(room);
    let room = ana.host(&["--quic", "--bind", HOST]);
    let said = asked(&ana, &[]);
    said.has("not-on-all-addresses", &["does not answer under", "fd77::2"]).has("own-room", &["QUIC and TLS"]);
    assert_eq!(said.code, 0, "{said:#?}");
    drop(room);
    let _room = ana.host(&["--quic"]);
    let said = asked(&ana, &[]);
    said.has("own-room", &["QUIC and TLS"]).lacks("not-on-all-addresses").lacks("only-here");
    assert_eq!(said.code, 0, "{said:#?}");
    for (blocked, answers) in [("udp", "over TLS, and not over QUIC"), ("tcp", "over QUIC, and not over TLS")] {
        rules(&net.host, "input", "accept", &format!("{blocked} dport 7275 drop"));
        let said = asked(&ana, &[]);
        said.has("own-room", &[answers]).has("firewall-blocks", &[&format!("{}.", blocked.to_uppercase())]);
    }
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_addresses_that_are_special() {
    let Some(net) = Net::new() else { return };
    net.host.ip("addr flush dev eth0");
    net.host.address("eth0", "169.254.7.8/16");
    let ana = Person::at(&net.host, "Ana");
    let said = asked(&ana, &[]);
    said.has("only-link-local", &["given to itself"]).has("no-gateway", &["Whoever is on this network can join"]);
    net.host.address("eth0", "192.0.1.77/24");
    let said = asked(&ana, &[]);
    said.has("public-address", &["192.0.1.77 is an address that the internet knows"]).lacks("only-link-local");
}

/// What the doctor says to somebody without rights, as most people are; or nothing, and the reason is told.
pub(super) fn without_rights(machine: &Machine, arguments: &[&str]) -> Option<Said> {
    const NOBODY: [&str; 5] = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
    let command = Installation::new().command(&[&["doctor", "--json"], arguments].concat());
    let program = command.get_program().to_string_lossy();
    if !has(&["setpriv"]) {
        return None;
    }
    if !machine.succeeds(&format!("setpriv {} {program} --version", NOBODY.join(" "))) {
        skip("somebody without rights cannot reach the program where it was built");
        return None;
    }
    let mut nobody = machine.command("setpriv");
    // They have no folder of their own.
    let arguments = ["doctor", "--json", "--data-dir", "/proc/nowhere"].iter().chain(arguments);
    nobody.args(NOBODY).args(["--no-new-privs", &program]).args(arguments);
    Some(Said::read(finish(nobody)))
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_a_port_is_not_for_everybody() {
    let Some(net) = Net::new() else { return };
    let Some(said) = without_rights(&net.host, &["--port", "80"]) else { return };
    said.has("port-forbidden", &["Ports below 1024", "--port"]);
    assert_eq!(said.code, 1, "{said:#?}");
    net.host.shell("sysctl -qw net.ipv4.ip_unprivileged_port_start=8000");
    let Some(said) = without_rights(&net.host, &[]) else { return };
    said.has("port-forbidden", &["listen on port 7275", "something of its own"]);
    assert_eq!(said.code, 1, "{said:#?}");
}

//! Names that lead nowhere, and to too many places: with a real name server on the gateway.

use std::fs;

use super::{asked, rules};
use crate::{
    lab::{Guarded, has},
    net::{HOST, Net},
    people::Person,
};

const GATEWAY: &str = "192.168.77.1";

/// Starts a name server on the gateway that knows all under `example`, as these lines of a hosts file say, and waits until it
/// answers the second machine.
fn name_server(net: &Net, hosts: &str) -> Guarded {
    let path = net.gw.etc().join("names");
    fs::write(&path, hosts).expect("a file");
    net.second.name_server(GATEWAY);
    let server = net.gw.spawn(&format!(
        "dnsmasq --keep-in-foreground --conf-file=/dev/null --pid-file= --user=root --no-resolv --no-hosts --local=/example/ \
         --addn-hosts={} --listen-address={GATEWAY} --bind-interfaces",
        path.display()
    ));
    net.second.shell("while ! getent ahostsv4 there.example >/dev/null; do sleep 0.05; done");
    server
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_tells_a_name_that_does_not_exist_from_a_name_server_that_does_not_answer() {
    if !has(&["dnsmasq"]) {
        return;
    }
    let Some(net) = Net::new() else { return };
    let ben = Person::at(&net.second, "Ben");
    let server = name_server(&net, &format!("{HOST} there.example\n"));
    let said = asked(&ben, &["nobody.example"]);
    said.is(3, &["name-not-found"])
        .has("name-not-found", &["Nobody knows a machine called nobody.example", "mistyped"]);
    assert_eq!(said.details("address"), ["nobody knows this name"]);
    asked(&ben, &["ana.local"]).is(3, &["name-not-found"]).has("name-not-found", &["Names that end in .local"]);
    asked(&ben, &["ana"]).is(3, &["name-not-found"]).has("name-not-found", &["only another network knows"]);
    asked(&ben, &["there.example"]).is(3, &["nothing-listens"]);

    rules(&net.gw, "input", "accept", "meta l4proto { tcp, udp } th dport 53 drop");
    let said = asked(&ben, &["there.example"]);
    said.is(3, &["name-not-found"])
        .has("name-not-found", &["Nobody answers who might know a machine called there.example", "name server"]);
    assert_eq!(said.details("address"), ["nobody answers who might know this name"]);

    // Nor does one that is not there.
    rules(&net.gw, "input", "accept", "");
    drop(server);
    let said = asked(&ben, &["there.example"]);
    said.is(3, &["name-not-found"]).has("name-not-found", &["no name server that answers"]);
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_goes_to_so_many_addresses_of_a_name_and_says_that_there_are_more() {
    if !has(&["dnsmasq"]) {
        return;
    }
    let Some(net) = Net::new() else { return };
    let addresses: Vec<_> = (100..120).map(|number| format!("192.168.77.{number}")).collect();
    for address in &addresses {
        net.host.address("eth0", &format!("{address}/24"));
    }
    let lines: String = addresses.iter().map(|address| format!("{address} many.example there.example\n")).collect();
    let _server = name_server(&net, &lines);
    let _host = Person::at(&net.host, "Ana").host(&["--quic"]);
    let said = asked(&Person::at(&net.second, "Ben"), &["many.example"]);
    said.has("passed-over", &["4 more addresses were not tried"]);
    assert_eq!((said.code, said.found().iter().filter(|code| **code == "works").count()), (0, 16), "{said:#?}");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_the_dead_family_of_a_name() {
    let Some(net) = Net::new() else { return };
    let _host = Person::at(&net.host, "Ana").host(&["--quic"]);
    net.second.hosts("fd77::99 ana.example\n192.168.77.2 ana.example");
    let said = asked(&Person::at(&net.second, "Ben"), &["ana.example"]);
    said.is(0, &["nobody-there", "first-contact", "works"]);
}

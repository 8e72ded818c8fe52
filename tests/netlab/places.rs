//! Where a host can be: at home with oneself, on several interfaces, at a link-local address, behind a name of which one
//! family is dead.

use serde_json::Value;

use crate::{
    figures::record_join,
    lab::{End, wire},
    net::{HOST, Net},
    people::{Person, converse},
};

/// The same installation at both ends.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn one_can_join_ones_own_room_under_another_name() {
    let Some(net) = Net::new() else { return };
    let ana = Person::at(&net.host, "Ana");
    let mut host = ana.host(&["--quic"]);
    let mut refused = ana.begin_to_join(&host, HOST, &[]);
    let told = refused.wait("refused");
    assert_eq!(told["reason"], "name-taken");
    assert!(told["detail"].as_str().is_some_and(|detail| detail.contains("is free")), "{told}");
    drop(refused);

    let fingerprint = host.fingerprint();
    let begun = std::time::Instant::now();
    let join = ana.start(&["join", HOST, "--fingerprint", &fingerprint, "--name", "Anabel"]);
    let mut joined = crate::people::Joined::of(join, begun);
    assert_eq!((joined.transport(), joined.security()), ("quic", "pinned"));
    let said = converse(&mut [&mut host.program, &mut joined.program], 20);
    record_join(90, "one's own room, from the same machine", &joined, said, "under another name");
}

/// A host on two networks is reached on each of them at the address that it has there, and by its invite from both.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_host_with_several_interfaces_is_reached_on_each() {
    let Some(net) = Net::new() else { return };
    let third = net.lab.machine("third");
    wire(&End(&net.host, "eth1"), &End(&third, "eth0"));
    net.host.address("eth1", "10.9.8.1/24");
    third.address("eth0", "10.9.8.7/24");
    // And one more, which is unplugged at the other end.
    wire(&End(&net.host, "eth2"), &End(&third, "eth2"));
    net.host.address("eth2", "10.9.7.1/24");
    third.ip("link set eth2 down");
    let mut host = Person::at(&net.host, "Ana").host(&["--quic"]);
    let addresses = host.listening()["addresses"].as_array().expect("addresses").clone();
    for address in ["192.168.77.2:7275", "10.9.8.1:7275"] {
        assert!(addresses.contains(&Value::from(address)), "{addresses:?}");
    }
    assert!(!addresses.contains(&Value::from("10.9.7.1:7275")), "nobody is there: {addresses:?}");
    let invite = host.text("invite");
    let (near, other) = (Person::at(&net.second, "Ben"), Person::at(&third, "Chi"));
    let mut joined = [(&near, HOST), (&other, "10.9.8.1")].map(|(person, place)| person.join(&host, place, &[]));
    for joined in &joined {
        assert_eq!((joined.transport(), joined.security()), ("quic", "pinned"));
    }
    let [ben, chi] = &mut joined;
    let said = converse(&mut [&mut host.program, &mut ben.program, &mut chi.program], 10);
    record_join(91, "a host on two networks", chi, said, "with a member on each");
    drop(joined);
    for (person, name) in [(near, "Dan"), (other, "Eve")] {
        let mut joined = person.start(&["join", &invite, "--name", name]);
        assert_eq!(joined.wait("welcomed")["security"], "pinned");
    }
}

/// Whose address means something only together with an interface.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_link_local_address_with_a_zone_is_reached() {
    let Some(net) = Net::new() else { return };
    let shown = net.host.ip("-6 -o addr show dev eth0 scope link");
    let link_local = shown.split_whitespace().find(|word| word.starts_with("fe80:")).expect("a link-local address");
    let place = format!("[{}%eth0]:7275", link_local.split('/').next().expect("an address"));
    let mut host = Person::at(&net.host, "Ana").host(&["--quic"]);
    let ben = Person::at(&net.second, "Ben");
    for (order, transport) in [(92, "quic"), (93, "tls")] {
        let mut joined = ben.join(&host, &place, &["--transport", transport]);
        assert_eq!((joined.transport(), joined.security()), (transport, "pinned"));
        let said = converse(&mut [&mut host.program, &mut joined.program], 10);
        record_join(order, "a link-local IPv6 address with its zone", &joined, said, "");
        joined.program.signal("INT");
        assert_eq!(host.program.wait("left")["how"], "left");
    }
    // It is known there from now on, whatever the key was called at first.
    let mut again = ben.start(&["join", &place, "--name", "Ben"]);
    assert_eq!(again.wait("welcomed")["security"], "pinned");
}

/// A name stands for an address of each family; the one of either is dead.
fn a_name_with_a_dead_family(order: u16, dead: &str, lines: &str) {
    let Some(net) = Net::new() else { return };
    net.second.hosts(lines);
    let mut host = Person::at(&net.host, "Ana").host(&["--quic"]);
    let mut joined = Person::at(&net.second, "Ben").join(&host, "ana.example", &[]);
    assert_eq!((joined.transport(), joined.security()), ("quic", "pinned"));
    assert!(joined.took < std::time::Duration::from_secs(2), "the join took {:?}", joined.took);
    let said = converse(&mut [&mut host.program, &mut joined.program], 10);
    record_join(order, &format!("a name with both families, of which {dead} is dead"), &joined, said, "");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_name_whose_ipv6_is_dead_is_reached() {
    a_name_with_a_dead_family(94, "IPv6", "fd77::99 ana.example\n192.168.77.2 ana.example");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_name_whose_ipv4_is_dead_is_reached() {
    a_name_with_a_dead_family(95, "IPv4", "192.168.77.99 ana.example\nfd77::2 ana.example");
}

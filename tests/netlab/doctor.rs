//! `parlor doctor` in networks that have something: each finding with that fault made for real. Those that one machine can
//! have are in `tests/program/doctor`, and `docs/DOCTOR.md` lists all.
//!
//! - `through`: what gets through, and what does not
//! - `nobody`: why nobody is reached
//! - `names`: names that lead nowhere, and to too many places
//! - `keys`: whose key answers
//! - `house`: the host's addresses and port
//! - `firewall`: the host's firewall
//! - `around`: the host's gateway, and multicast

mod around;
mod firewall;
mod house;
mod keys;
mod names;
mod nobody;
mod through;

use crate::{
    examined::Said,
    gateway::{self, Forward, Nat},
    harness::Host,
    lab::Machine,
    net::{HOST, Net, OUTSIDE},
    people::Person,
};

const BOTH: Forward<'_> = Forward::Port(7275, &["udp", "tcp"]);

/// What the doctor says to somebody who asks it this.
fn asked(person: &Person, arguments: &[&str]) -> Said {
    Said::read(person.run(&[&["doctor", "--json"], arguments].concat()))
}

/// Rules that a machine has for what comes to it (`input`), leaves it (`output`) or is forwarded there (`prerouting`).
fn rules(machine: &Machine, hook: &str, policy: &str, rules: &str) {
    let kind = if hook == "prerouting" { "type nat hook prerouting priority dstnat" } else { "type filter hook" };
    let begin = if hook == "prerouting" { kind.to_owned() } else { format!("{kind} {hook} priority filter") };
    machine.nft(&format!(
        "table inet own\ndelete table inet own\ntable inet own {{\nchain own {{\n{begin}\npolicy {policy}\n{rules}\n}}\n}}\n"
    ));
}

/// Somebody outside looks at the way through a gateway to a room that is open.
fn outside(forward: Forward<'_>, fault: &str) -> Option<Said> {
    let net = Net::new()?;
    gateway::set_up(&net.gw, forward, Nat::Usual);
    gateway::fault(&net.gw, fault);
    let host = Person::at(&net.host, "Ana").host(&["--quic"]);
    let invite = host.text("invite").replace(HOST, OUTSIDE);
    Some(asked(&Person::at(&net.far, "Ben"), &[OUTSIDE, "--fingerprint", &invite]))
}

/// Somebody at home looks at a place; `set_up` says what is wrong.
fn at_home(place: &str, set_up: impl FnOnce(&Net)) -> Option<(Said, Host)> {
    let net = Net::new()?;
    let host = Person::at(&net.host, "Ana").host(&["--quic"]);
    set_up(&net);
    let said = asked(&Person::at(&net.second, "Ben"), &[place]);
    Some((said, host))
}

/// The host looks at its own machine; no room is open.
fn host(set_up: impl FnOnce(&Net)) -> Option<Said> {
    let net = Net::new()?;
    set_up(&net);
    Some(asked(&Person::at(&net.host, "Ana"), &[]))
}

/// The machines at home do not see each other, as in a guest network.
fn isolate(net: &Net) {
    for port in ["lan1", "lan2"] {
        net.gw.shell(&format!("bridge link set dev {port} isolated on"));
    }
}

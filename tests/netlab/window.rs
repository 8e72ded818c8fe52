//! The window on a machine of the lab: rooms that come and go around it, a way in from outside, and why a join has failed. The
//! display is one of this machine's, which programs in a namespace reach all the same: it is a file.

use std::fs;

use crate::{
    daemon::{self, Gateway, PUBLIC, USUAL, open_ports},
    desk::{Desk, Window},
    found::{self, zeroconf},
    net::{HOST, Net},
    people::{PORT, Person},
};

/// Opens the window at somebody's machine.
fn open<'a>(desk: &'a Desk, person: &Person, arguments: &[&str]) -> Window<'a> {
    let settings = format!("look-around = true\nname = \"{}\"\n", person.name);
    fs::write(person.installation.path().join("settings.toml"), settings).expect("settings");
    let window = desk.show(person.command(arguments), &[]);
    window.focus().resize(900, 900);
    window
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_room_is_seen_as_it_comes_and_goes_and_joined_by_a_click() {
    let Some(net) = Net::new() else { return };
    let desk = Desk::new();
    let ana = Person::at(&net.host, "Ana");
    let ben = Person::at(&net.second, "Ben");
    let ben = open(&desk, &ben, &[]);
    ben.sees("No room is announced here at the moment");
    let mut host = ana.host(&["--room", "Greenhouse"]);
    ben.sees("Greenhouse");
    ben.sees("encrypted new to you");
    host.program.signal("INT");
    host.program.wait_end();
    ben.sees("No room is announced here at the moment");

    let mut host = ana.host(&["--room", "Greenhouse"]);
    ben.click("Greenhouse").sees("You have not met this host before");
    ben.click("trust and join").sees("key checked");
    assert_eq!(host.program.wait("joined")["name"], "Ben");
    ben.type_text("found you").press(&["Return"]);
    host.program.wait_said("found you");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_room_that_is_open_to_the_outside_has_that_address_in_its_invite() {
    let Some(net) = daemon::net() else { return };
    let _gateway = Gateway::start(&net, USUAL);
    let desk = Desk::new();
    let ana = Person::at(&net.host, "Ana");
    let ana = open(&desk, &ana, &[]);
    ana.click("Host a room").click("Also from outside").sees("Your gateway is asked to open the port");
    ana.click("Open the room").sees("People outside can join");
    let rules = open_ports(&net.gw);
    assert_eq!(rules.matches("192.168.77.2:7275").count(), 2, "{rules}");
    ana.click("Copy invite");
    let invite = desk.clipboard(|text| text.contains(PUBLIC));

    let mut ben = Person::at(&net.far, "Ben").start(&["join", &invite, "--name", "Ben"]);
    let welcome = ben.wait("welcomed");
    assert_eq!((&welcome["transport"], &welcome["security"]), (&"quic".into(), &"pinned".into()));
    ana.sees("Ben came in");
    assert_eq!(ana.close().0, 0);
    let rules = open_ports(&net.gw);
    assert!(!rules.contains("7275"), "{rules}");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn why_a_join_has_failed_is_found_out_by_a_click() {
    let Some(net) = found::net() else { return };
    // Nobody has it open; an announcement may stay for some minutes, or be made up.
    let port = PORT.to_string();
    let _announced = zeroconf(&net.gw, &["announce", "x", HOST, &port, "v=1", "room=Greenhouse", "via=tcp"]);
    let desk = Desk::new();
    for place in [HOST, "Greenhouse"] {
        let ben = Person::at(&net.second, "Ben");
        let ben = open(&desk, &ben, &["join", place]);
        ben.click("Find out why").sees("nothing listens on its port");
        ben.sees("Ask the host whether the room is open");
        assert_eq!(ben.close().0, 0);
    }
}

//! Connections that are lost and made again, by the built program.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use crate::harness::{Host, Installation, Program};

/// A network between a member and a host, over TCP, which can fail.
struct Network {
    address: SocketAddr,
    is_up: Arc<AtomicBool>,
    connections: Arc<Mutex<Vec<TcpStream>>>,
}

impl Network {
    fn to(host: &Host) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let (is_up, connections) = (Arc::new(AtomicBool::new(true)), Arc::<Mutex<Vec<TcpStream>>>::default());
        let network = Self { address, is_up: is_up.clone(), connections: connections.clone() };
        let host = host.address();
        // Both end with the test.
        thread::spawn(move || {
            for inside in listener.incoming().flatten() {
                let Ok(outside) = TcpStream::connect(&host) else { continue };
                let mut connections = connections.lock().expect("no panic");
                if !is_up.load(Ordering::SeqCst) {
                    continue;
                }
                for (from, to) in [(&inside, &outside), (&outside, &inside)] {
                    let (from, to) = (from.try_clone().expect("a handle"), to.try_clone().expect("a handle"));
                    connections.push(from.try_clone().expect("a handle"));
                    thread::spawn(move || carry(from, to));
                }
            }
        });
        network
    }

    fn cut(&self) {
        self.is_up.store(false, Ordering::SeqCst);
        for connection in self.connections.lock().expect("no panic").drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    fn heal(&self) {
        self.is_up.store(true, Ordering::SeqCst);
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream) -> Option<()> {
    let mut bytes = [0; 4096];
    loop {
        match from.read(&mut bytes) {
            Ok(0) => break,
            Ok(read) => to.write_all(&bytes[..read]).ok()?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    to.shutdown(Shutdown::Write).ok()
}

fn reconnecting(member: &mut Program) {
    member.wait_for("state", |state| state["state"] == "reconnecting");
}

/// How often each of these was said, in their order, by what a program has printed so far.
fn said(program: &Program) -> Vec<String> {
    let events = program.heard().iter().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    events
        .filter(|event| event["event"] == "said")
        .filter_map(|said| said["text"].as_str().map(str::to_owned))
        .collect()
}

fn a_member_who_is_cut_off_misses_nothing(options: &[&str]) {
    let [ana, ben, chi] = [(); 3].map(|()| Installation::new());
    let mut host = ana.host("Ana", &["--quic", "--tcp"]);
    let network = Network::to(&host);
    let address = network.address.to_string();
    let mut ben = ben.start(&[&["join", &address, "--name", "Ben"], options].concat());
    ben.wait("welcomed");
    let mut chi = chi.join(&host, "Chi", &["--transport", "tls"]);
    ben.say("before");
    chi.wait_said("before");
    ben.wait_said("before");

    network.cut();
    reconnecting(&mut ben);
    assert_eq!(chi.wait("away")["name"], "Ben");
    chi.say("did you hear?");
    chi.wait_said("did you hear?");
    for line in ["wait", "I am", "coming"] {
        ben.say(line);
    }
    network.heal();
    assert_eq!(ben.wait("resumed")["anew"], false);
    assert_eq!(chi.wait("back")["name"], "Ben");
    for program in [&mut ben, &mut chi, &mut host.program] {
        program.wait_said("coming");
        assert_eq!(said(program), ["before", "did you hear?", "wait", "I am", "coming"]);
        let heard = program.heard();
        assert!(!heard.iter().any(|line| line.contains("\"event\":\"left\"")), "{program}");
    }
}

#[test]
fn a_member_who_is_cut_off_misses_nothing_over_tls() {
    a_member_who_is_cut_off_misses_nothing(&["--transport", "tls", "--accept-new"]);
}

#[test]
fn a_member_who_is_cut_off_misses_nothing_over_tcp() {
    a_member_who_is_cut_off_misses_nothing(&["--tcp"]);
}

fn a_host_that_starts_again_has_its_members_back(options: &[&str]) {
    let (ana, ben) = (Installation::new(), Installation::new());
    let host = ana.host("Ana", &["--quic", "--tcp"]);
    let (port, address) = (host.port(), host.address());
    let mut ben = ben.start(&[&["join", &address, "--name", "Ben"], options].concat());
    ben.wait("welcomed");
    host.program.signal("KILL");
    reconnecting(&mut ben);
    ben.say("are you back?");
    let mut host = ana.host_on(port, "Ana", &["--quic", "--tcp"]);
    assert_eq!(ben.wait("resumed")["anew"], true);
    host.program.wait_said("are you back?");
    ben.wait_said("are you back?");
    assert_eq!(said(&ben), ["are you back?"]);
    assert!(!ben.heard().iter().any(|line| line.contains("\"event\":\"gap\"")), "{ben}");
}

#[test]
fn a_host_that_starts_again_has_its_members_back_over_quic() {
    a_host_that_starts_again_has_its_members_back(&["--transport", "quic", "--accept-new"]);
}

#[test]
fn a_host_that_starts_again_has_its_members_back_over_tls() {
    a_host_that_starts_again_has_its_members_back(&["--transport", "tls", "--accept-new"]);
}

#[test]
fn a_host_that_starts_again_has_its_members_back_over_tcp() {
    a_host_that_starts_again_has_its_members_back(&["--tcp"]);
}

/// A script's input ends while its connection is down: what it said is still delivered.
#[test]
fn what_a_script_said_last_is_waited_for_over_a_lost_connection() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let mut host = ana.host("Ana", &[]);
    let network = Network::to(&host);
    let address = network.address.to_string();
    let mut ben = ben.start(&["join", &address, "--name", "Ben", "--transport", "tls", "--accept-new"]);
    ben.wait("welcomed");
    network.cut();
    reconnecting(&mut ben);
    ben.say("the build is done");
    ben.end_input();
    host.program.wait("away");
    network.heal();
    host.program.wait_said("the build is done");
    assert_eq!(ben.wait("closed")["reason"], "left");
    assert_eq!(ben.wait_end().0, 0);
}

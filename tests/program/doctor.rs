//! `parlor doctor`: each finding with that fault made for real, as far as one machine can have it. The others are in
//! `tests/netlab/doctor.rs`.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream, UdpSocket},
    thread,
};

use serde_json::Value;

use crate::harness::{Host, Installation};

/// What the doctor says, with `--json`: the exit code, and all events.
struct Said {
    code: i32,
    events: Vec<Value>,
}

impl Said {
    fn by(installation: &Installation, arguments: &[&str]) -> Self {
        let (code, said) = installation.run(&[&["doctor", "--json"], arguments].concat());
        let json = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {said}"));
        let lines = said.lines().filter(|line| !line.starts_with("thread"));
        Self { code, events: lines.map(json).collect() }
    }

    fn of(&self, event: &str) -> impl Iterator<Item = &Value> {
        self.events.iter().filter(move |found| found["event"] == event)
    }

    /// The codes of the findings, the gravest first.
    fn found(&self) -> Vec<&str> {
        self.of("finding").filter_map(|finding| finding["code"].as_str()).collect()
    }

    /// How a step stands.
    fn mark(&self, step: &str) -> &str {
        let mut steps = self.of("step");
        steps.find(|found| found["step"] == step).and_then(|found| found["mark"].as_str()).unwrap_or("not there")
    }
}

/// A program that is no room: each connection is handed to `answer`.
fn program(answer: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address").to_string();
    thread::spawn(move || listener.incoming().flatten().for_each(answer));
    address
}

/// What is in a folder, by name.
fn content(installation: &Installation) -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(installation.path()).expect("a folder").flatten();
    let read = |file: fs::DirEntry| {
        (file.file_name().to_string_lossy().into_owned(), fs::read(file.path()).unwrap_or_default())
    };
    let mut content: Vec<_> = files.map(read).collect();
    content.sort();
    content
}

fn nobody_came(mut host: Host) {
    host.program.say("alone");
    host.program.wait_said("alone");
    assert!(!host.program.heard().iter().any(|line| line.contains("joined")), "{}", host.program);
}

#[test]
fn a_room_is_found_well_and_neither_it_nor_the_installation_is_changed() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let host = ana.host("Ana", &[]);
    let said = Said::by(&ben, &[&host.text("invite")]);
    assert_eq!(said.found(), ["works", "key-expected"]);
    assert_eq!((said.code, &said.events.last().expect("an end")["outcome"]), (0, &"well".into()));
    for step in ["address", "route", "tcp", "tls", "quic", "version", "identity"] {
        assert_eq!(said.mark(step), "ok", "{step}");
    }
    assert!(said.of("step").any(|step| step["step"] == "quic" && step["ms"].as_f64().is_some()));
    assert_eq!(content(&ben), [], "no key was made, and nothing was pinned");
    assert_eq!(Said::by(&ben, &[&host.address()]).found(), ["first-contact", "works"]);
    assert_eq!(content(&ben), []);
    nobody_came(host);
}

#[test]
fn what_is_pinned_is_compared_and_stays_as_it_is() {
    let (ana, mallory, ben) = (Installation::new(), Installation::new(), Installation::new());
    let host = ana.host("Ana", &[]);
    let (address, port) = (host.address(), host.port());
    ben.join(&host, "Ben", &[]);
    let before = content(&ben);
    let said = Said::by(&ben, &[&address]);
    assert_eq!((said.code, said.found()), (0, vec!["works", "key-pinned"]));
    // The same key at another address is known, and not expected there.
    let said = Said::by(&ben, &[&format!("localhost:{port}")]);
    assert!(said.found().contains(&"key-known"), "{:?}", said.found());
    drop(host);
    let impostor = mallory.host_on(port, "Ana", &["--quic", "--tcp"]);
    let said = Said::by(&ben, &[&address]);
    assert_eq!((said.code, said.found()), (4, vec!["key-mismatch"]));
    let finding = said.of("finding").next().expect("a finding");
    assert_eq!(finding["mark"], "stop");
    let what = finding["what"].as_str().expect("a text");
    assert!(what.contains(&impostor.text("id")), "{what}");
    assert_eq!(content(&ben), before);
    let (code, human) = ben.run(&["doctor", &address]);
    assert!(code == 4 && human.contains("STOP") && human.contains("Do not join from here"), "{human}");
    nobody_came(impostor);
}

#[test]
fn a_wrong_fingerprint_is_a_stop() {
    let (ana, ben, other) = (Installation::new(), Installation::new(), Installation::new());
    let host = ana.host("Ana", &[]);
    let (_, wrong) = other.run(&["id"]);
    let said = Said::by(&ben, &[&host.address(), "--fingerprint", wrong.lines().next().expect("a fingerprint")]);
    assert_eq!((said.code, said.found()), (4, vec!["key-mismatch"]));
    nobody_came(host);
}

#[test]
fn where_nothing_listens_it_says_so() {
    let ben = Installation::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address").to_string();
    drop(listener);
    let said = Said::by(&ben, &[&address]);
    assert_eq!((said.code, said.found()), (3, vec!["nothing-listens"]));
    assert_eq!((said.mark("tcp"), said.mark("tls"), said.mark("quic")), ("failed", "unknown", "failed"));
}

#[test]
fn a_program_that_is_no_room_is_told_from_one_that_hangs_or_hangs_up() {
    let ben = Installation::new();
    let web = program(|mut tcp| {
        let mut heard = [0; 64];
        let _ = tcp.read(&mut heard);
        let _ = tcp.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    });
    let ssh = program(|mut tcp| {
        let _ = tcp.write_all(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n");
        let _ = tcp.read(&mut [0; 64]);
    });
    let held = std::sync::Mutex::new(Vec::new());
    let mute = program(move |tcp| held.lock().expect("no panic").push(tcp));
    let gone = program(drop);
    for (address, finding) in [(web, "other-program"), (ssh, "other-program"), (mute, "mute"), (gone, "hangs-up")] {
        let said = Said::by(&ben, &[&address]);
        assert_eq!((said.code, said.found()), (3, vec![finding]), "{:#?}", said.events);
    }
}

#[test]
fn a_room_without_encryption_is_known_as_one() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let host = ana.host("Ana", &["--tcp"]);
    let said = Said::by(&ben, &[&host.address()]);
    assert_eq!((said.code, said.found()), (3, vec!["plain-room"]));
    nobody_came(host);
    let both = ana.host("Ana", &["--tcp", "--quic"]);
    assert_eq!(Said::by(&ben, &[&both.text("invite")]).found(), ["works", "key-expected"]);
}

/// What a host of a later version answers, byte by byte as docs/PROTOCOL.md has it.
#[test]
fn another_version_is_known_as_one() {
    let later = program(|mut tcp| {
        let mut first = [0; 8];
        if tcp.peek(&mut first[..1]).is_ok() && first[0] == 0x16 {
            // A fatal alert: no common protocol.
            let _ = tcp.write_all(&[21, 3, 3, 0, 2, 2, 120]);
        } else if tcp.read_exact(&mut first).is_ok() && first.starts_with(b"parlor/") {
            let _ = tcp.write_all(b"\0\0\0\x16\0\x09\x13speaks parlor/2 \xe2\x80\xae");
        }
        let _ = tcp.shutdown(std::net::Shutdown::Write);
        let _ = tcp.read_to_end(&mut Vec::new());
    });
    let ben = Installation::new();
    let said = Said::by(&ben, &[&later]);
    assert_eq!((said.code, said.found()), (3, vec!["other-version"]), "{:#?}", said.events);
    assert!(!format!("{:?}", said.events).contains('\u{202e}'), "nothing of the peer's is shown");
}

#[test]
fn a_name_that_nobody_knows_is_said_to_be_none() {
    let ben = Installation::new();
    let said = Said::by(&ben, &["nobody-has-this-name.invalid"]);
    assert_eq!((said.code, said.found()), (3, vec!["name-not-found"]));
    let said = Said::by(&ben, &["fe80::1%nosuchif0"]);
    assert_eq!((said.code, said.found()), (3, vec!["no-such-interface"]));
    let said = Said::by(&ben, &["fe80::1"]);
    assert_eq!((said.code, said.found()), (3, vec!["no-interface"]));
}

#[test]
fn a_room_of_ones_own_is_known_as_that() {
    let ana = Installation::new();
    let host = ana.host("Ana", &[]);
    let said = Said::by(&ana, &[&host.address()]);
    assert_eq!((said.code, said.found()), (0, vec!["own-room", "works"]));
}

#[test]
fn a_damaged_pin_is_told_and_not_passed_over() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let host = ana.host("Ana", &[]);
    ben.join(&host, "Ben", &[]);
    let pins = ben.path().join("pins");
    let damaged = fs::read_to_string(&pins).expect("pins").replace("SHA256:", "SHA255:");
    fs::write(&pins, damaged).expect("pins");
    let said = Said::by(&ben, &[&host.address()]);
    assert_eq!((said.code, said.found()[0]), (1, "pins-unreadable"));
}

#[test]
fn a_host_learns_who_has_the_port() {
    let (ana, ben, chi) = (Installation::new(), Installation::new(), Installation::new());
    let host = ana.host("Ana", &[]);
    let port = host.port().to_string();
    let at_home = |installation| Said::by(installation, &["--port", &port]);
    let found = |said: &Said, code: &str| said.found().contains(&code);

    let own = at_home(&ana);
    assert!(found(&own, "own-room"), "{:?}", own.found());
    let answers: Vec<_> = own.of("step").filter(|step| step["step"] == "answers").collect();
    assert!(answers.iter().any(|step| step["about"] == host.address() && step["mark"] == "ok"), "{answers:?}");
    let other = at_home(&ben);
    assert!(found(&other, "other-room") && other.code == 1, "{:?}", other.found());
    assert_eq!(content(&ben), [], "no key was made");
    nobody_came(host);

    let plain = ana.host("Ana", &["--tcp"]);
    let said = Said::by(&chi, &["--port", &plain.port().to_string()]);
    assert!(found(&said, "plain-room"), "{:?}", said.found());
    drop(plain);

    let web = program(|mut tcp| {
        let _ = tcp.write_all(b"SSH-2.0-OpenSSH_9.2p1\r\n");
    });
    let said = Said::by(&chi, &["--port", web.rsplit_once(':').expect("a port").1]);
    assert!(found(&said, "other-program") && said.code == 1, "{:?}", said.found());

    let udp = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let said = Said::by(&chi, &["--port", &udp.local_addr().expect("its address").port().to_string()]);
    assert!(found(&said, "other-program") && said.code == 1, "{:?}", said.found());
    drop(udp);
}

#[test]
fn a_free_port_is_found_free() {
    let ana = Installation::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port().to_string();
    drop(listener);
    let said = Said::by(&ana, &["--port", &port]);
    assert!(said.found().contains(&"port-free"), "{:?}", said.found());
    assert!(said.of("step").any(|step| step["step"] == "firewall"), "{:?}", said.events);
}

#[test]
fn what_makes_no_sense_is_not_looked_at() {
    let ben = Installation::new();
    for arguments in [&["doctor", "--fingerprint", "ABC"][..], &["doctor", "--port", "0"], &["doctor", "a b"]] {
        assert_eq!(ben.run(arguments).0, 2, "{arguments:?}");
    }
}

#[test]
fn a_key_that_others_can_read_is_told() {
    let ben = Installation::new();
    ben.run(&["id"]);
    let key = ben.path().join("identity.key");
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).expect("permissions");
    for arguments in [&["doctor"][..], &["doctor", "127.0.0.1"]] {
        let (code, said) = ben.run(arguments);
        assert!(code == 1 && said.contains("chmod 600"), "{code} {said}");
    }
}

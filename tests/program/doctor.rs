//! `parlor doctor`: each finding with that fault made for real, as far as one machine can have it. The others are in
//! `tests/netlab/doctor`, and `docs/DOCTOR.md` lists all.
//!
//! - `hostile`: who answers so as to deceive, or to hold one up
//! - `listed`: the list is complete, and true

mod hostile;
mod listed;

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream, UdpSocket},
    thread,
};

use crate::{
    examined::Said,
    harness::{Host, Installation},
};

/// What the doctor says to somebody who asks it this.
fn asked(installation: &Installation, arguments: &[&str]) -> Said {
    Said::read(installation.run(&[&["doctor", "--json"], arguments].concat()))
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
    let said = asked(&ben, &[&host.text("invite")]);
    said.is(0, &["works", "key-expected"])
        .has("works", &["over QUIC"])
        .has("key-expected", &["the key that you expect"]);
    assert_eq!(said.events.last().expect("an end")["outcome"], "well");
    for step in ["address", "route", "tcp", "tls", "quic", "version", "identity"] {
        assert_eq!(said.mark(step), "ok", "{step}");
    }
    assert!(said.of("step").any(|step| step["step"] == "quic" && step["ms"].as_f64().is_some()));
    assert_eq!(content(&ben), [], "no key was made, and nothing was pinned");
    asked(&ben, &[&host.address()]).is(0, &["first-contact", "works"]).has("first-contact", &["You have not met"]);
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
    asked(&ben, &[&address]).is(0, &["works", "key-pinned"]).has("key-pinned", &["the key that you have pinned"]);
    // The same key at another address is known, and not expected there.
    let said = asked(&ben, &[&format!("localhost:{port}")]);
    said.has("key-known", &["a key that you know from", "though not from this address"]);
    drop(host);
    let impostor = mallory.host_on(port, "Ana", &["--quic", "--tcp"]);
    let said = asked(&ben, &[&address]);
    said.is(4, &["key-mismatch"]);
    said.has("key-mismatch", &[&impostor.text("id"), "parlor hosts forget"]);
    assert_eq!(said.of("finding").next().expect("a finding")["mark"], "stop");
    assert_eq!(content(&ben), before);
    let (code, human) = ben.run(&["doctor", &address]);
    assert!(code == 4 && human.contains("STOP"), "{human}");
    // A person reads the same, in lines, and in this order.
    let human: Vec<_> = human.split_whitespace().collect();
    for finding in said.of("finding") {
        let sentences = ["what", "means", "todo"].map(|sentence| finding[sentence].as_str().unwrap_or_default());
        let sentences = sentences.join(" ");
        let words: Vec<_> = sentences.split_whitespace().collect();
        assert!(human.windows(words.len()).any(|human| human == words), "{words:?} in {human:?}");
    }
    nobody_came(impostor);
}

#[test]
fn a_wrong_fingerprint_is_a_stop() {
    let (ana, ben, other) = (Installation::new(), Installation::new(), Installation::new());
    let host = ana.host("Ana", &[]);
    let (_, wrong) = other.run(&["id"]);
    let said = asked(&ben, &[&host.address(), "--fingerprint", wrong.lines().next().expect("a fingerprint")]);
    said.is(4, &["key-mismatch"]);
    nobody_came(host);
}

#[test]
fn where_nothing_listens_it_says_so() {
    let ben = Installation::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address").to_string();
    drop(listener);
    let said = asked(&ben, &[&address]);
    said.is(3, &["nothing-listens"]);
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
    asked(&ben, &[&web]).is(3, &["other-program"]).has("other-program", &["which is no host of parlor"]);
    asked(&ben, &[&ssh]).is(3, &["other-program"]).has("other-program", &["which is no host of parlor"]);
    asked(&ben, &[&mute]).is(3, &["mute"]).has("mute", &["and then says nothing"]);
    asked(&ben, &[&gone]).is(3, &["hangs-up"]).has("hangs-up", &["ends them without a word"]);
}

#[test]
fn a_host_whose_computer_hangs_is_told_from_one_that_is_gone() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let host = ana.host("Ana", &[]);
    host.program.freeze();
    asked(&ben, &[&host.address()]).is(3, &["mute"]).has("mute", &["the host's computer hangs"]);
    asked(&ana, &["--port", &host.port().to_string()]).has("other-program", &["or a room that hangs"]);
    let address = host.address();
    drop(host);
    asked(&ben, &[&address]).is(3, &["nothing-listens"]).has("nothing-listens", &["this computer itself"]);
}

#[test]
fn a_room_without_encryption_is_known_as_one() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let host = ana.host("Ana", &["--tcp"]);
    let said = asked(&ben, &[&host.address()]);
    said.is(3, &["plain-room"]).has("plain-room", &["takes plain TCP only", "read and change"]);
    nobody_came(host);
    let both = ana.host("Ana", &["--tcp", "--quic"]);
    asked(&ben, &[&both.text("invite")]).is(0, &["works", "key-expected"]);
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
    let said = asked(&ben, &[&later]);
    said.is(3, &["other-version"]).has("other-version", &["does not speak parlor/1", "newest version"]);
    assert!(!format!("{:?}", said.events).contains('\u{202e}'), "nothing of the peer's is shown");
}

#[test]
fn a_name_that_nobody_knows_is_said_to_be_none() {
    let ben = Installation::new();
    let said = asked(&ben, &["nobody-has-this-name.invalid"]);
    // Where there is nobody whom it could ask, it says that.
    assert!([["name-not-found"], ["no-network"]].contains(&[said.found()[0]]) && said.code == 3, "{said:#?}");
    asked(&ben, &["fe80::1%nosuchif0"]).is(3, &["no-such-interface"]);
    asked(&ben, &["fe80::1"]).is(3, &["no-interface"]);
}

#[test]
fn a_room_of_ones_own_is_known_as_that() {
    let ana = Installation::new();
    let host = ana.host("Ana", &[]);
    let said = asked(&ana, &[&host.address()]);
    said.is(0, &["own-room", "works"]).has("own-room", &["a room of your own"]);
}

#[test]
fn a_damaged_pin_is_told_and_not_passed_over() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let host = ana.host("Ana", &[]);
    ben.join(&host, "Ben", &[]);
    let pins = ben.path().join("pins");
    let damaged = fs::read_to_string(&pins).expect("pins").replace("SHA256:", "SHA255:");
    fs::write(&pins, damaged).expect("pins");
    let said = asked(&ben, &[&host.address()]);
    said.has("pins-unreadable", &["of your pins file cannot be read", "join with the host's invite"]);
    assert_eq!((said.code, said.found()[0]), (1, "pins-unreadable"));
}

#[test]
fn a_host_learns_who_has_the_port() {
    let (ana, ben, chi) = (Installation::new(), Installation::new(), Installation::new());
    let host = ana.host("Ana", &[]);
    let port = host.port().to_string();
    let at_home = |installation| asked(installation, &["--port", &port]);

    let own = at_home(&ana);
    own.has("own-room", &["answers over QUIC and TLS"]);
    let answers: Vec<_> = own.of("step").filter(|step| step["step"] == "answers").collect();
    assert!(answers.iter().any(|step| step["about"] == host.address() && step["mark"] == "ok"), "{answers:?}");
    let other = at_home(&ben);
    other.has("other-room", &["another key than yours", &host.text("id")]);
    assert_eq!(other.code, 1, "{other:#?}");
    assert_eq!(content(&ben), [], "no key was made");
    nobody_came(host);

    let plain = ana.host("Ana", &["--tcp"]);
    let said = asked(&chi, &["--port", &plain.port().to_string()]);
    said.has("plain-room", &["a room without encryption"]);
    drop(plain);

    let web = program(|mut tcp| {
        let _ = tcp.write_all(b"SSH-2.0-OpenSSH_9.2p1\r\n");
    });
    let said = asked(&chi, &["--port", web.rsplit_once(':').expect("a port").1]);
    said.has("other-program", &["is taken for TCP"]);
    assert_eq!(said.code, 1, "{said:#?}");

    let udp = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let said = asked(&chi, &["--port", &udp.local_addr().expect("its address").port().to_string()]);
    said.has("other-program", &["is taken for UDP"]);
    assert_eq!(said.code, 1, "{said:#?}");
    drop(udp);
}

#[test]
fn a_free_port_is_found_free() {
    let ana = Installation::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port().to_string();
    drop(listener);
    let said = asked(&ana, &["--port", &port]);
    said.has("port-free", &["a room can be opened", &format!("parlor host --port {port}")]);
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

//! The log file: what happens to connections is in it, and neither what people write nor any secret is.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use bytes::BytesMut;
use data_encoding::{BASE64, HEXLOWER, HEXUPPER};
use parlor::wire::{Message, frame, message::Welcome};

use crate::harness::{Host, Installation, PATIENCE};

/// The log of one installation.
struct Log(PathBuf);

impl Log {
    fn of(installation: &Installation) -> Self {
        Self(installation.path().join("log"))
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a path in UTF-8")
    }

    fn read(&self) -> String {
        fs::read_to_string(&self.0).expect("the log")
    }

    /// Waits until all of these are in it: a line may come a moment after what it tells of.
    fn tells(&self, lines: &[&str]) {
        let start = Instant::now();
        while let Some(line) = lines.iter().find(|line| !self.read().contains(**line)) {
            assert!(start.elapsed() < PATIENCE, "“{line}” is missing:\n{}", self.read());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// None of these is in it, in any form.
    fn hides(&self, texts: &[&str], secrets: &[&[u8]]) {
        let log = self.read();
        let forms = secrets.iter().flat_map(|secret| {
            // The middle is enough, and Base64 is another for each place at which it begins.
            let middle = secret.len() / 2 - 2;
            let some = &secret[middle..][..6];
            let shifted = (0..3).map(move |at| BASE64.encode(&secret[middle - at..][..9])[4..10].to_owned());
            let listed = format!("{some:?}").trim_matches(['[', ']']).to_owned();
            let escaped = some.iter().map(|byte| format!("\\x{byte:02x}")).collect();
            shifted.chain([listed, escaped, HEXLOWER.encode(some), HEXUPPER.encode(some)])
        });
        for hidden in texts.iter().map(ToString::to_string).chain(forms) {
            assert!(!log.contains(&hidden), "{hidden}:\n{log}");
        }
    }
}

/// The private key in an installation's file.
fn key(installation: &Installation) -> Vec<u8> {
    let pem = fs::read_to_string(installation.path().join("identity.key")).expect("a key");
    let lines: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = BASE64.decode(lines.as_bytes()).expect("Base64");
    // Version 1 of ECPrivateKey (RFC 5915), then the number in an OCTET STRING of 32 bytes. All else is the same in any key.
    let at = der.windows(5).position(|window| window == [2, 1, 1, 4, 32]).expect("a P-256 key") + 5;
    der[at..at + 32].to_vec()
}

#[test]
fn the_log_tells_of_connections_and_neither_what_was_said_nor_any_key() {
    let [ana, ben, eve] = [(); 3].map(|()| Installation::new());
    let (hosts, members) = (Log::of(&ana), Log::of(&ben));
    let mut host = ana.host("Ana", &["--quic", "--tcp", "--log", hosts.path(), "--log-level", "trace"]);
    let member = ["--transport", "tls", "--log", members.path(), "--log-level", "trace"];
    let mut member = ben.join(&host, "Ben", &member);
    member.say("the cake is a surprise");
    host.program.wait_said("the cake is a surprise");
    host.program.say("nobody is to know");
    member.wait_said("nobody is to know");
    let (code, _) = eve.run(&["join", &host.address(), "--tcp", "--name", "Ben", "--console"]);
    assert_eq!(code, 5, "the name is taken");
    member.signal("TERM");
    host.program.wait("left");
    host.program.signal("TERM");
    assert_eq!((member.wait_end().0, host.program.wait_end().0), (0, 0));

    hosts.tells(&["listening port=", "connection{from=127.0.0.1:", "over=TLS}", "let in member=1", "ended: left"]);
    hosts.tells(&["over=TCP}", "refused why=NameTaken", "TRACE", "received kind=2 bytes="]);
    members.tells(&["connection{to=127.0.0.1:", "over=TLS}", "dialling", "in the room security=Pinned"]);
    members.tells(&["X25519MLKEM768", "ended: Left"]);
    let (anas, bens) = (key(&ana), key(&ben));
    for log in [&hosts, &members] {
        log.hides(&["cake", "nobody", "BEGIN"], &[&anas, &bens]);
    }
    let mode = fs::metadata(&hosts.0).expect("the log").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "who talks with whom is nobody else's business");
}

/// On a busy machine, QUIC had lost its head start before it had sent anything: where a key was there, the process got its
/// library ready for the first handshake while the race ran, for 40 ms and more, as it was built then.
#[test]
fn what_a_process_does_once_takes_no_head_start_away() {
    let [ana, ben] = [(); 2].map(|()| Installation::new());
    let log = Log::of(&ben);
    let host = ana.host("Ana", &["--quic"]);
    // A key has been made; the process that made it would be ready by then.
    assert_eq!(ben.run(&["id"]).0, 0);
    let _member = ben.join(&host, "Ben", &["--log", log.path(), "--log-level", "debug"]);
    log.tells(&["ready for handshakes", "dialling"]);
    let log = log.read();
    assert!(log.find("ready for handshakes") < log.find("dialling"), "{log}");
}

/// Lets one connection through to a host, and keeps what the host says on it.
fn tapped(host: &Host) -> (SocketAddr, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let (address, host) = (listener.local_addr().expect("its address"), host.address());
    let heard = Arc::<Mutex<Vec<u8>>>::default();
    let tap = heard.clone();
    thread::spawn(move || {
        let (mut member, _) = listener.accept().expect("a member");
        let mut host = TcpStream::connect(host).expect("the host");
        let (mut to_host, mut from_member) = (host.try_clone().expect("it"), member.try_clone().expect("it"));
        thread::spawn(move || std::io::copy(&mut from_member, &mut to_host));
        let mut bytes = [0; 4096];
        while let Ok(read @ 1..) = host.read(&mut bytes) {
            tap.lock().expect("no panic").extend_from_slice(&bytes[..read]);
            let _ = member.write_all(&bytes[..read]);
        }
    });
    (address, heard)
}

#[test]
fn the_log_hides_passes_and_tickets() {
    let [ana, ben] = [(); 2].map(|()| Installation::new());
    let (hosts, members) = (Log::of(&ana), Log::of(&ben));
    let mut host = ana.host("Ana", &["--tcp", "--log", hosts.path(), "--log-level", "trace"]);
    let (address, heard) = tapped(&host);
    let log = ["--log", members.path(), "--log-level", "trace"];
    let mut member = ben.start(&[&["join", &address.to_string(), "--tcp", "--name", "Ben"][..], &log].concat());
    member.wait("welcomed");
    member.say("the cake is a surprise");
    host.program.wait_said("the cake is a surprise");
    member.signal("TERM");
    host.program.wait("left");

    let mut heard = BytesMut::from(&heard.lock().expect("no panic")[..]);
    let welcome = frame::take(&mut heard).expect("frames").expect("a whole one");
    let welcome = Welcome::decode(&welcome.payload).expect("the welcome comes first");
    let (ticket, pass) = (welcome.ticket.expect("a ticket"), welcome.pass.expect("a pass"));
    for log in [&hosts, &members] {
        log.tells(&["over=TCP}", "TRACE"]);
        log.hides(&["cake"], &[ticket.token.bytes(), pass.bytes()]);
    }
}

#[test]
fn a_log_at_its_usual_level_tells_why_nobody_was_connected() {
    let [ana, ben, eve] = [(); 3].map(|()| Installation::new());
    let (hosts, bens, eves) = (Log::of(&ana), Log::of(&ben), Log::of(&eve));
    let mut host = ana.host("Ana", &["--log", hosts.path()]);
    let wrong = ["--fingerprint", &"00".repeat(32), "--name", "Eve", "--console", "--log", eves.path()];
    assert_eq!(eve.run(&[&["join", &host.address()], &wrong[..]].concat()).0, 4);
    eves.tells(&[
        "over=QUIC}",
        "over=TLS}",
        "WARN",
        "not the one we expect",
        "not in the room reason=IdentityMismatch",
    ]);

    let mut stranger = TcpStream::connect(host.address()).expect("the host");
    stranger.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("it listens");
    let _ = stranger.read(&mut [0; 100]);
    hosts.tells(&["broke off when it saw this host's key", "over=QUIC}", "over=TCP}", "its first bytes are not ours"]);

    let mut member = ben.join(&host, "Ben", &["--transport", "tls", "--log", bens.path()]);
    host.program.signal("KILL");
    host.program.wait_end();
    member.wait_for("state", |state| state["state"] == "reconnecting");
    member.wait_for("state", |state| state["state"] == "reconnecting");
    bens.tells(&["the first to get through", "ended: The connection to the host was lost", "trying again wait="]);
    bens.tells(&["over=TLS}", "not reached why=no answer"]);
}

#[test]
fn a_log_that_cannot_be_written_is_said_so() {
    let ana = Installation::new();
    let (code, said) = ana.run(&["host", "--console", "--port", "0", "--log", "/nowhere/at/all"]);
    assert!(code == 1 && said.contains("/nowhere/at/all"), "{code} {said}");
    let (code, said) = ana.run(&["host", "--console", "--port", "0", "--log", "x", "--log-level", "loud"]);
    assert!(code == 2 && said.contains("loud"), "{code} {said}");
}

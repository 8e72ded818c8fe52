//! The log file: what happens to connections is in it, and what people write is not.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::harness::Installation;

#[test]
fn the_log_tells_of_connections_and_never_what_was_said() {
    let [ana, ben, eve] = [(); 3].map(|()| Installation::new());
    let (hosts, members) = (ana.path().join("log"), ben.path().join("log"));
    let log = |path: &std::path::Path| path.to_str().expect("a path in UTF-8").to_owned();
    let mut host = ana.host("Ana", &["--quic", "--tcp", "--log", &log(&hosts), "--log-level", "trace"]);
    let mut member = ben.join(&host, "Ben", &["--transport", "tls", "--log", &log(&members), "--log-level", "trace"]);
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

    let read = |path| fs::read_to_string(path).expect("the log");
    let (hosts_log, members_log) = (read(&hosts), read(&members));
    for (log, lines) in [
        (
            &hosts_log,
            &["listening port=", "connection{from=127.0.0.1:", "let in member=1 over=TLS", "refused why=NameTaken"][..],
        ),
        (&hosts_log, &["ended end=Left"]),
        (
            &members_log,
            &["dialling to=127.0.0.1:", "connection{to=127.0.0.1:", "in the room security=Pinned", "X25519MLKEM768"],
        ),
    ] {
        for line in lines {
            assert!(log.contains(line), "“{line}” is missing:\n{log}");
        }
    }
    for secret in ["cake", "nobody", "BEGIN", "Ticket", "Pass("] {
        assert!(!hosts_log.contains(secret) && !members_log.contains(secret), "{secret}: {hosts_log}\n{members_log}");
    }
    let mode = fs::metadata(&hosts).expect("the log").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "who talks with whom is nobody else's business");
}

#[test]
fn a_log_that_cannot_be_written_is_said_so() {
    let ana = Installation::new();
    let (code, said) = ana.run(&["host", "--console", "--port", "0", "--log", "/nowhere/at/all"]);
    assert!(code == 1 && said.contains("/nowhere/at/all"), "{code} {said}");
    let (code, said) = ana.run(&["host", "--console", "--port", "0", "--log", "x", "--log-level", "loud"]);
    assert!(code == 2 && said.contains("loud"), "{code} {said}");
}

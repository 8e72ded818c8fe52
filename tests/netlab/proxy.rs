//! Through a SOCKS5 proxy: the only way out of some networks. A real one stands at the gateway.

use std::{fs, time::Instant};

use crate::{
    figures::record_join,
    gateway::{self, Forward, NOTHING, Nat},
    harness::Host,
    lab::{Guarded, has},
    net::Net,
    people::{Joined, Person, converse},
};

/// Where somebody at home finds the proxy.
const PROXY: &str = "192.168.77.1:1080";

/// A room outside. Who is at home gets there only through the proxy, and nobody but the proxy knows the host's name.
struct Outside {
    net: Net,
    host: Host,
    ben: Person,
    _proxy: Guarded,
}

impl Outside {
    fn new(host_arguments: &[&str], proxy_arguments: &str) -> Option<Self> {
        if !has(&["microsocks"]) {
            return None;
        }
        let net = Net::new()?;
        gateway::set_up(&net.gw, Forward::Nothing, Nat::Usual);
        gateway::fault(&net.gw, "meta l4proto { tcp, udp } drop");
        net.gw.hosts("203.0.113.9 host.example");
        let proxy = net.gw.spawn(&format!("microsocks -i 192.168.77.1 -p 1080 {proxy_arguments} >/dev/null 2>&1"));
        let listens =
            "for try in $(seq 100); do ss -Hltn sport = :1080 | grep -q . && exit 0; sleep 0.05; done; exit 1";
        assert!(net.gw.succeeds(listens), "the proxy does not listen");
        let host = Person::at(&net.far, "Ana").host(host_arguments);
        let ben = Person::at(&net.second, "Ben");
        Some(Self { net, host, ben, _proxy: proxy })
    }

    fn talks(
        &mut self,
        order: u16,
        network: &str,
        join: crate::harness::Program,
        begun: Instant,
        expected: (&str, &str),
    ) {
        let mut joined = Joined::of(join, begun);
        assert_eq!((joined.transport(), joined.security()), expected);
        let said = converse(&mut [&mut self.host.program, &mut joined.program], 20);
        record_join(order, network, &joined, said, "the proxy looks up the name");
    }
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn through_a_proxy_one_joins_over_tls_with_the_same_pin() {
    let Some(mut outside) = Outside::new(&["--quic"], "-u ada -P s3cret") else { return };
    let proxy = format!("socks5://ada:s3cret@{PROXY}");
    let log = outside.ben.installation.path().join("log");
    let fingerprint = outside.host.fingerprint();
    let begun = Instant::now();
    let join = outside.ben.start(&[
        "join",
        "host.example",
        "--fingerprint",
        &fingerprint,
        "--name",
        "Ben",
        "--proxy",
        &proxy,
        "--log",
        log.to_str().expect("a path"),
        "--log-level",
        "trace",
    ]);
    outside.talks(96, "only a SOCKS5 proxy leads out", join, begun, ("tls", "pinned"));
    let log = fs::read_to_string(&log).expect("a log");
    assert!(log.contains("host.example"), "it logs what it does");
    assert!(!log.contains("s3cret") && !log.contains("ada"), "{log}");

    // It is known from now on, under the name that only the proxy knows.
    let again = outside.ben.start(&["join", "host.example", "--name", "Ben", "--proxy", &proxy]);
    assert_eq!(Joined::of(again, begun).security(), "pinned");
    // Without the proxy there is no way.
    gateway::fault(&outside.net.gw, NOTHING);
    let mut without = outside.ben.start(&["join", "host.example", "--name", "Ben"]);
    assert_eq!(without.wait("refused")["reason"], "unreachable");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn through_a_proxy_plain_tcp_is_joined_by_who_asks_for_it() {
    let Some(mut outside) = Outside::new(&["--tcp"], "") else { return };
    let proxy = format!("socks5://{PROXY}");
    let begun = Instant::now();
    let join = outside.ben.start(&["join", "host.example", "--name", "Ben", "--tcp", "--proxy", &proxy]);
    outside.talks(97, "the same, with `--tcp`", join, begun, ("tcp", "plaintext"));
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn behind_a_proxy_a_wrong_key_is_a_wrong_key() {
    let Some(outside) = Outside::new(&["--quic", "--tcp"], "") else { return };
    let proxy = format!("socks5://{PROXY}");
    let wrong = "0123456789abcdef".repeat(4);
    let join = ["join", "host.example", "--fingerprint", &wrong, "--name", "Ben", "--proxy", &proxy];
    let mut refused = outside.ben.start(&[&join[..], &["--fallback", "plain"]].concat());
    assert_eq!(refused.wait("refused")["reason"], "identity-mismatch");
    assert_eq!(refused.wait_end().0, 4);
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_proxy_that_does_not_help_is_told_apart_from_a_host_that_is_not_there() {
    let Some(outside) = Outside::new(&["--quic"], "-u ada -P s3cret") else { return };
    for (proxy, words) in [
        ("socks5://192.168.77.1:1081".to_owned(), "the proxy itself cannot be reached"),
        (format!("socks5://{PROXY}"), "the proxy wants a name and a password"),
        (format!("socks5://ada:wrong@{PROXY}"), "the proxy does not accept the name and the password"),
    ] {
        let mut refused = outside.ben.start(&["join", "host.example", "--name", "Ben", "--proxy", &proxy]);
        let told = refused.wait("refused");
        assert_eq!(told["reason"], "unreachable");
        assert!(told["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{told}");
        assert_eq!(refused.wait_end().0, 3);
    }
    let proxy = format!("socks5://ada:s3cret@{PROXY}");
    let mut refused = outside.ben.start(&["join", "host.example:7", "--name", "Ben", "--proxy", &proxy]);
    let told = refused.wait("refused");
    assert!(told["detail"].as_str().is_some_and(|detail| detail.contains("nothing is listening there")), "{told}");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn what_is_no_proxy_is_a_slip_of_the_pen() {
    let Some(net) = Net::new() else { return };
    let ben = Person::at(&net.second, "Ben");
    for arguments in [["--proxy", "http://proxy.example"], ["--proxy", "socks5://s3cret@"]] {
        let (code, told) = ben.run(&[&["join", "host.example", "--console"], &arguments[..]].concat());
        assert_eq!(code, 2, "{told}");
        assert!(!told.contains("s3cret"), "{told}");
    }
    let (code, told) =
        ben.run(&["join", "host.example", "--console", "--transport", "quic", "--proxy", "socks5://proxy.example"]);
    assert_eq!(code, 2);
    assert!(told.contains("QUIC cannot go through"), "{told}");
}

//! Whose key answers.

use super::{asked, rules};
use crate::{
    gateway::{self, Forward, Nat},
    lab::has,
    net::{HOST, Net, OUTSIDE},
    people::Person,
};

/// The gateway forwards to somebody else now.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_stops_where_another_key_answers() {
    let Some(net) = Net::new() else { return };
    gateway::set_up(&net.gw, Forward::Nothing, Nat::Usual);
    let host = Person::at(&net.host, "Ana").host(&["--quic"]);
    let mallory = Person::at(&net.second, "Mallory").host(&["--quic", "--tcp"]);
    rules(&net.gw, "prerouting", "accept", "meta l4proto { tcp, udp } th dport 7275 dnat ip to 192.168.77.3");
    let ben = Person::at(&net.far, "Ben");
    let said = asked(&ben, &[OUTSIDE, "--fingerprint", &host.fingerprint()]);
    said.is(4, &["key-mismatch"]).has("key-mismatch", &[&mallory.text("id"), "Do not join from here"]);
    // QUIC is answered by the one, TLS by the other.
    let each = "iifname \"wan0\" udp dport 7275 dnat ip to 192.168.77.2
        iifname \"wan0\" tcp dport 7275 dnat ip to 192.168.77.3";
    rules(&net.gw, "prerouting", "accept", each);
    asked(&ben, &[OUTSIDE, "--fingerprint", &host.fingerprint()]).is(4, &["key-mismatch"]);
    let said = asked(&ben, &[OUTSIDE]);
    said.has("two-keys", &[&host.text("id"), &mallory.text("id"), "Ask the host for an invite"]);
    assert_eq!((said.code, said.found()[0]), (4, "two-keys"));
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_knows_a_program_that_speaks_tls() {
    if !has(&["openssl"]) {
        return;
    }
    let Some(net) = Net::new() else { return };
    let files = tempfile::tempdir().expect("a folder");
    let (key, certificate) = (files.path().join("key"), files.path().join("certificate"));
    let (key, certificate) = (key.display(), certificate.display());
    net.host.shell(&format!(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=web -keyout {key} -out {certificate} 2>/dev/null"
    ));
    let _web =
        net.host.spawn(&format!("openssl s_server -quiet -accept 7275 -key {key} -cert {certificate} >/dev/null"));
    net.host.shell("while ! ss -tln | grep -q :7275; do sleep 0.05; done");
    let said = asked(&Person::at(&net.second, "Ben"), &[HOST]);
    said.is(3, &["other-program"]).has("other-program", &["it speaks TLS", "Compare both"]);
}

//! A way in from outside, where no gateway can be asked. With gateways: `tests/netlab/mapped.rs`.

use crate::harness::{Installation, Program};

#[test]
fn a_room_that_only_this_computer_reaches_asks_no_gateway_and_says_why() {
    let ana = Installation::new();
    let mut host = ana.host("Ana", &["--map-port"]);
    let mapped = host.program.wait_for("mapped", |mapped| mapped["state"] == "shut");
    assert_eq!(mapped["reason"], "elsewhere", "{mapped}");
    assert_eq!(mapped["invite"], host.listening()["invite"]);
    assert_eq!(mapped["outside"], serde_json::json!([]));
}

#[test]
fn a_person_at_a_terminal_is_told_in_a_line() {
    let ana = Installation::new();
    let arguments = ["host", "--map-port", "--port", "0", "--bind", "127.0.0.1", "--console"];
    let mut host = Program::start(&mut ana.command(&arguments), "a host at a terminal");
    host.wait_line("* The room listens only on 127.0.0.1, where your gateway does not lead");
    host.signal("INT");
    assert_eq!(host.wait_end().0, 0);
}

#[test]
fn nothing_is_asked_that_nobody_has_asked_for() {
    let ana = Installation::new();
    let mut host = ana.host("Ana", &[]).program;
    host.signal("TERM");
    host.wait_end();
    assert!(!host.heard().iter().any(|line| line.contains("mapped")), "{host}");
}

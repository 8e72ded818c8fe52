//! What a person types and sees.

use std::process::Command;

use crate::harness::{Installation, Program, finish, parlor};

#[test]
fn every_line_begins_with_who_said_it_and_ones_own_are_marked() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let mut host = ana.host("Ana", &[]);
    let mut command =
        ben.command(&["join", &host.address(), "--fingerprint", &host.fingerprint(), "--name", "Ben", "--console"]);
    let mut member = Program::start(&mut command, "join --console");
    member.wait_line("* You are Ben. In the room: Ana, Ben.");
    member.say("hello");
    assert_eq!(member.wait_line("hello"), "Ben> hello");
    host.program.say("hi Ben");
    assert_eq!(member.wait_line("hi Ben"), "Ana: hi Ben");
}

#[test]
fn control_characters_of_others_do_nothing() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let mut host = ana.host("Ana", &[]);
    let mut command =
        ben.command(&["join", &host.address(), "--fingerprint", &host.fingerprint(), "--name", "Ben", "--console"]);
    let mut member = Program::start(&mut command, "join --console");
    member.wait_line("In the room");
    host.program.say("\x1b[2J\x1b]0;title\x07\u{9b}31m\u{202e}evil\0end");
    let line = member.wait_line("end");
    assert!(line.starts_with("Ana: ␛[2J") && !line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{line:?}");
}

#[test]
fn it_works_in_a_pipe() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let mut host = ana.host("Ana", &[]);
    let mut command =
        ben.command(&["join", &host.address(), "--fingerprint", &host.fingerprint(), "--name", "Ben", "--console"]);
    let mut member = Program::start(&mut command, "join --console");
    for number in 0..100 {
        member.say(&format!("line {number}"));
    }
    // The input ends at once; what was said is acknowledged before the program does.
    member.end_input();
    assert_eq!(member.wait_end().0, 0);
    let own = member.heard().iter().filter(|line| line.starts_with("Ben> line ")).count();
    assert_eq!(own, 100);
    for number in 0..100 {
        host.program.wait_said(&format!("line {number}"));
    }
}

#[test]
fn a_listener_without_input_stays() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let mut host = ana.host("Ana", &[]);
    let mut member = ben.start(&["join", &host.address(), "--fingerprint", &host.fingerprint(), "--name", "Ben"]);
    member.end_input();
    member.wait("welcomed");
    host.program.say("are you there?");
    member.wait_said("are you there?");
}

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    let ana = Installation::new();
    for (arguments, hint) in [
        (&["join"][..], "Required"),
        (&["join", "192.168.1.300"], "address"),
        (&["join", "1.2.3.4", "--transport", "pigeon"], "quic or tls"),
        (&["join", "1.2.3.4", "--fallback", "tls"], "plain"),
        (&["join", "1.2.3.4", "--tcp", "--transport", "quic"], "choose one"),
        (&["join", "1.2.3.4", "--name", "a\u{202e}b"], "--name"),
        (&["host", "--port", "70000"], "port"),
        (&["host", "--bind", "everywhere"], "--bind"),
        (&["dance"], "dance"),
    ] {
        let mut command = parlor();
        command.args(arguments);
        if arguments != ["dance"] {
            command.arg("--data-dir").arg(ana.path());
        }
        let (code, said) = finish(command);
        assert!(code == 2 && said.contains(hint), "{arguments:?}: {code} {said}");
    }
}

#[cfg(unix)]
#[test]
fn arguments_that_are_no_text_are_a_usage_error() {
    use std::os::unix::ffi::OsStrExt;
    let mut command = parlor();
    command.arg("join").arg(std::ffi::OsStr::from_bytes(b"\xff\xfe"));
    assert_eq!(finish(command).0, 2);
}

#[test]
fn help_and_version_are_no_errors() {
    for (argument, part) in [("--help", "join"), ("--version", env!("CARGO_PKG_VERSION"))] {
        let mut command = parlor();
        command.arg(argument);
        let (code, said) = finish(command);
        assert!(code == 0 && said.contains(part), "{code} {said}");
    }
}

#[test]
fn ones_own_fingerprint_is_shown_in_all_forms() {
    let ana = Installation::new();
    let (code, said) = ana.run(&["id"]);
    let lines: Vec<_> = said.lines().collect();
    assert_eq!((code, lines.len()), (0, 3), "{said}");
    assert_eq!(lines[0].split('-').map(str::len).collect::<Vec<_>>(), [7; 8]);
    assert!(lines[1].starts_with("SHA256:"));
    assert_eq!(lines[2].split(':').count(), 32);
    assert_eq!(ana.run(&["id"]).1, said, "and stays");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let ana = Installation::new();
    ana.run(&["id"]);
    let id = format!(
        "'{}' id --data-dir '{}' | true; exit ${{PIPESTATUS[0]}}",
        env!("CARGO_BIN_EXE_parlor"),
        ana.path().display()
    );
    let output = Command::new("bash").args(["-c", &id]).output().expect("bash");
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

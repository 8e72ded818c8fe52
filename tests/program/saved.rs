//! A room that is saved, by the built program: killed, gone on with, and on a disk that is full.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::harness::{Host, Installation, Program, finish, parlor};

/// QUIC alone misses a peer after 20 s. Who is told does not wait for that.
const SOON: Duration = Duration::from_secs(15);

fn file_of(installation: &Installation) -> String {
    installation.path().join("kitchen.parlor").to_string_lossy().into_owned()
}

fn texts(program: &Program) -> Vec<String> {
    let events = program.heard().iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let said = events.filter(|event| event["event"] == "said");
    said.filter_map(|said| said["text"].as_str().map(str::to_owned)).collect()
}

fn has_heard(program: &Program, event: &str) -> bool {
    program.heard().iter().any(|line| line.contains(&format!("\"event\":\"{event}\"")))
}

fn killed_and_started_again(options: &[&str]) {
    let [ana, ben, chi, dan] = [(); 4].map(|()| Installation::new());
    let file = file_of(&ana);
    let saved = ["--quic", "--tcp", "--save", &file, "--save-sync"];
    let host = ana.host("Ana", &saved);
    let port = host.port();
    let address = host.address();
    let mut ben = ben.start(&[&["join", &address, "--name", "Ben"], options].concat());
    assert_eq!(ben.wait("welcomed")["saved"], true);
    let mut chi = chi.join(&host, "Chi", &["--transport", "tls"]);
    ben.say("before");
    chi.wait_said("before");
    ben.wait_said("before");
    host.program.signal("KILL");
    drop(host);

    let start = Instant::now();
    let mut host = ana.host_on(port, "Ana", &saved);
    assert_eq!(ben.wait("resumed")["anew"], false);
    assert!(start.elapsed() < SOON, "back after {:?}", start.elapsed());
    chi.wait("resumed");
    ben.say("after");
    let mut dan = dan.join(&host, "Dan", &["--transport", "tls"]);
    for program in [&mut ben, &mut chi, &mut dan, &mut host.program] {
        program.wait_said("after");
        assert!(!has_heard(program, "left") && !has_heard(program, "gap"), "{program}");
    }
    for program in [&ben, &chi, &dan] {
        assert_eq!(texts(program), ["before", "after"], "{program}");
    }
    let mut joined = chi.heard().iter().filter(|line| line.contains("\"event\":\"joined\""));
    assert!(joined.all(|line| line.contains("Dan")), "only Dan has come: {chi}");
}

#[test]
fn a_saved_room_is_as_if_its_host_had_never_been_killed_over_quic() {
    killed_and_started_again(&["--transport", "quic", "--accept-new"]);
}

#[test]
fn a_saved_room_is_as_if_its_host_had_never_been_killed_over_tls() {
    killed_and_started_again(&["--transport", "tls", "--accept-new"]);
}

#[test]
fn a_saved_room_is_as_if_its_host_had_never_been_killed_over_tcp() {
    killed_and_started_again(&["--tcp"]);
}

#[test]
fn a_saved_room_goes_on_under_its_own_name_and_everybody_is_told_that_it_is_saved() {
    let [ana, ben] = [(); 2].map(|()| Installation::new());
    let file = file_of(&ana);
    let mut host = ana.host("Ana", &["--room", "Office", "--save", &file]);
    host.program.say("for tomorrow");
    host.program.wait_said("for tomorrow");
    host.program.signal("TERM");
    assert_eq!(host.program.wait_end().0, 0);

    let host = ana.host("Ana", &["--save", &file]);
    assert_eq!(host.text("room"), "Office");
    let mut ben = Program::start(
        ben.command(&["join", &host.address(), "--name", "Ben", "--accept-new", "--console"]).env("NO_COLOR", "1"),
        "Ben in a terminal",
    );
    ben.wait_line("* The host keeps what is said here in a file.");
    ben.wait_line("Ana: for tomorrow");

    let (code, said) = ana.run(&["host", "--port", "0", "--bind", "127.0.0.1", "--save", &file, "--console"]);
    assert_eq!(code, 1);
    assert!(said.contains("is in use"), "{said}");
}

#[test]
fn what_is_typed_about_saving_makes_sense_or_is_told() {
    let ana = Installation::new();
    let file = file_of(&ana);
    let host =
        |options: &[&str]| ana.run(&[&["host", "--console", "--port", "0", "--bind", "127.0.0.1"], options].concat());
    for options in [
        &["--keep", "30d"][..],
        &["--save-sync"],
        &["--save", ""],
        &["--save", &file, "--keep", "0"],
        &["--save", &file, "--keep", "30m"],
        &["--save", &file, "--keep", "-3"],
        &["--save", &file, "--keep", "2000000"],
    ] {
        let (code, said) = host(options);
        assert_eq!(code, 2, "{options:?}: {said}");
    }
    assert!(!Path::new(&file).exists());
    fs::write(&file, "Dear diary").unwrap();
    let (code, said) = host(&["--save", &file]);
    assert_eq!(code, 1);
    assert!(said.contains("is not a room that parlor has saved"), "{said}");
    assert_eq!(fs::read(&file).unwrap(), b"Dear diary");
}

#[test]
fn only_the_last_are_kept_when_that_is_asked_for() {
    let [ana, ben] = [(); 2].map(|()| Installation::new());
    let file = file_of(&ana);
    let mut host = ana.host("Ana", &["--save", &file, "--keep", "5"]);
    for number in 0..20 {
        host.program.say(&format!("number {number}"));
    }
    host.program.wait_said("number 19");
    host.program.signal("TERM");
    host.program.wait_end();
    let host = ana.host("Ana", &["--save", &file, "--keep", "7d"]);
    let mut ben = ben.join(&host, "Ben", &[]);
    ben.wait_said("number 19");
    assert_eq!(texts(&ben), ["number 15", "number 16", "number 17", "number 18", "number 19"]);
}

/// A disk of its own, so small that it is soon full; only this host sees it. It is copied out when the host has ended.
struct SmallDisk {
    place: Installation,
}

impl SmallDisk {
    /// None where this user may not have namespaces.
    fn new() -> Option<Self> {
        let may = Command::new("unshare").args(["--user", "--map-root-user", "--mount", "true"]).status();
        match may.is_ok_and(|status| status.success()) {
            true => Some(Self { place: Installation::new() }),
            false => {
                eprintln!("skipped: this user may not make a disk of its own (unshare --user --mount)");
                None
            }
        }
    }

    fn mount(&self) -> String {
        self.place.path().join("disk").to_string_lossy().into_owned()
    }

    fn file(&self) -> String {
        format!("{}/room", self.mount())
    }

    fn copy(&self) -> PathBuf {
        self.place.path().join("copy")
    }

    /// A command on a disk of so many KiB, of which some are taken.
    fn command(&self, kib: u32, taken: u32, command: &Command) -> Command {
        let mount = self.mount();
        fs::create_dir_all(&mount).unwrap();
        let copy = self.copy();
        // In the background, so that the signal gets through; and with the input, which it would not have there.
        let script = format!(
            "mount -t tmpfs -o size={kib}k tmpfs '{mount}' && head -c {taken}k /dev/zero > '{mount}/taken' || exit
             exec 3<&0
             setpriv --pdeathsig KILL \"$@\" <&3 & child=$!
             trap 'kill $child' TERM
             wait $child; wait $child; code=$?
             cp '{mount}/room' '{}' && exit $code",
            copy.display()
        );
        let mut small = Command::new("unshare");
        small.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh"]);
        small.arg(command.get_program()).args(command.get_args());
        small
    }

    /// Makes room, from outside.
    fn tidy(&self, host: &Program) {
        let taken = format!("/proc/{}/root{}/taken", host.id(), self.mount());
        fs::remove_file(taken).expect("what took the room");
    }
}

#[test]
fn a_full_disk_stops_the_talk_and_loses_nothing() {
    let Some(disk) = SmallDisk::new() else { return };
    let [ana, ben, chi] = [(); 3].map(|()| Installation::new());
    let file = disk.file();
    let options = ["host", "--name", "Ana", "--port", "0", "--bind", "127.0.0.1", "--save", &file, "--json"];
    // Less is free than what is said takes up, however seldom the file is written to meanwhile.
    let mut host =
        Host::of(Program::start(&mut disk.command(2_048, 1_700, &ana.command(&options)), "a host with a small disk"));
    let mut ben = ben.join(&host, "Ben", &[]);
    let said = 50;
    for number in 0..said {
        ben.say(&format!("{number} {}", "x".repeat(8_000)));
    }
    let saving = host.program.wait("saving");
    let trouble = saving["trouble"].as_str().expect("why not").to_owned();
    assert!(trouble.contains("the disk is full"), "{trouble}");
    ben.say("does anybody hear me?");
    disk.tidy(&host.program);
    host.program.wait_for("saving", |saving| saving["trouble"].is_null());
    ben.wait_said("does anybody hear me?");
    let heard = texts(&ben);
    assert_eq!(heard.len(), said + 1, "each of them once");
    host.program.signal("TERM");
    assert_eq!(host.program.wait_end().0, 0);

    let copy = disk.copy().to_string_lossy().into_owned();
    let host = ana.host("Ana", &["--save", &copy]);
    let mut chi = chi.join(&host, "Chi", &[]);
    chi.wait_said("does anybody hear me?");
    assert_eq!(texts(&chi), heard, "and each of them is in the file");
}

/// The room closes, although nothing can be saved, and nobody believes that what they said last was heard.
#[test]
fn what_a_full_disk_kept_from_being_heard_is_given_back_at_the_end() {
    let Some(disk) = SmallDisk::new() else { return };
    let [ana, ben] = [(); 2].map(|()| Installation::new());
    let file = disk.file();
    let options = ["host", "--name", "Ana", "--port", "0", "--bind", "127.0.0.1", "--save", &file, "--json"];
    let mut host = Host::of(Program::start(&mut disk.command(1_024, 700, &ana.command(&options)), "a small disk"));
    let mut ben = ben.join(&host, "Ben", &[]);
    for number in 0..50 {
        ben.say(&format!("{number} {}", "x".repeat(8_000)));
    }
    host.program.wait("saving");
    for (program, text) in [(&mut host.program, "can you hear me?"), (&mut ben, "no")] {
        program.say(text);
        // What is too long is given back at once; so by then the line before was taken.
        program.say(&"x".repeat(9_000));
        program.wait("unsent");
    }
    host.program.signal("TERM");
    assert_eq!(host.program.wait("unsent")["text"], "can you hear me?");
    ben.wait_for("unsent", |unsent| unsent["text"] == "no");
    assert_eq!(ben.wait("closed")["reason"], "host-left");
}

#[test]
fn a_disk_that_is_full_from_the_first_is_told() {
    let Some(disk) = SmallDisk::new() else { return };
    let file = disk.file();
    let mut host = parlor();
    let ana = Installation::new();
    host.args(["host", "--port", "0", "--bind", "127.0.0.1", "--console", "--save", &file, "--data-dir"]);
    let (_, said) = finish(disk.command(64, 60, host.arg(ana.path())));
    assert!(said.contains("the disk is full. Make room on that disk, or name a file on another."), "{said}");
}

//! The program on a machine of the lab, as somebody there uses it, and what was said compared with what was heard.

use std::{
    collections::HashSet,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    harness::{Host, Installation, Program, finish},
    lab::Machine,
};

/// The port of every room here: each network is its own.
pub(crate) const PORT: u16 = 7275;

/// Somebody at a machine, with a key and pins of their own.
pub(crate) struct Person {
    pub(crate) name: &'static str,
    pub(crate) installation: Installation,
    machine: Machine,
}

impl Person {
    pub(crate) fn at(machine: &Machine, name: &'static str) -> Self {
        Self { name, installation: Installation::new(), machine: machine.clone() }
    }

    /// The program with these arguments, on their machine.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.machine.wrap(&self.installation.command(arguments))
    }

    /// Runs it to its end without any input; gives the exit code and everything it printed.
    pub(crate) fn run(&self, arguments: &[&str]) -> (i32, String) {
        finish(self.command(arguments))
    }

    /// Starts it with `--json`.
    pub(crate) fn start(&self, arguments: &[&str]) -> Program {
        let what = format!("{} at {}: {arguments:?}", self.name, self.machine.name);
        Program::start(self.command(arguments).arg("--json"), &what)
    }

    /// Hosts a room on [`PORT`], and waits until it can be joined.
    pub(crate) fn host(&self, arguments: &[&str]) -> Host {
        let port = PORT.to_string();
        Host::of(self.start(&[&["host", "--name", self.name, "--port", &port], arguments].concat()))
    }

    /// Begins to join the room of `host` at `place`, an address, knowing the host's fingerprint.
    pub(crate) fn begin_to_join(&self, host: &Host, place: &str, arguments: &[&str]) -> Program {
        let fingerprint = host.fingerprint();
        let known = ["join", place, "--fingerprint", &fingerprint, "--name", self.name];
        self.start(&[&known, arguments].concat())
    }

    /// Joins it, and waits for the welcome.
    pub(crate) fn join(&self, host: &Host, place: &str, arguments: &[&str]) -> Joined {
        let begun = Instant::now();
        Joined::of(self.begin_to_join(host, place, arguments), begun)
    }
}

/// Somebody who is in a room.
pub(crate) struct Joined {
    pub(crate) program: Program,
    pub(crate) welcome: Value,
    /// From the program's start to its welcome.
    pub(crate) took: Duration,
}

impl Joined {
    /// What was started joins: waits for the welcome.
    pub(crate) fn of(mut program: Program, begun: Instant) -> Self {
        let welcome = program.wait("welcomed");
        Self { program, welcome, took: begun.elapsed() }
    }

    /// Over what: `quic`, `tls` or `tcp`.
    pub(crate) fn transport(&self) -> &str {
        self.welcome["transport"].as_str().expect("a transport")
    }

    /// What that guarantees: `pinned` or `plaintext`.
    pub(crate) fn security(&self) -> &str {
        self.welcome["security"].as_str().expect("a security")
    }
}

/// Each of them says so many messages, and all hear all of them, once each and in the same order. Gives how many it were.
pub(crate) fn converse(people: &mut [&mut Program], each: usize) -> usize {
    let lines: Vec<Vec<_>> =
        (0..people.len()).map(|person| (0..each).map(|number| format!("{person}: {number}")).collect()).collect();
    for number in 0..each {
        for (person, lines) in people.iter_mut().zip(&lines) {
            person.say(&lines[number]);
        }
    }
    let lines: Vec<_> = lines.concat();
    everybody_heard(people, &lines);
    lines.len()
}

/// Waits until each has heard each of `lines`, and makes sure that nobody has heard any of all that was said twice, and
/// that all have heard everything in the same order.
pub(crate) fn everybody_heard(people: &mut [&mut Program], lines: &[String]) {
    for person in people.iter_mut() {
        let before = said(person);
        let before: HashSet<_> = before.iter().map(String::as_str).collect();
        let mut missing: HashSet<_> = lines.iter().map(String::as_str).filter(|line| !before.contains(line)).collect();
        while !missing.is_empty() {
            let said = person.wait("said");
            missing.remove(said["text"].as_str().expect("a text"));
        }
        let mut heard = said(person);
        let all = heard.len();
        heard.sort_unstable();
        heard.dedup();
        assert_eq!(heard.len(), all, "something was heard twice by {person}");
    }
    let first = said(people[0]);
    let firsts: HashSet<_> = first.iter().collect();
    for person in people.iter() {
        let heard = said(person);
        let theirs: HashSet<_> = heard.iter().collect();
        // Who came later has not heard the beginning, and who reads more slowly not yet the end.
        let mut common = first.iter().filter(|line| theirs.contains(line));
        let mut theirs = heard.iter().filter(|line| firsts.contains(line));
        assert!(theirs.by_ref().eq(common.by_ref()), "another order is heard by {person}");
    }
}

/// What was said, in its order, by what a program has printed so far.
pub(crate) fn said(program: &Program) -> Vec<String> {
    events(program, "said").iter().filter_map(|said| said["text"].as_str().map(str::to_owned)).collect()
}

/// The events of this kind that a program has printed so far.
pub(crate) fn events(program: &Program, kind: &str) -> Vec<Value> {
    let events = program.heard().iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    events.filter(|event| event["event"] == kind).collect()
}

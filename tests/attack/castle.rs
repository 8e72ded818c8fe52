//! The host: the built program, how much memory it uses, and what it complains of.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
};

use parlor::{identity::Fingerprint, wire::limits};
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::PATIENCE;

pub(crate) struct Castle {
    pub(crate) address: SocketAddr,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) process: Process,
    child: Child,
    input: ChildStdin,
    /// What has been said in the room.
    said: Receiver<String>,
    dir: TempDir,
}

impl Castle {
    /// A host of all three transports, whose log is full: from now on each entry takes the place of another.
    pub(crate) fn build() -> Self {
        Self::of(Command::new(env!("CARGO_BIN_EXE_parlor")))
    }

    /// The same, with so few descriptors.
    pub(crate) fn with_descriptors(most: usize) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -n {most}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_parlor")]);
        Self::of(command)
    }

    fn of(mut command: Command) -> Self {
        let dir = TempDir::new().expect("a temporary folder");
        command.args(["host", "--quic", "--tcp", "--json", "--name", "Ana", "--port", "0", "--bind", "127.0.0.1"]);
        command.arg("--data-dir").arg(dir.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(File::create(dir.path().join("complaints")).expect("a file"));
        let mut child = command.spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let first = lines.next().expect("a line").expect("its text");
        let listening: Value = serde_json::from_str(&first).expect("JSON");
        let port = listening["port"].as_u64().expect("a port") as u16;
        let fingerprint = listening["fingerprint"].as_str().and_then(|text| text.parse().ok()).expect("a fingerprint");
        let (tell, said) = channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let event: Value = serde_json::from_str(&line).expect("JSON");
                if event["event"] == "said" && event["own"] == true {
                    let _ = tell.send(event["text"].as_str().expect("a text").to_owned());
                }
            }
        });
        let input = child.stdin.take().expect("its input");
        let (address, process) = (([127, 0, 0, 1], port).into(), Process(child.id()));
        let mut castle = Self { address, fingerprint, process, child, input, said, dir };
        castle.fill_the_log();
        castle
    }

    fn fill_the_log(&mut self) {
        for number in 0..limits::LOG_ENTRIES {
            writeln!(self.input, "what was said before, about as long as what honest people say: {number}")
                .expect("it reads");
        }
        self.answers("and that is all");
    }

    /// Waits until the host has said something, and heard itself.
    pub(crate) fn answers(&mut self, text: &str) {
        writeln!(self.input, "{text}").expect("the host reads");
        while self.said.recv_timeout(PATIENCE).expect("the host talks") != text {}
    }

    /// What it has complained of: nothing, unless something in it has panicked.
    pub(crate) fn complaints(&self) -> String {
        fs::read_to_string(self.dir.path().join("complaints")).expect("the file")
    }
}

/// What the system says of a process.
#[derive(Clone, Copy)]
pub(crate) struct Process(u32);

impl Process {
    /// Resident memory, in KiB.
    pub(crate) fn memory(self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).expect("the host lives");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its resident memory");
        resident.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// How many descriptors are open.
    pub(crate) fn descriptors(self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.0)).expect("the host lives").count()
    }
}

impl Drop for Castle {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

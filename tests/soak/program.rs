//! The host: the built program, and what it uses.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use parlor::identity::Fingerprint;
use serde_json::Value;
use tempfile::TempDir;

use crate::Figures;

/// Clock ticks a second in `/proc`: `USER_HZ`, 100 on every Linux that there is.
const TICKS: u64 = 100;

pub(crate) struct Host {
    pub(crate) address: SocketAddr,
    pub(crate) fingerprint: Fingerprint,
    options: Vec<String>,
    child: Child,
    dir: TempDir,
}

impl Host {
    pub(crate) fn start(options: &[&str]) -> Self {
        let dir = TempDir::new().expect("a temporary folder");
        let options: Vec<_> = options.iter().map(ToString::to_string).collect();
        let mut child = spawn(0, &options, &dir);
        let (address, fingerprint) = listening(&mut child);
        Self { address, fingerprint, options, child, dir }
    }

    /// Ends it as the system does that is out of memory.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it once more, on the same port, and does not wait for it.
    pub(crate) fn start_again(&mut self) {
        self.child = spawn(self.address.port(), &self.options, &self.dir);
        let output = BufReader::new(self.child.stdout.take().expect("its output"));
        thread::spawn(move || output.lines().for_each(drop));
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }

    pub(crate) fn measure(&self) -> Figures {
        let proc = format!("/proc/{}", self.child.id());
        let status = fs::read_to_string(format!("{proc}/status")).expect("the host lives");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its resident memory");
        let kib = resident.trim().trim_end_matches(" kB").parse().expect("a number");
        let descriptors = fs::read_dir(format!("{proc}/fd")).expect("its descriptors").count();
        let stat = fs::read_to_string(format!("{proc}/stat")).expect("the host lives");
        // After the name, which may hold anything but ends with the last bracket: field 3 of proc(5) and on.
        let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().expect("a number")).sum();
        Figures { second: 0, kib, descriptors, cpu: Duration::from_millis(ticks * 1_000 / TICKS) }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(port: u16, options: &[String], dir: &TempDir) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
    command.args(["host", "--quic", "--tcp", "--json", "--name", "Host", "--bind", "127.0.0.1", "--port"]);
    command.arg(port.to_string()).args(options).arg("--data-dir").arg(dir.path());
    // Nothing to say, and no end of it.
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program starts")
}

/// Where it listens, and its key.
fn listening(child: &mut Child) -> (SocketAddr, Fingerprint) {
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let first = lines.next().expect("a line").expect("its text");
    let listening: Value = serde_json::from_str(&first).expect("JSON");
    let port = listening["port"].as_u64().expect("a port") as u16;
    let fingerprint = listening["fingerprint"].as_str().and_then(|text| text.parse().ok()).expect("a fingerprint");
    thread::spawn(move || lines.for_each(drop));
    (([127, 0, 0, 1], port).into(), fingerprint)
}

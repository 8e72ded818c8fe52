//! Runs the built program as a person or a script would, and waits for what it says.

use std::{
    ffi::OsStr,
    fmt,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

/// Nothing here takes so long unless something is wrong. The longest wait is for QUIC to miss a peer: 20 s.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

/// A folder for one installation's key and pins.
pub(crate) struct Installation(TempDir);

impl Installation {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("a temporary folder"))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// A command of this installation's program.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = parlor();
        command.args(arguments).arg("--data-dir").arg(self.path());
        command
    }

    /// Runs the program to its end without any input and gives its exit code and everything it printed.
    pub(crate) fn run(&self, arguments: &[&str]) -> (i32, String) {
        finish(self.command(arguments))
    }

    /// Starts the program with `--json`.
    pub(crate) fn start(&self, arguments: &[&str]) -> Program {
        let mut command = self.command(arguments);
        Program::start(command.arg("--json"), &format!("{arguments:?}"))
    }

    /// Starts a host on a free port, and waits until it can be joined.
    pub(crate) fn host(&self, name: &str, arguments: &[&str]) -> Host {
        self.host_on(0, name, arguments)
    }

    /// The same on a port of one's choosing.
    pub(crate) fn host_on(&self, port: u16, name: &str, arguments: &[&str]) -> Host {
        let port = port.to_string();
        let common = ["host", "--name", name, "--port", &port, "--bind", "127.0.0.1"];
        Host::of(self.start(&[&common, arguments].concat()))
    }

    /// Joins a host at its address, knowing its fingerprint, and waits for the welcome.
    pub(crate) fn join(&self, host: &Host, name: &str, arguments: &[&str]) -> Program {
        let (address, fingerprint) = (host.address(), host.fingerprint());
        let known = ["join", &address, "--fingerprint", &fingerprint, "--name", name];
        let mut program = self.start(&[&known, arguments].concat());
        program.wait("welcomed");
        program
    }
}

/// The program, without an installation.
pub(crate) fn parlor() -> Command {
    Command::new(env!("CARGO_BIN_EXE_parlor"))
}

/// Runs a command to its end without any input and gives its exit code and everything it printed.
pub(crate) fn finish(mut command: Command) -> (i32, String) {
    command.stdin(Stdio::null());
    let output = command.output().expect("the program starts");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&text).into_owned())
}

/// A running host.
pub(crate) struct Host {
    pub(crate) program: Program,
    listening: Value,
}

impl Host {
    /// What has been started is a host: waits until it can be joined.
    pub(crate) fn of(mut program: Program) -> Self {
        let listening = program.wait("listening");
        program.wait("welcomed");
        Self { listening, program }
    }

    pub(crate) fn port(&self) -> u16 {
        self.listening["port"].as_u64().expect("a port") as u16
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port())
    }

    pub(crate) fn fingerprint(&self) -> String {
        self.text("fingerprint")
    }

    /// A field of the `listening` event.
    pub(crate) fn text(&self, field: &str) -> String {
        self.listening[field].as_str().expect("a text").to_owned()
    }

    pub(crate) fn listening(&self) -> &Value {
        &self.listening
    }
}

/// A running program, and the lines it has printed.
pub(crate) struct Program {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    /// Everything so far, to be shown when a test fails.
    heard: Vec<String>,
    what: String,
}

impl Program {
    pub(crate) fn start(command: &mut Command, what: &str) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().expect("the program starts");
        let output = child.stdout.take().expect("its output");
        let (tell, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        let input = child.stdin.take();
        Self { child, input, lines, heard: Vec::new(), what: what.to_owned() }
    }

    /// Types a line.
    pub(crate) fn say(&mut self, text: &str) {
        let input = self.input.as_mut().expect("the input is open");
        writeln!(input, "{text}").and_then(|()| input.flush()).expect("the program reads");
    }

    /// Ends the input.
    pub(crate) fn end_input(&mut self) {
        self.input = None;
    }

    /// The next line; none at the end of the output.
    pub(crate) fn line(&mut self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => {
                self.heard.push(line.clone());
                Some(line)
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("nothing more came from {self}"),
        }
    }

    /// Waits for a line that contains `part`.
    pub(crate) fn wait_line(&mut self, part: &str) -> String {
        while let Some(line) = self.line() {
            if line.contains(part) {
                return line;
            }
        }
        panic!("“{part}” never came from {self}");
    }

    /// Waits for an event of this kind.
    pub(crate) fn wait(&mut self, event: &str) -> Value {
        self.wait_for(event, |_| true)
    }

    /// Waits for an event of this kind that is as wanted.
    pub(crate) fn wait_for(&mut self, event: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        while let Some(line) = self.line() {
            let value: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line} from {self}"));
            if value["event"] == event && is_wanted(&value) {
                return value;
            }
        }
        panic!("the event {event} never came from {self}");
    }

    /// Waits for somebody's message.
    pub(crate) fn wait_said(&mut self, text: &str) -> Value {
        self.wait_for("said", |said| said["text"] == text)
    }

    /// Waits for the end, and gives the exit code and how long it took.
    pub(crate) fn wait_end(&mut self) -> (i32, Duration) {
        let start = Instant::now();
        while self.line().is_some() {}
        let status: ExitStatus = self.child.wait().expect("the program's end");
        (status.code().unwrap_or(-1), start.elapsed())
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, by its name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().expect("kill");
        assert!(sent.success());
    }

    /// Stops the program as Ctrl-Z does, and waits until it stands still: the signal alone is only on its way.
    pub(crate) fn freeze(&self) {
        self.signal("STOP");
        let id = self.child.id().to_string();
        let start = Instant::now();
        loop {
            let state = Command::new("ps").args(["-o", "stat=", "-p", &id]).output().expect("ps, of procps");
            if state.stdout.starts_with(b"T") {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{self} does not stop");
        }
    }

    /// Everything it has printed so far.
    pub(crate) fn heard(&self) -> &[String] {
        &self.heard
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; so far it said:\n{}", self.what, self.heard.join("\n"))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the program in a terminal of its own (`script` makes one), types `answers`, and gives all that appeared.
pub(crate) fn in_a_terminal(installation: &Installation, arguments: &[&str], answers: &[(&str, &str)]) -> String {
    let quoted = |text: &OsStr| format!("'{}'", text.to_string_lossy().replace('\'', r"'\''"));
    let command = installation.command(arguments);
    let words: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).map(quoted).collect();
    let mut script = Command::new("script");
    script.args(["-q", "-e", "-c", &words.join(" "), "/dev/null"]);
    script.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = script.spawn().expect("script, of bsdutils, which every Debian has");
    let (mut input, mut output) = (child.stdin.take().expect("input"), child.stdout.take().expect("output"));
    let mut seen = String::new();
    let mut bytes = [0; 4096];
    let mut answers = answers.iter();
    let mut next = answers.next();
    loop {
        match output.read(&mut bytes) {
            Ok(0) | Err(_) => break,
            Ok(read) => seen.push_str(&String::from_utf8_lossy(&bytes[..read])),
        }
        if let Some((_, answer)) = next.filter(|(prompt, _)| seen.contains(prompt)) {
            write!(input, "{answer}").and_then(|()| input.flush()).expect("the terminal reads");
            next = answers.next();
        }
    }
    let _ = child.wait();
    seen
}

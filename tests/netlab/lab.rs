//! Machines and wires: network namespaces, and pairs of virtual interfaces between them.
//!
//! A [`Lab`] has names of its own, so that several live beside each other, and leaves nothing behind: at its end whatever
//! still runs in its machines is stopped, and they are removed.

use std::{
    fs,
    io::Write,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

/// What every machine begins with: a loopback; addresses that can be used at once; and frames that cross a bridge without
/// being shown to the rules for packets that are routed.
const BEGIN: &str = "ip link set lo up
sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0 2>/dev/null || true";

/// Machines that belong together, and end together.
pub(crate) struct Lab {
    prefix: String,
    machines: Mutex<Vec<Machine>>,
}

impl Lab {
    /// An empty one; or none, and the reason is told, where it cannot be made.
    pub(crate) fn new() -> Option<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        if !has(&["ip", "nft", "ethtool", "conntrack", "sysctl"]) {
            return None;
        }
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let lab = Self { prefix: format!("parlor-{}-{number}", std::process::id()), machines: Mutex::default() };
        if !succeeds(&format!("ip netns add {0}-try && ip netns del {0}-try", lab.prefix)) {
            skip("network namespaces need the rights of root");
            return None;
        }
        Some(lab)
    }

    /// A new machine, not yet wired to anything.
    pub(crate) fn machine(&self, name: &str) -> Machine {
        let machine = Machine { namespace: format!("{}-{name}", self.prefix), name: name.to_owned() };
        shell(&format!("ip netns add {}", machine.namespace));
        self.machines.lock().expect("no panic").push(machine.clone());
        machine.shell(BEGIN);
        machine
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for Machine { namespace, .. } in self.machines.get_mut().expect("no panic").drain(..) {
            let stop = format!("ip netns pids {namespace} | xargs -r kill -KILL; ip netns del {namespace}");
            let _ = succeeds(&stop);
            let _ = fs::remove_dir_all(etc(&namespace));
        }
    }
}

/// A machine of the lab.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) name: String,
    namespace: String,
}

impl Machine {
    /// A command that runs on it.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace, program]);
        command
    }

    /// The same for one that was put together elsewhere.
    pub(crate) fn wrap(&self, command: &Command) -> Command {
        let mut here = self.command(&command.get_program().to_string_lossy());
        here.args(command.get_args());
        here
    }

    /// Runs a script of the shell's on it, which has to succeed, and gives what it printed.
    pub(crate) fn shell(&self, script: &str) -> String {
        output(self.command("sh").args(["-ec", script]), script)
    }

    /// Whether a script of the shell's succeeds on it.
    pub(crate) fn succeeds(&self, script: &str) -> bool {
        let status = self.command("sh").args(["-ec", script]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.expect("sh").success()
    }

    /// `ip` with these words, on it.
    pub(crate) fn ip(&self, words: &str) -> String {
        output(Command::new("ip").args(["-n", &self.namespace]).args(words.split_whitespace()), words)
    }

    /// Reads rules for packets, in nftables' own language, all at once.
    pub(crate) fn nft(&self, rules: &str) {
        let mut nft = self.command("nft");
        let mut nft = nft.args(["-f", "-"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("nft");
        nft.stdin.take().expect("its input").write_all(rules.as_bytes()).expect("nft reads");
        let output = nft.wait_with_output().expect("nft");
        let why = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "nft on {} does not take:\n{rules}\n{why}", self.name);
    }

    /// Starts something on it in the background.
    pub(crate) fn spawn(&self, script: &str) -> Guarded {
        let child = self.command("sh").args(["-ec", &format!("exec {script}")]).stdin(Stdio::null()).spawn();
        Guarded(child.expect("sh"))
    }

    /// Gives an interface of it an address, of whichever family, `with` its length of prefix.
    pub(crate) fn address(&self, interface: &str, with: &str) {
        let nodad = if with.contains(':') { "nodad" } else { "" };
        self.ip(&format!("addr add {with} dev {interface} {nodad}"));
    }

    /// What names stand for on it, in the form of `/etc/hosts`. For programs that are started from now on.
    pub(crate) fn hosts(&self, lines: &str) {
        fs::write(self.etc().join("hosts"), format!("127.0.0.1 localhost\n{lines}\n")).expect("a file");
    }

    /// Which machine it asks for the names that it does not know. For programs that are started from now on.
    pub(crate) fn name_server(&self, ip: &str) {
        fs::write(self.etc().join("resolv.conf"), format!("nameserver {ip}\n")).expect("a file");
    }

    /// What is in this folder stands in the place of what has the same name in `/etc`, for programs that are started from
    /// now on.
    pub(crate) fn etc(&self) -> PathBuf {
        let etc = etc(&self.namespace);
        fs::create_dir_all(&etc).expect("a folder");
        etc
    }
}

/// Something that runs in the background, until it is dropped.
pub(crate) struct Guarded(pub(crate) Child);

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where one end of a wire goes.
pub(crate) struct End<'a>(pub(crate) &'a Machine, pub(crate) &'a str);

/// A wire between two machines: an interface on each, by the name that is given, both up. What is counted and dropped on
/// it are packets as they would be on a real one, and not the large ones in which the kernel hands them on to itself.
pub(crate) fn wire(one: &End<'_>, other: &End<'_>) {
    let (End(a, on_a), End(b, on_b)) = (one, other);
    shell(&format!("ip link add {on_a} netns {} type veth peer name {on_b} netns {}", a.namespace, b.namespace));
    for End(machine, interface) in [one, other] {
        machine.shell(&format!(
            "ethtool -K {interface} tx-udp-segmentation off tso off gso off gro off >/dev/null
             ip link set {interface} up"
        ));
    }
}

/// Whether these programs are here; if not, that is told.
pub(crate) fn has(programs: &[&str]) -> bool {
    let missing: Vec<_> =
        programs.iter().filter(|program| !succeeds(&format!("command -v {program} >/dev/null"))).copied().collect();
    if !missing.is_empty() {
        skip(&format!("these programs are missing: {}", missing.join(", ")));
    }
    missing.is_empty()
}

/// Tells that a case does not run, and why: on the terminal, and to the script that runs all of them.
pub(crate) fn skip(why: &str) {
    let test = std::thread::current().name().unwrap_or("a case").to_owned();
    eprintln!("{test} is skipped: {why}");
    if let Some(path) = std::env::var_os("PARLOR_NETLAB_SKIPPED") {
        let file = fs::OpenOptions::new().create(true).append(true).open(path);
        let _ = file.and_then(|mut file| writeln!(file, "{test}: {why}"));
    }
}

fn etc(namespace: &str) -> PathBuf {
    PathBuf::from("/etc/netns").join(namespace)
}

fn shell(script: &str) -> String {
    output(Command::new("sh").args(["-ec", script]), script)
}

fn succeeds(script: &str) -> bool {
    let status = Command::new("sh").args(["-c", script]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.expect("sh").success()
}

fn output(command: &mut Command, what: &str) -> String {
    let output = command.stdin(Stdio::null()).output().expect("the command starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{what} failed: {said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

//! The firewall of this machine, as far as it can be asked without anybody's rights.
//!
//! On Linux, ufw and firewalld show that they are on. What is let through, only the kernel's rules say (`nft`), and it tells
//! them to root alone; they are then followed as a packet would, as far as they can be judged from here. On other systems
//! nothing is asked, and that is said.

#[cfg(target_os = "linux")]
use std::{fs, path::Path, process::Stdio, time::Duration};

#[cfg(target_os = "linux")]
use tokio::{process::Command, time::timeout};

#[cfg(target_os = "linux")]
use super::nft::{self, Packet};

/// What is let in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LetsIn {
    /// Whoever comes.
    Yes,
    /// Nobody.
    No,
    /// It depends on what cannot be judged from here.
    Perhaps,
}

/// A firewall.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Firewall {
    /// Its rules could be followed.
    Followed {
        /// Who keeps them, where that is known.
        keeper: Keeper,
        /// Whether the room's port is open for UDP.
        udp: LetsIn,
        /// And for TCP.
        tcp: LetsIn,
    },
    /// One is on, and does not tell what it lets in.
    On(Keeper),
    /// Whether there is one cannot be asked.
    Unasked(Why),
}

/// Who keeps the rules.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Keeper {
    /// Uncomplicated Firewall, of Ubuntu.
    Ufw,
    /// Of Fedora and its relatives.
    Firewalld,
    /// Nobody in particular.
    Nftables,
}

/// Why it cannot be asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Why {
    /// Only an administrator may.
    Rights,
    /// The tool for it is not there, or says what is not understood.
    NoTool,
    /// The tool fails.
    NoAnswer,
    /// There are rules of an older kind, which are not followed.
    OldRules,
    /// Not on this system.
    System,
}

/// Asks. Takes two seconds at most.
#[cfg(target_os = "linux")]
pub(super) async fn ask(port: u16) -> Firewall {
    /// Longest time for `nft` to tell.
    const WAIT: Duration = Duration::from_secs(2);
    let keeper = keeper();
    let unasked = |why| keeper.map_or(Firewall::Unasked(why), Firewall::On);
    let tools = ["/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft"];
    let Some(nft) = tools.into_iter().find(|tool| Path::new(tool).exists()) else {
        return unasked(Why::NoTool);
    };
    let mut command = Command::new(nft);
    command.args(["--json", "list", "ruleset"]).stdin(Stdio::null()).kill_on_drop(true);
    // It says why it fails in words alone.
    command.env("LC_ALL", "C");
    let rules = match timeout(WAIT, command.output()).await {
        Ok(Ok(output)) if output.status.success() => output.stdout,
        Ok(Ok(output)) if String::from_utf8_lossy(&output.stderr).contains("Operation not permitted") => {
            return unasked(Why::Rights);
        }
        _ => return unasked(Why::NoAnswer),
    };
    let Some(rules) = nft::Rules::read(&rules) else { return unasked(Why::NoTool) };
    if has_old_rules() {
        return unasked(Why::OldRules);
    }
    let lets_in = |udp| rules.follow(&Packet { is_udp: udp, port });
    Firewall::Followed { keeper: keeper.unwrap_or(Keeper::Nftables), udp: lets_in(true), tcp: lets_in(false) }
}

/// Asks. There is nobody to be asked here.
#[cfg(not(target_os = "linux"))]
pub(super) async fn ask(_port: u16) -> Firewall {
    Firewall::Unasked(Why::System)
}

#[cfg(target_os = "linux")]
fn keeper() -> Option<Keeper> {
    let is_on = |line: &str| line.trim().eq_ignore_ascii_case("enabled=yes");
    if fs::read_to_string("/etc/ufw/ufw.conf").is_ok_and(|settings| settings.lines().any(is_on)) {
        return Some(Keeper::Ufw);
    }
    let is_firewalld = |process: fs::DirEntry| {
        let name = fs::read_to_string(process.path().join("comm"));
        name.is_ok_and(|name| name.trim() == "firewalld")
    };
    let is_running = fs::read_dir("/proc").ok()?.flatten().any(is_firewalld);
    is_running.then_some(Keeper::Firewalld)
}

/// Whether there are rules of the kind from before nftables. They are said to be there when they are used.
#[cfg(target_os = "linux")]
fn has_old_rules() -> bool {
    ["/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"]
        .iter()
        .any(|path| fs::read_to_string(path).is_ok_and(|tables| tables.lines().any(|table| table == "filter")))
}

//! The network that most cases use: a host and a second machine at home, behind a gateway, and somebody outside.
//!
//! ```text
//! host   192.168.77.2 ─┐
//!                      ├─ br0 192.168.77.1  gw  203.0.113.1 wan0 ─── eth0 203.0.113.9  far
//! second 192.168.77.3 ─┘      fd77::1            2001:db8::1         2001:db8::9
//! ```

use crate::lab::{End, Lab, Machine, wire};

/// The gateway's address on the outside: where `far` finds what is forwarded.
pub(crate) const OUTSIDE: &str = "203.0.113.1";

/// The host's address at home.
pub(crate) const HOST: &str = "192.168.77.2";

/// The four machines. The gateway routes, and does nothing else until a case says so: nothing is translated or blocked,
/// and nobody outside has a way to the addresses at home.
pub(crate) struct Net {
    pub(crate) host: Machine,
    pub(crate) second: Machine,
    pub(crate) gw: Machine,
    pub(crate) far: Machine,
    /// Last: it ends the others.
    pub(crate) lab: Lab,
}

impl Net {
    /// A new one; or none, and the reason is told, where it cannot be made.
    pub(crate) fn new() -> Option<Self> {
        let lab = Lab::new()?;
        let [host, second, gw, far] = ["host", "second", "gw", "far"].map(|name| lab.machine(name));
        gw.shell("ip link add br0 type bridge; ip link set br0 up; sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
        for (machine, port, number) in [(&host, "lan1", 2), (&second, "lan2", 3)] {
            wire(&End(&gw, port), &End(machine, "eth0"));
            gw.ip(&format!("link set {port} master br0"));
            machine.address("eth0", &format!("192.168.77.{number}/24"));
            machine.address("eth0", &format!("fd77::{number}/64"));
            machine.ip("route add default via 192.168.77.1");
            machine.ip("-6 route add default via fd77::1");
        }
        wire(&End(&gw, "wan0"), &End(&far, "eth0"));
        for (interface, address) in
            [("br0", "192.168.77.1/24"), ("br0", "fd77::1/64"), ("wan0", "203.0.113.1/24"), ("wan0", "2001:db8::1/64")]
        {
            gw.address(interface, address);
        }
        far.address("eth0", "203.0.113.9/24");
        far.address("eth0", "2001:db8::9/64");
        Some(Self { host, second, gw, far, lab })
    }
}

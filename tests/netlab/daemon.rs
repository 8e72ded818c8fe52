//! A gateway with a real daemon that opens ports for who asks: miniupnpd, which speaks PCP, NAT-PMP and UPnP.

use std::fs;

use tempfile::TempDir;

use crate::{
    lab::{Guarded, Machine, has},
    net::Net,
};

/// The gateway's address outside, of those that anybody in the internet may have: what is not is in no invite. In these
/// networks it is the gateway's.
pub(crate) const PUBLIC: &str = "192.0.1.1";

/// Another one.
pub(crate) const OTHER: &str = "192.0.1.2";

/// How the gateway is set up.
#[derive(Clone, Copy)]
pub(crate) struct Setting {
    /// It speaks PCP and NAT-PMP.
    pub(crate) port_control: bool,
    /// It speaks UPnP.
    pub(crate) upnp: bool,
    /// Its address outside, if it is to say another one than that of its interface.
    pub(crate) address: Option<&'static str>,
    /// The longest lease in seconds.
    pub(crate) lease: u32,
    /// It opens ports for those inside.
    pub(crate) allows: bool,
}

pub(crate) const USUAL: Setting =
    Setting { port_control: true, upnp: true, address: Some(PUBLIC), lease: 86_400, allows: true };

/// PCP and NAT-PMP differ in the first byte that is sent to port 5351.
pub(crate) const NO_PCP: &str = "udp dport 5351 @th,64,8 2 drop";
pub(crate) const NO_NAT_PMP: &str = "udp dport 5351 @th,64,8 0 drop";

/// A gateway with a daemon.
pub(crate) struct Gateway {
    _daemon: Guarded,
    _files: TempDir,
}

impl Gateway {
    /// Starts the daemon, and waits until it listens.
    pub(crate) fn start(net: &Net, setting: Setting) -> Self {
        Self::start_on(&net.gw, "br0", setting)
    }

    /// The same on any machine: for those at its interface `lan`.
    pub(crate) fn start_on(machine: &Machine, lan: &str, setting: Setting) -> Self {
        let files = TempDir::new().expect("a temporary folder");
        let (config, pid) = (files.path().join("conf"), files.path().join("pid"));
        let yes = |is: bool| if is { "yes" } else { "no" };
        let address = setting.address.map(|address| format!("ext_ip={address}\n")).unwrap_or_default();
        let allowed = if setting.allows { "allow 1024-65535 192.168.77.0/24 1024-65535\n" } else { "" };
        let text = format!(
            "ext_ifname=wan0\n{address}listening_ip={lan}\nhttp_port=5000\nenable_natpmp={}\nenable_upnp={}\n\
             upnp_table_name=gwfilter\nupnp_nat_table_name=gwnat\nupnp_forward_chain=upnp_fwd\n\
             upnp_nat_chain=upnp_pre\nupnp_nat_postrouting_chain=upnp_post\nsecure_mode=yes\nsystem_uptime=yes\n\
             ipv6_disable=yes\nmin_lifetime=2\nmax_lifetime={}\nnotify_interval=30\nclean_ruleset_interval=600\n\
             uuid=11111111-2222-3333-4444-555555555555\n{allowed}deny 0-65535 0.0.0.0/0 0-65535\n",
            yes(setting.port_control),
            yes(setting.upnp),
            setting.lease,
        );
        fs::write(&config, text).expect("a file");
        let daemon =
            machine.spawn(&format!("miniupnpd -d -f {} -P {} >/dev/null 2>&1", config.display(), pid.display()));
        let ports = [(setting.port_control, 5351), (setting.upnp, 1900)];
        for (_, port) in ports.into_iter().filter(|(listens, _)| *listens) {
            let listens = format!(
                "for i in $(seq 200); do ss -Huln sport = :{port} | grep -q . && exit 0; sleep 0.05; done; exit 1"
            );
            assert!(machine.succeeds(&listens), "the daemon does not listen on port {port}");
        }
        Self { _daemon: daemon, _files: files }
    }
}

/// A network whose gateway has a public address outside and lets nobody in by itself; or none, where that cannot be made.
pub(crate) fn net() -> Option<Net> {
    if !has(&["miniupnpd", "natpmpc", "ss"]) {
        return None;
    }
    let net = Net::new()?;
    for address in [PUBLIC, OTHER] {
        net.gw.address("wan0", &format!("{address}/32"));
        net.far.ip(&format!("route add {address} via 203.0.113.1"));
    }
    forget(&net.gw, "br0");
    Some(net)
}

/// A gateway's rules as they are after a restart, with those inside at its interface `lan`: nothing is open.
pub(crate) fn forget(gw: &Machine, lan: &str) {
    gw.nft(&format!(
        "table inet gwnat
        delete table inet gwnat
        table inet gwfilter
        delete table inet gwfilter
        table inet gwnat {{
            chain upnp_pre {{
            }}
            chain upnp_post {{
            }}
            chain pre {{
                type nat hook prerouting priority dstnat
                jump upnp_pre
            }}
            chain post {{
                type nat hook postrouting priority srcnat
                jump upnp_post
                oifname \"wan0\" ip saddr 192.168.77.0/24 masquerade
            }}
        }}
        table inet gwfilter {{
            chain upnp_fwd {{
            }}
            chain forw {{
                type filter hook forward priority filter
                policy drop
                ct state established,related accept
                iifname \"{lan}\" accept
                jump upnp_fwd
            }}
            chain inp {{
                type filter hook input priority filter
                policy accept
                iifname \"wan0\" ct state new drop
            }}
        }}"
    ));
}

/// Something is wrong with what is said to the gateway itself: what matches does not reach its daemon.
pub(crate) fn deaf(net: &Net, rule: &str) {
    net.gw.nft(&format!(
        "table inet deaf {{
            chain inp {{
                type filter hook input priority filter - 10
                iifname \"br0\" {rule}
            }}
        }}"
    ));
}

/// What is open on a gateway.
pub(crate) fn open_ports(gw: &Machine) -> String {
    gw.shell("nft list chain inet gwnat upnp_pre")
}

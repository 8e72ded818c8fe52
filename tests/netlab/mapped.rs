//! A way in from outside, asked for with `host --map-port`, of a gateway with a real daemon: miniupnpd, which speaks PCP,
//! NAT-PMP and UPnP.

use std::{fs, time::Duration};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    gateway::{self, NO_UDP},
    harness::{Host, Program},
    lab::{Guarded, has},
    net::Net,
    people::{Joined, PORT, Person, converse, events},
};

/// The gateway's address outside, of those that anybody in the internet may have: what is not is in no invite. In these
/// networks it is the gateway's.
const PUBLIC: &str = "192.0.1.1";

/// Another one.
const OTHER: &str = "192.0.1.2";

/// How the gateway is set up.
#[derive(Clone, Copy)]
struct Setting {
    /// It speaks PCP and NAT-PMP.
    port_control: bool,
    /// It speaks UPnP.
    upnp: bool,
    /// Its address outside, if it is to say another one than that of its interface.
    address: Option<&'static str>,
    /// The longest lease in seconds.
    lease: u32,
    /// It opens ports for those inside.
    allows: bool,
}

const USUAL: Setting = Setting { port_control: true, upnp: true, address: Some(PUBLIC), lease: 86_400, allows: true };

/// PCP and NAT-PMP differ in the first byte that is sent to port 5351.
const NO_PCP: &str = "udp dport 5351 @th,64,8 2 drop";

/// A gateway with a daemon.
struct Gateway {
    _daemon: Guarded,
    _files: TempDir,
}

impl Gateway {
    /// Starts the daemon, and waits until it listens.
    fn start(net: &Net, setting: Setting) -> Self {
        let files = TempDir::new().expect("a temporary folder");
        let (config, pid) = (files.path().join("conf"), files.path().join("pid"));
        let yes = |is: bool| if is { "yes" } else { "no" };
        let address = setting.address.map(|address| format!("ext_ip={address}\n")).unwrap_or_default();
        let allowed = if setting.allows { "allow 1024-65535 192.168.77.0/24 1024-65535\n" } else { "" };
        let text = format!(
            "ext_ifname=wan0\n{address}listening_ip=br0\nhttp_port=5000\nenable_natpmp={}\nenable_upnp={}\n\
             upnp_table_name=gwfilter\nupnp_nat_table_name=gwnat\nupnp_forward_chain=upnp_fwd\n\
             upnp_nat_chain=upnp_pre\nupnp_nat_postrouting_chain=upnp_post\nsecure_mode=yes\nsystem_uptime=yes\n\
             ipv6_disable=yes\nmin_lifetime=2\nmax_lifetime={}\nnotify_interval=30\nclean_ruleset_interval=600\n\
             uuid=11111111-2222-3333-4444-555555555555\n{allowed}deny 0-65535 0.0.0.0/0 0-65535\n",
            yes(setting.port_control),
            yes(setting.upnp),
            setting.lease,
        );
        fs::write(&config, text).expect("a file");
        // It does not end by itself when it is asked for what it does not allow.
        let daemon = net.gw.spawn(&format!(
            "timeout -k 1 300 miniupnpd -d -f {} -P {} >/dev/null 2>&1",
            config.display(),
            pid.display()
        ));
        let ports = [(setting.port_control, 5351), (setting.upnp, 1900)];
        for (_, port) in ports.into_iter().filter(|(listens, _)| *listens) {
            let listens = format!(
                "for i in $(seq 200); do ss -Huln sport = :{port} | grep -q . && exit 0; sleep 0.05; done; exit 1"
            );
            assert!(net.gw.succeeds(&listens), "the daemon does not listen on port {port}");
        }
        Self { _daemon: daemon, _files: files }
    }
}

/// A network whose gateway has a public address outside and lets nobody in by itself; or none, where that cannot be made.
fn net() -> Option<Net> {
    if !has(&["miniupnpd", "natpmpc", "ss", "timeout"]) {
        return None;
    }
    let net = Net::new()?;
    for address in [PUBLIC, OTHER] {
        net.gw.address("wan0", &format!("{address}/32"));
        net.far.ip(&format!("route add {address} via 203.0.113.1"));
    }
    forget(&net);
    Some(net)
}

/// The gateway's rules as they are after a restart: nothing is open.
fn forget(net: &Net) {
    net.gw.nft(
        "table inet gwnat
        delete table inet gwnat
        table inet gwfilter
        delete table inet gwfilter
        table inet gwnat {
            chain upnp_pre {
            }
            chain upnp_post {
            }
            chain pre {
                type nat hook prerouting priority dstnat
                jump upnp_pre
            }
            chain post {
                type nat hook postrouting priority srcnat
                jump upnp_post
                oifname \"wan0\" ip saddr 192.168.77.0/24 masquerade
            }
        }
        table inet gwfilter {
            chain upnp_fwd {
            }
            chain forw {
                type filter hook forward priority filter
                policy drop
                ct state established,related accept
                iifname \"br0\" accept
                jump upnp_fwd
            }
            chain inp {
                type filter hook input priority filter
                policy accept
                iifname \"wan0\" ct state new drop
            }
        }",
    );
}

/// Something is wrong with what is said to the gateway itself: what matches does not reach its daemon.
fn deaf(net: &Net, rule: &str) {
    net.gw.nft(&format!(
        "table inet deaf {{
            chain inp {{
                type filter hook input priority filter - 10
                iifname \"br0\" {rule}
            }}
        }}"
    ));
}

/// What is open on the gateway.
fn open_ports(net: &Net) -> String {
    net.gw.shell("nft list chain inet gwnat upnp_pre")
}

/// Hosts a room and asks for a way in.
fn host(net: &Net) -> Host {
    Person::at(&net.host, "Ana").host(&["--quic", "--map-port"])
}

/// Waits until a way in stands like this.
fn stands(program: &mut Program, state: &str) -> Value {
    let so_far = events(program, "mapped").into_iter().rfind(|mapped| mapped["state"] == state);
    so_far.unwrap_or_else(|| program.wait_for("mapped", |mapped| mapped["state"] == state))
}

/// Joins by an invite, as somebody outside who was sent it.
fn join(net: &Net, name: &'static str, mapped: &Value) -> Joined {
    let invite = mapped["invite"].as_str().expect("an invite").to_owned();
    let begun = std::time::Instant::now();
    let mut program = Person::at(&net.far, name).start(&["join", &invite, "--name", name]);
    let welcome = program.wait("welcomed");
    Joined { program, welcome, took: begun.elapsed() }
}

/// A room is opened to the outside, used over QUIC and over TLS, and shut when it ends.
fn is_opened_used_and_shut(setting: Setting, deafness: &str, language: &str) {
    let Some(net) = net() else { return };
    let _gateway = Gateway::start(&net, setting);
    if !deafness.is_empty() {
        deaf(&net, deafness);
    }
    let mut host = host(&net);
    let mapped = stands(&mut host.program, "open");
    assert_eq!(mapped["outside"], serde_json::json!([format!("{PUBLIC}:{PORT}")]));
    let detail = mapped["detail"].as_str().expect("a sentence");
    assert!(detail.contains(&format!("({language})")), "{detail}");

    let mut ben = join(&net, "Ben", &mapped);
    assert_eq!((ben.transport(), ben.security()), ("quic", "pinned"));
    gateway::fault(&net.gw, NO_UDP);
    let mut cleo = join(&net, "Cleo", &mapped);
    assert_eq!((cleo.transport(), cleo.security()), ("tls", "pinned"));
    gateway::fault(&net.gw, gateway::NOTHING);
    converse(&mut [&mut host.program, &mut ben.program, &mut cleo.program], 3);

    host.program.signal("INT");
    let (code, took) = host.program.wait_end();
    assert_eq!(code, 0);
    assert!(took < Duration::from_secs(2), "the end took {took:?}");
    let left = open_ports(&net);
    assert!(!left.contains("7275"), "{left}");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_room_is_opened_to_the_outside_by_pcp_and_shut_when_it_ends() {
    is_opened_used_and_shut(Setting { upnp: false, ..USUAL }, "", "PCP");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_room_is_opened_to_the_outside_by_nat_pmp_and_shut_when_it_ends() {
    is_opened_used_and_shut(Setting { upnp: false, ..USUAL }, NO_PCP, "NAT-PMP");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_room_is_opened_to_the_outside_by_upnp_and_shut_when_it_ends() {
    is_opened_used_and_shut(Setting { port_control: false, ..USUAL }, "", "UPnP");
}

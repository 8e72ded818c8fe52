//! The one port, and the addresses under which others may find it.

use std::{
    io,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use super::Options;
use crate::{
    conversation::{Refused, RefusedReason},
    identity::{Address, Host, Identity},
    reach::{LOOPBACK, here, likelihood},
    transport::{Credentials, Listener, Port, Quic, Transport},
};

/// Any free port may be free on TCP and taken on UDP; then another one is tried, at most so often.
const TRIES: usize = 16;

/// Addresses that are told to a person; more would hide the right one.
const ADDRESSES: usize = 8;

/// The listeners that the options ask for, all on one port number.
pub(super) fn listen(options: &Options, identity: &Arc<Identity>) -> Result<Vec<Box<dyn Listener>>, Refused> {
    let address = SocketAddr::new(options.bind.unwrap_or(Ipv6Addr::UNSPECIFIED.into()), options.port);
    let mut tries = if options.port == 0 { TRIES } else { 1 };
    loop {
        tries -= 1;
        match listen_once(options, identity, address) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && tries > 0 => {}
            result => return result.map_err(|error| cannot_listen(&error, address)),
        }
    }
}

fn listen_once(
    options: &Options,
    identity: &Arc<Identity>,
    mut address: SocketAddr,
) -> io::Result<Vec<Box<dyn Listener>>> {
    let credentials = Credentials::new(identity.clone());
    let port = match (options.encrypted, options.plain) {
        (true, true) => Port::encrypted(&credentials)?.and_plain(),
        (true, false) => Port::encrypted(&credentials)?,
        _ => Port::plain(),
    };
    let tcp = port.listen(address)?;
    address.set_port(tcp.local_address()?.port());
    let mut listeners = vec![tcp];
    if options.encrypted {
        listeners.push(Quic::new(credentials, None).listen(address)?);
    }
    Ok(listeners)
}

/// The port that the listeners share.
pub(super) fn port(listeners: &[Box<dyn Listener>]) -> Result<u16, Refused> {
    let first = listeners.first().ok_or_else(|| local("There is nothing to listen on.".to_owned()))?;
    first.local_address().map(|address| address.port()).map_err(|error| local(error.to_string()))
}

fn cannot_listen(error: &io::Error, address: SocketAddr) -> Refused {
    let port = address.port();
    local(match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "Port {port} is taken on this machine, perhaps by another room. Stop that one, or choose another port \
             (on the command line with --port); 0 takes any that is free."
        ),
        io::ErrorKind::PermissionDenied => format!(
            "This system does not let you listen on port {port}. Ports from 1024 on are free to everyone: choose one with \
             --port."
        ),
        io::ErrorKind::AddrNotAvailable => {
            format!("{} is not an address of this machine. Leave --bind out to listen on all of them.", address.ip())
        }
        _ => format!("Port {port} cannot be listened on: {error}."),
    })
}

pub(super) fn local(detail: String) -> Refused {
    Refused::new(RefusedReason::Local, detail)
}

/// Where others may reach us, the likeliest first. This machine's own loopback only if there is nothing else.
pub(super) fn addresses(bind: Option<IpAddr>, port: u16) -> Vec<Address> {
    let mut ips: Vec<IpAddr> = match bind {
        Some(ip) if !ip.is_unspecified() => vec![ip],
        unspecified => {
            let only_v4 = unspecified.is_some_and(|ip| ip.is_ipv4());
            let ips = here::addresses().into_iter().map(|here| here.ip).filter(|ip| ip.is_ipv4() || !only_v4);
            // Means something only together with an interface of the other machine's.
            ips.filter(|ip| !matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local())).collect()
        }
    };
    ips.sort_by_key(|ip| likelihood(*ip));
    ips.dedup();
    if ips.first().is_some_and(|best| likelihood(*best) < LOOPBACK) {
        ips.retain(|ip| likelihood(*ip) < LOOPBACK);
    }
    ips.truncate(ADDRESSES);
    ips.into_iter()
        .map(|ip| match ip {
            IpAddr::V4(ip) => Address { host: Host::V4(ip), port },
            IpAddr::V6(ip) => Address { host: Host::V6(ip, None), port },
        })
        .collect()
}

//! The sockets that an address stands for: a name is looked up, a number is taken as it is.

use std::{io, net::SocketAddr};

use tokio::net::lookup_host;

use crate::identity::{Address, Host};

/// Asks the system for the sockets of `address`, in the order in which it would try them. Has no deadline of its own; a name
/// server that is waited for goes on being waited for, in a thread, when the future is dropped.
///
/// # Errors
///
/// When nobody knows the name, or the zone of an IPv6 address is no interface of this machine.
pub async fn look_up(address: &Address) -> io::Result<Vec<SocketAddr>> {
    let host = match &address.host {
        Host::V4(ip) => ip.to_string(),
        Host::V6(ip, None) => ip.to_string(),
        Host::V6(ip, Some(zone)) => format!("{ip}%{zone}"),
        Host::Name(name) => name.clone(),
    };
    Ok(lookup_host((host, address.port)).await?.collect())
}

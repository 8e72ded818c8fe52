//! Sockets for both families of addresses.
//!
//! Whether `[::]` also takes IPv4 differs between systems unless one says so; here it always does.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
};

use socket2::{Domain, Protocol, Socket, Type};
use tracing::{debug, info};

/// Connections that may wait to be accepted. Short queues lose a crowd that joins at once.
const BACKLOG: i32 = 1024;

/// What a UDP socket asks of the system for each direction, in bytes. Linux gives 208 KiB unasked, which is less than a
/// hundred full packets; it grants what its own limit allows.
const UDP_BUFFER: usize = 4 * 1024 * 1024;

/// Every address of this machine, of both families where there are two.
pub(super) const ANY: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

pub(super) fn tcp_listener(address: SocketAddr) -> io::Result<tokio::net::TcpListener> {
    let socket = bound(address, Type::STREAM, Protocol::TCP)?;
    socket.listen(BACKLOG)?;
    tokio::net::TcpListener::from_std(socket.into())
}

/// A UDP socket with buffers as large as the system gives. With small ones, a crowd that joins at once loses packets, and
/// those it loses come again.
pub(super) fn udp(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = bound(address, Type::DGRAM, Protocol::UDP)?;
    let _ = socket.set_recv_buffer_size(UDP_BUFFER);
    let _ = socket.set_send_buffer_size(UDP_BUFFER);
    let (receive, send) = (socket.recv_buffer_size()?, socket.send_buffer_size()?);
    debug!(receive, send, asked = UDP_BUFFER, "UDP buffers, in bytes");
    if receive < UDP_BUFFER {
        info!(receive, "the system gives UDP a small buffer, so a crowd that joins at once takes longer");
    }
    Ok(socket.into())
}

/// A socket bound to `address`; on a machine without IPv6, `[::]` means `0.0.0.0`.
fn bound(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    match bound_exactly(address, kind, protocol) {
        Err(error) if address.ip() == ANY && !matches!(error.kind(), io::ErrorKind::AddrInUse) => {
            let ipv4 = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), address.port());
            bound_exactly(ipv4, kind, protocol).map_err(|_| error)
        }
        bound => bound,
    }
}

fn bound_exactly(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.ip() == ANY {
        socket.set_only_v6(false)?;
    }
    // A port whose last connections are still fading can be taken again. Elsewhere the option means something else.
    #[cfg(unix)]
    if kind == Type::STREAM {
        socket.set_reuse_address(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

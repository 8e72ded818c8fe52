//! The port, and the room that may be open on it, in words.

use super::said;
use crate::{
    identity::DEFAULT_PORT,
    reach::doctor::{
        code::Code,
        report::{Finding, Mark},
        survey::Port,
    },
};

/// What is so with port `port`.
pub(super) fn port(port: u16, found: &Port) -> Finding {
    match found {
        Port::Free => said(
            Code::PortFree,
            Mark::Ok,
            format!("Port {port} is free: a room can be opened, and none is open now."),
            "",
            format!("To see whether it answers, open it (parlor host{}) and ask again.", option(port)),
        ),
        Port::Forbidden => said(
            Code::PortForbidden,
            Mark::Failed,
            format!("This system does not let you listen on port {port}."),
            match port {
                ..1024 => "Ports below 1024 are kept for its own services.",
                _ => "It keeps this port for something of its own, or whoever administers it forbids it.",
            },
            "Choose another one with --port.",
        ),
        Port::OwnRoom { quic, tls } => {
            let over = match (quic, tls) {
                (true, true) => "QUIC and TLS",
                (true, false) => "QUIC, and not over TLS",
                _ => "TLS, and not over QUIC",
            };
            let mark = if *quic && *tls { Mark::Ok } else { Mark::Note };
            said(Code::OwnRoom, mark, format!("Your room is open on port {port}, and answers over {over}."), "", "")
        }
        Port::OwnRoomAway { from } => said(
            Code::NotOnAllAddresses,
            Mark::Note,
            format!("Your room does not answer under {}.", from.join(", ")),
            "It was opened on one address only (--bind), or a firewall drops even what comes from this computer.",
            "Open it without --bind, so that it answers under all.",
        ),
        Port::OnlyHere => said(
            Code::OnlyHere,
            Mark::Failed,
            "Your room answers only on this computer itself.",
            "It was opened with --bind on an address that nobody else can use.",
            "Open it without --bind.",
        ),
        Port::OtherRoom { key } => said(
            Code::OtherRoom,
            Mark::Failed,
            format!("Port {port} has a room with another key than yours: {key}"),
            "Another user of this computer hosts it, or another installation (--data-dir).",
            "Choose another port with --port, or close that room.",
        ),
        Port::PlainRoom => said(
            Code::PlainRoom,
            Mark::Note,
            format!("Port {port} has a room without encryption."),
            "It was opened with --tcp; whose it is cannot be told. Everybody on the way can read and change what is said.",
            "Open it without --tcp, if it is yours.",
        ),
        Port::OtherProgram { udp, tcp } => {
            let over = match (udp, tcp) {
                (true, false) => " for UDP",
                (false, true) => " for TCP",
                _ => "",
            };
            said(
                Code::OtherProgram,
                Mark::Failed,
                format!("Port {port} is taken{over}, and no room of parlor answers there."),
                "Another program has it, or a room that hangs; or a firewall drops even what comes from this computer.",
                "Choose another port with --port, or stop that program.",
            )
        }
    }
}

/// How one says the port to `parlor host`, if one has to.
fn option(port: u16) -> String {
    if port == DEFAULT_PORT { String::new() } else { format!(" --port {port}") }
}

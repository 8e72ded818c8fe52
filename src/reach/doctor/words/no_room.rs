//! What answers and is no room that one could join, in words.

use super::{Said, fails};
use crate::{
    reach::doctor::{code::Code, diagnosis::NoRoom},
    transport::PROTOCOL,
};

/// Something answers at `place`.
pub(super) fn no_room(why: NoRoom, place: &str) -> Said {
    match why {
        NoRoom::OtherProgram { speaks_tls } => fails(
            Code::OtherProgram,
            match speaks_tls {
                true => format!("Another program answers at {place}: it speaks TLS, and is no host of parlor."),
                false => format!("Another program answers at {place}, which is no host of parlor."),
            },
            "The port or the address is not the room's.",
            "Compare both with those in the host's window.",
        ),
        NoRoom::Mute => fails(
            Code::Mute,
            format!("{place} takes connections and then says nothing."),
            "Another program has the port; or the host's computer hangs, or is asleep.",
            "Compare address and port with those in the host's window; if they are right, ask the host to look at their computer.",
        ),
        NoRoom::HangsUp => fails(
            Code::HangsUp,
            format!("{place} takes connections and ends them without a word."),
            "A gateway forwards the port to a machine where nothing listens, a proxy is in between, or it is another program.",
            "Ask the host whether the room is open, and where their gateway forwards the port to.",
        ),
        NoRoom::Plain => fails(
            Code::PlainRoom,
            format!("{place} is a room without encryption: it takes plain TCP only."),
            "Its host has opened it with --tcp.",
            "Ask the host for an encrypted room. If it has to be so: join with --tcp, and everybody on the way can read and change \
             what is said.",
        ),
        NoRoom::OtherVersion => fails(
            Code::OtherVersion,
            format!(
                "{place} is a host of parlor of another version, which does not speak {}.",
                String::from_utf8_lossy(PROTOCOL)
            ),
            "One of the two programs is too old for the other.",
            "Bring both to the newest version, yours and the host's.",
        ),
        NoRoom::EncryptionBroken => fails(
            Code::EncryptionBroken,
            format!("{place} is a host of parlor, and no encrypted connection to it comes about."),
            "Something on the way lets plain TCP through and breaks TLS: a firewall that looks into connections, or a proxy.",
            "Use another network, or a VPN. Do not fall back to plain TCP here: somebody wants to read along.",
        ),
    }
}

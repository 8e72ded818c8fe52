//! What a person is told when a join does not come about: the cause and the next step, in a line or two, and in words that
//! they know. What a library calls it is for the log.

use std::{
    borrow::Cow,
    io::{self, ErrorKind},
};

use tracing::info;

use super::{Consent, Way};
use crate::{
    conversation::{Choice, Refused, RefusedReason},
    identity::{DamagedLine, Fingerprint, RoomName},
    reach::found::NOT_THERE,
    transport::{Error, proxy::ProxyFault},
    wire::{CloseCode, message, text},
};

/// A host without a pin, and a line of the pins that might have been its pin.
pub(super) fn damaged_pin(damaged: &DamagedLine) -> Refused {
    let detail = format!(
        "Line {} of your pins file cannot be read ({}), so it is not certain that this host is new to you. Mend or remove \
         that line, or join with the host's fingerprint.",
        damaged.number, damaged.why
    );
    Refused::new(RefusedReason::Local, detail)
}

/// The host's own answer.
pub(super) fn refused_by_the_host(refused: message::Refused) -> Refused {
    let told = Refused::new(refused.refusal.into(), text::reason(&refused.detail));
    Refused { suggestion: refused.suggestion, ..told }
}

/// Nobody was reached, or not the right one.
pub(super) fn could_not_reach(place: &str, error: &Error, way: Way) -> Refused {
    let (reason, detail) = match error {
        Error::IdentityMismatch { expected, found } => {
            return Refused { keys: Some(Box::new((*expected, *found))), ..mismatch(place, expected) };
        }
        Error::IdentityUnproven { claimed } => (
            RefusedReason::IdentityMismatch,
            format!(
                "{place} shows the key {claimed} but cannot prove that it has it. Somebody is between you and the host. \
                 Nothing was sent; do not go on from this network."
            ),
        ),
        Error::IdentityRefused => (
            RefusedReason::IdentityRefused,
            format!("{place} does not accept this installation's key. Ask its host to let you in."),
        ),
        Error::WrongProtocol(what) => {
            info!(what, "not as a room");
            let detail = format!(
                "{place} answers, but not as a room that can be joined so: it may be another program, another version of \
                 parlor, or a room without encryption. Check the address and the port."
            );
            (RefusedReason::WrongProtocol, detail)
        }
        Error::Closed { code: CloseCode::PlaintextRefused, reason } => {
            (RefusedReason::PlaintextRefused, reason.clone())
        }
        Error::Closed { code: CloseCode::Version, reason } => (RefusedReason::Version, reason.clone()),
        Error::Closed { code: CloseCode::Busy, reason } => (RefusedReason::Busy, reason.clone()),
        Error::Closed { reason, .. } => (RefusedReason::Unreachable, format!("{place} has hung up: {reason}")),
        Error::Unreachable(cause) if is_about_a_proxy(cause) => {
            let detail = format!(
                "{place} cannot be reached through the proxy ({}). Is what follows --proxy right, and does the proxy let you \
                 through?",
                in_words(cause)
            );
            (RefusedReason::Unreachable, detail)
        }
        Error::Unreachable(_)
        | Error::TimedOut
        | Error::Io(_)
        | Error::IdentityUnknown { .. }
        | Error::IdentityImpossible => {
            let cause = match error {
                Error::Unreachable(cause) | Error::Io(cause) => in_words(cause),
                _ => "no answer".into(),
            };
            let over = match way {
                Way::Plain => "plain TCP",
                Way::Only(crate::transport::Kind::Quic) => "QUIC",
                Way::Only(_) => "TLS",
                Way::Encrypted => "QUIC or TLS",
            };
            let detail = format!(
                "{place} cannot be reached over {over} ({cause}). Is the host running, is the address right, and does its \
                 gateway or firewall let the port through?"
            );
            (RefusedReason::Unreachable, detail)
        }
    };
    Refused::new(reason, detail)
}

/// The host has a name, and nobody knows where that is.
pub(super) fn not_found(place: &str) -> Refused {
    let detail = format!(
        "No machine called {place} can be found from here. Is the name right? The host's window also shows addresses in numbers, \
         which need not be looked up."
    );
    Refused::new(RefusedReason::Unreachable, detail)
}

/// No room of that name, and no machine either.
pub(super) fn neither_room_nor_machine(place: &str) -> Refused {
    let detail = format!(
        "No room of that name is announced on this network, and no machine called {place} can be found from here. {NOT_THERE}"
    );
    Refused::new(RefusedReason::Unreachable, detail)
}

/// No room of that name, which no machine can have.
pub(super) fn no_such_room(name: &RoomName) -> Refused {
    let detail =
        format!("No room called “{name}” is announced on this network, and you have not been in one. {NOT_THERE}");
    Refused::new(RefusedReason::Unreachable, detail)
}

/// Several rooms have that name, and nobody has said which one is meant.
pub(super) fn several_rooms(name: &RoomName, choices: &[Choice]) -> Refused {
    let listed: Vec<_> = choices.iter().map(|choice| choice.about.as_str()).collect();
    let detail = format!("Several rooms are called “{name}”: {}. Say which by its address.", listed.join("; "));
    Refused::new(RefusedReason::Ambiguous, detail)
}

/// The same refusal, of a room that one knows of from an announcement only.
pub(super) fn of_an_announced_room(refused: Refused) -> Refused {
    let more = match refused.reason {
        RefusedReason::Unreachable => {
            "It was announced on this network; but an announcement stays for some minutes when its host is cut off, and anybody \
             can make one."
        }
        RefusedReason::IdentityMismatch => {
            "Anybody on this network can announce a room under the name of yours. Your own rooms are listed in the window and by \
             parlor hosts."
        }
        _ => return refused,
    };
    Refused { detail: format!("{} {more}", refused.detail), ..refused }
}

/// What has become of a connection, to stand in a sentence.
pub(super) fn in_words(cause: &io::Error) -> Cow<'static, str> {
    if let Some(fault) = fault(cause) {
        return fault.to_string().into();
    }
    match cause.kind() {
        ErrorKind::ConnectionRefused => "nothing is listening there",
        ErrorKind::TimedOut => "no answer",
        ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::AddrNotAvailable
        | ErrorKind::Unsupported => "this computer has no way to get there",
        ErrorKind::PermissionDenied => "this computer's firewall does not allow it",
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::NotConnected
        | ErrorKind::UnexpectedEof => "it was cut off",
        _ => "no connection came about",
    }
    .into()
}

/// Whether it was a proxy that did not help.
pub(super) fn is_about_a_proxy(cause: &io::Error) -> bool {
    fault(cause).is_some()
}

/// What a proxy has done instead of connecting, if that is what it was.
fn fault(cause: &io::Error) -> Option<ProxyFault> {
    cause.get_ref()?.downcast_ref().copied()
}

fn mismatch(place: &str, expected: &Fingerprint) -> Refused {
    Refused::new(
        RefusedReason::IdentityMismatch,
        format!(
            "{place} answers, but its key is not the one you expect. Somebody may be pretending to be your host; nothing \
             was sent. Ask the host, in person or by phone, for their fingerprint. If they do have a new key, join with a \
             new invite of theirs; a key that you have pinned has to be forgotten first: parlor hosts forget {expected} (the \
             window can replace it)"
        ),
    )
}

/// First contact, and the answer was no, or nobody was there to give one.
pub(super) fn first_contact(place: &str, found: Fingerprint, known_as: &[String], consent: Consent) -> Refused {
    let known = match known_as {
        [] => String::new(),
        names => format!(" You know this key from {}.", names.join(", ")),
    };
    let detail = match consent {
        Consent::Ask => format!("You did not agree to the key of {place}, {found}. Nothing was sent."),
        _ => format!(
            "This is the first contact with {place}, and nobody is here to say whether its key is the right one: \
             {found}.{known} Join with an invite or --fingerprint, or trust it unseen with --accept-new."
        ),
    };
    Refused::new(RefusedReason::IdentityUnknown, detail)
}

/// Plain TCP was asked for, and the host has a key that was agreed on.
pub(super) fn plaintext_to_a_pinned_host(place: &str, key: Fingerprint) -> Refused {
    Refused::new(
        RefusedReason::PlaintextRefused,
        format!(
            "You have agreed on a key with {place} ({key}), so it is not talked to in the clear. Join it with \
             encryption; or, if you mean it, forget that host first: in the window, or with parlor hosts forget {key}"
        ),
    )
}

/// The same refusal, and what would still be possible.
pub(super) fn with_the_way_to_plaintext(refused: Refused) -> Refused {
    let detail = format!(
        "{} If its host serves plain TCP, --fallback plain joins it without encryption: everybody on the way can then read \
         and change what is said.",
        refused.detail
    );
    Refused { detail, ..refused }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Kind;

    /// What only whoever has written the program understands.
    const JARGON: [&str; 16] = [
        "certificate",
        "verify",
        "handshake",
        "alert",
        "rustls",
        "quinn",
        "os error",
        "errno",
        "frame",
        "0x",
        "eof",
        "broken pipe",
        "uncategorized",
        "lookup",
        "end of file",
        "entity",
    ];

    #[test]
    fn no_cause_is_told_in_the_words_of_a_library() {
        let io = |kind: ErrorKind| io::Error::new(kind, "handshake: certificate verify failed (os error 71)");
        let kinds = [
            ErrorKind::ConnectionRefused,
            ErrorKind::TimedOut,
            ErrorKind::HostUnreachable,
            ErrorKind::PermissionDenied,
            ErrorKind::UnexpectedEof,
            ErrorKind::InvalidData,
            ErrorKind::Other,
        ];
        let mut errors: Vec<Error> = kinds.map(|kind| Error::Unreachable(io(kind))).into();
        errors.extend(kinds.map(|kind| Error::Io(io(kind))));
        errors.extend([
            Error::TimedOut,
            Error::WrongProtocol("a frame of 4294967295 bytes: certificate verify failed".to_owned()),
            Error::IdentityMismatch {
                expected: Fingerprint::from_bytes([1; 32]),
                found: Fingerprint::from_bytes([2; 32]),
            },
            Error::IdentityUnproven { claimed: Fingerprint::from_bytes([1; 32]) },
            Error::IdentityRefused,
            Error::IdentityImpossible,
        ]);
        for error in errors {
            for way in [Way::Encrypted, Way::Only(Kind::Quic), Way::Only(Kind::Tls), Way::Plain] {
                let detail = could_not_reach("192.168.1.20:7275", &error, way).detail;
                assert!(detail.contains("192.168.1.20:7275"), "{detail}");
                let small = detail.to_lowercase();
                let found: Vec<_> = JARGON.iter().filter(|word| small.contains(**word)).collect();
                assert!(found.is_empty(), "{found:?} in: {detail}");
            }
        }
    }
}

//! What can go wrong between two peers, folded to what one can do about it.

use std::io;

use crate::{
    identity::Fingerprint,
    wire::{CloseCode, frame::FrameError, message::Close, text},
};

/// Why a peer could not be reached, or is gone.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody there: refused, no route, no answer to a name. Another way may work.
    #[error("no answer ({0})")]
    Unreachable(#[source] io::Error),
    /// No answer in time. Another way may work.
    #[error("no answer in time")]
    TimedOut,
    /// The peer showed another key than the one that was expected. Stop, and tell the person.
    #[error("the key is not the expected one: expected {expected}, found {found}")]
    IdentityMismatch {
        /// The key that was agreed on.
        expected: Fingerprint,
        /// The key that was shown.
        found: Fingerprint,
    },
    /// The peer showed a key and failed to prove that it has it: a copy of somebody's certificate. Stop.
    #[error("the peer shows the key {claimed} but cannot prove that it has it")]
    IdentityUnproven {
        /// The key that was shown.
        claimed: Fingerprint,
    },
    /// First contact: this is the key that the peer proved to have. Ask, then dial again expecting it.
    #[error("the key {found} is not known yet")]
    IdentityUnknown {
        /// The key that was shown and proved.
        found: Fingerprint,
    },
    /// A key was expected over a transport that has none. Do not go on.
    #[error("plain TCP cannot prove whose key it is")]
    IdentityImpossible,
    /// The peer does not accept our key.
    #[error("the other side does not accept this installation's key")]
    IdentityRefused,
    /// Something answers, but it does not speak our protocol.
    #[error("it answers, but does not speak parlor/1: {0}")]
    WrongProtocol(String),
    /// The peer has closed, and said why.
    #[error("{reason}")]
    Closed {
        /// Why, for programs.
        code: CloseCode,
        /// Why, for people; clean.
        reason: String,
    },
    /// The connection broke.
    #[error("the connection broke ({0})")]
    Io(#[source] io::Error),
}

impl Error {
    /// Whether the peer's identity is in doubt: then no other way may be tried in the clear.
    pub fn is_about_identity(&self) -> bool {
        matches!(self, Self::IdentityMismatch { .. } | Self::IdentityUnproven { .. })
    }
}

impl From<Close> for Error {
    fn from(close: Close) -> Self {
        Self::Closed { code: close.code.into(), reason: text::reason(&close.reason) }
    }
}

impl From<FrameError> for Error {
    fn from(error: FrameError) -> Self {
        Self::WrongProtocol(error.to_string())
    }
}

/// What an I/O error in the middle of a connection means. TLS puts its alerts into them.
pub(super) fn broken(error: io::Error) -> Error {
    let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        return Error::Io(error);
    };
    match tls {
        rustls::Error::AlertReceived(alert) => alert_received(u8::from(*alert)).unwrap_or(Error::Io(error)),
        rustls::Error::InvalidMessage(_) | rustls::Error::InappropriateMessage { .. } => {
            Error::WrongProtocol("what it sends is not TLS".to_owned())
        }
        _ => Error::Io(error),
    }
}

/// What a TLS alert of the peer's means, if it has a meaning to us. The numbers are those of RFC 8446, section 6.
pub(super) fn alert_received(alert: u8) -> Option<Error> {
    match alert {
        // bad_certificate … unknown_ca, access_denied, certificate_required
        42..=46 | 48 | 49 | 116 => Some(Error::IdentityRefused),
        // handshake_failure, protocol_version, no_application_protocol
        40 | 70 | 120 => Some(Error::WrongProtocol("it is another program, or another version of this one".to_owned())),
        _ => None,
    }
}

//! Why a connection was closed: the codes, which are the same on every transport. None is 0, for that is what QUIC says
//! of a connection that was merely dropped.

use super::{limits, message::Close, text};

/// Why a peer closed a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CloseCode {
    /// The member leaves, or a stream's work is done.
    Left,
    /// The host leaves, and the room ends.
    HostLeft,
    /// The peer sent what the protocol does not allow.
    Violation,
    /// A `Refused` was sent before.
    Refused,
    /// The same key joined again under the same name, and goes on there.
    Replaced,
    /// The peer took too long.
    TooSlow,
    /// This host is encrypted and does not speak plain TCP.
    PlaintextRefused,
    /// Too many connections are being made at this moment.
    Busy,
    /// The peer speaks another version.
    Version,
    /// A code of a later version.
    Other(u16),
}

impl CloseCode {
    /// The number on the wire.
    pub fn number(self) -> u16 {
        match self {
            Self::Left => 1,
            Self::HostLeft => 2,
            Self::Violation => 3,
            Self::Refused => 4,
            Self::Replaced => 5,
            Self::TooSlow => 6,
            Self::PlaintextRefused => 7,
            Self::Busy => 8,
            Self::Version => 9,
            Self::Other(number) => number,
        }
    }
}

impl From<u16> for CloseCode {
    fn from(number: u16) -> Self {
        match number {
            1 => Self::Left,
            2 => Self::HostLeft,
            3 => Self::Violation,
            4 => Self::Refused,
            5 => Self::Replaced,
            6 => Self::TooSlow,
            7 => Self::PlaintextRefused,
            8 => Self::Busy,
            9 => Self::Version,
            other => Self::Other(other),
        }
    }
}

impl Close {
    /// A close with a reason, which is cut to [`limits::REASON`] bytes.
    pub fn new(code: CloseCode, reason: &str) -> Self {
        Self { code: code.number(), reason: text::beginning(reason, limits::REASON).to_owned() }
    }
}

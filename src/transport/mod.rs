//! Ways to carry frames to a peer.

use serde::Serialize;

/// A way to carry frames.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// QUIC on UDP, with TLS 1.3.
    Quic,
    /// TLS 1.3 on TCP.
    Tls,
    /// Plain TCP.
    Tcp,
    /// Inside one process, for tests.
    Memory,
}

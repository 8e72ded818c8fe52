//! Every bound of the protocol, in one place.
//!
//! A number is here if a peer can make it matter: what may arrive, how much of it is kept, how long is waited.
//! `docs/PROTOCOL.md` repeats them for people who write a peer; a test compares the two.

use std::time::Duration;

/// Largest value of a frame's length field, in bytes: the kind and the payload together.
pub const FRAME: usize = 64 * 1024;

/// Longest text of one message, in bytes of UTF-8.
pub const TEXT: usize = 8 * 1024;

/// Longest reason sent with a close or a refusal, in bytes of UTF-8.
pub const REASON: usize = 512;

/// Members of a room, the host among them.
pub const MEMBERS: usize = 1_000;

/// Names that a room remembers the owner of, so that no other key takes them.
pub const NAMES_REMEMBERED: usize = 10_000;

/// Names that one key may own in a room. With more, it could crowd out those of others.
pub const NAMES_PER_KEY: usize = 16;

/// Members listed in one `Roster` frame. The largest possible member takes 169 bytes, so a full frame stays below [`FRAME`].
pub const ROSTER_BATCH: usize = 256;

/// Entries that the log keeps; the oldest go first.
pub const LOG_ENTRIES: usize = 10_000;

/// Bytes of encoded entries that the log keeps; the oldest go first.
pub const LOG_BYTES: usize = 16 * 1024 * 1024;

/// Entries that a saved log keeps in its file; the oldest go first.
pub const SAVED_ENTRIES: u64 = 1_000_000;

/// Bytes of encoded entries that a saved log keeps in its file; the oldest go first.
pub const SAVED_BYTES: u64 = 1024 * 1024 * 1024;

/// Entries that may wait to be saved before members are heard. With a disk that does not keep up, they wait.
pub const UNSAVED: u64 = 1_024;

/// Messages of the past that a new member is sent, with the notices between them.
pub const HISTORY: usize = 200;

/// Bytes that a member's writer takes from the log for one write.
pub const BATCH: usize = 64 * 1024;

/// Nonces that are remembered of each member, to drop a message that was sent twice.
pub const NONCES: usize = 256;

/// Messages of one's own that may be on their way, said but not yet echoed.
pub const OUTSTANDING: usize = 128;

/// Handshakes and greetings under way in all.
pub const PENDING: usize = 256;

/// Handshakes and greetings under way from one IP address.
pub const PENDING_PER_ADDRESS: usize = 128;

/// Knocks that wait for a place among the [`PENDING`], or those of their address: a whole room may come at once from behind
/// one gateway.
pub const WAITING: usize = 1_024;

/// Connections that one IP address, or IPv6 network, may make in a second, for as long as it likes...
pub const KNOCK_RATE: u32 = 20;

/// ... and at once: a whole room may come from behind one gateway.
pub const KNOCK_BURST: u32 = 1_000;

/// Addresses whose knocks are counted; those that have been calm for longest are forgotten first.
pub const ADDRESSES: usize = 4_096;

/// Knocks that are answered with `Busy` in a second, in all. What is beyond gets no answer: an answer costs a handshake.
pub const BUSY_RATE: u32 = 20;

/// The same, at once.
pub const BUSY_BURST: u32 = 50;

/// A knock that is answered with `Busy` has so long for its handshake.
pub const BUSY: Duration = Duration::from_secs(2);

/// Frames that a member may send in a second, for as long as they like. One with a payload of 1 KiB counts as two, one of
/// 2 KiB as three, and so on. Whoever is faster is read more slowly.
pub const FRAME_RATE: u32 = 50;

/// The same, at once: many lines that are pasted, or all that was [`OUTSTANDING`] when a connection was lost.
pub const FRAME_BURST: u32 = 500;

/// Streams that a joining side may open on one connection beyond the first.
pub const STREAMS: usize = 16;

/// Answers (`Pong`, `Repeated`) that may wait to be written to a member. A ping beyond them gets none, and what else needs one
/// is read when there is a place.
pub const ANSWERS: usize = 4;

/// Handshakes under way over QUIC from which on an address has to prove itself with a Retry before it costs any more.
pub const RETRY_FROM: usize = 32;

/// Bytes of one QUIC connection that are kept, beside its first packet, until it has its turn: the first flight is two.
pub const UNSEEN: usize = 4 * 1024;

/// Bytes that the host may have in flight to a member over QUIC: a gigabit per second at 10 ms, and some more. One stream may
/// have half of it.
pub const WINDOW_OF_MEMBER: usize = 2 * 1024 * 1024;

/// Bytes that one member may have in flight to the host over QUIC, who has to hold them for as many members as there are. One
/// stream may have half of it.
pub const WINDOW_OF_HOST: usize = 256 * 1024;

/// Bytes that are kept of each QUIC connection until the peer has acknowledged them. A peer that never does, and yet is heard,
/// holds on to so much of what the log has forgotten, or to twice as much where it was sent parts of runs; with less than is in
/// flight on a fast network, that would be slow.
pub const UNACKNOWLEDGED: usize = 1024 * 1024;

/// A QUIC peer that is silent so long is gone. Also bounds the handshake.
pub const QUIC_SILENCE: Duration = Duration::from_secs(20);

/// The joining side sends something over QUIC after so long: four times in [`QUIC_SILENCE`], and well under the 30 s for which
/// RFC 9000, section 10.1.2, expects a NAT to remember a mapping.
pub const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// From a knock to the `Hello`.
pub const GREETING: Duration = Duration::from_secs(10);

/// One attempt to dial, handshake included.
pub const ATTEMPT: Duration = Duration::from_secs(8);

/// All attempts of one join together.
pub const DIAL: Duration = Duration::from_secs(10);

/// The joining side sends a `Ping` this often.
pub const HEARTBEAT: Duration = Duration::from_secs(10);

/// A peer that has sent nothing for so long is lost.
pub const SILENCE: Duration = Duration::from_secs(30);

/// Whose connection was lost has so long to come back; then they have left.
pub const AWAY: Duration = Duration::from_secs(30);

/// Who has lost the connection tries again after this, and twice as long each time...
pub const RETRY_FIRST: Duration = Duration::from_millis(250);

/// ... up to this. In both, between half of it and all of it, so that a room does not come back all at once.
pub const RETRY_MAX: Duration = Duration::from_secs(10);

/// What is still unsent is given so long when a connection closes.
pub const FAREWELL: Duration = Duration::from_secs(1);

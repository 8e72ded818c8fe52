//! Rooms on this network: announced by their hosts over multicast DNS (RFC 6762) as services (RFC 6763), and seen by
//! whoever looks. `docs/PROTOCOL.md` has the records.
//!
//! An announcement is a hint. Anybody on the network can make one, so nothing in it is believed: it is bounded and cleaned,
//! it says where to dial and what to show, and [`Claim`] decides which key must answer there, by the pins alone.
//!
//! - [`record`]: what an announcement says, written and read
//! - [`claim`]: what the pins have to say about it
//! - [`seen`]: the rooms that are there, as many as there is place for
//! - [`announce`], [`browse`]: telling, and looking
//! - [`helper`], `process`: who speaks multicast DNS, in a process of its own, and who keeps it
//!
//! The library that speaks multicast DNS (mdns-sd) keeps all that it hears, without a bound, and cannot be told to stop
//! while packets come in faster than it reads them. So it runs in a copy of this program with a limit to its memory, which
//! is ended when it has heard too much and begun anew later. A room, and a window, outlive that.

pub mod announce;
pub mod browse;
pub mod claim;
pub mod helper;
mod process;
pub mod record;
pub mod seen;

pub use announce::Announcement;
pub use browse::{Browser, look};
pub use claim::{Claim, PinnedNames};
pub use record::Room;

/// What there is to think of where a room is not seen, as sentences.
pub const NOT_THERE: &str = "Is its host there, and on the same network? Networks for guests often keep machines apart, and a \
                             host may keep silent: join with the invite, or with the host's address.";

//! Who a room's members are, and how one knows them again: keys, fingerprints, pins and invites.
//! Nothing here opens a socket; certificates and keys leave this module as plain DER.
//!
//! - [`Name`], [`RoomName`]: names that are clean from the moment they exist

mod name;

pub use name::{CleanName, Name, NameError, RoomName};

//! Who a room's members are, and how one knows them again: keys, fingerprints, pins and invites.
//! Nothing here opens a socket; certificates and keys leave this module as plain DER.
//!
//! - [`Fingerprint`]: SHA-256 of an identity's public key; shown in one form, read in many
//! - [`Invite`]: fingerprint, addresses and room name in one string
//! - [`Address`]: where a host may be reached: host and port
//! - [`Name`], [`RoomName`]: names that are clean from the moment they exist

mod address;
mod fingerprint;
mod invite;
mod name;

pub use address::{Address, AddressError, DEFAULT_PORT, Host};
pub use fingerprint::{Fingerprint, Form, ParseFingerprintError};
pub use invite::{Invite, InviteError};
pub use name::{CleanName, Name, NameError, RoomName};

//! Who a room's members are, and how one knows them again: keys, fingerprints, pins and invites.
//! Nothing here opens a socket; certificates and keys leave this module as plain DER.
//!
//! - [`Identity`]: the key pair of one installation, made once and kept, with its certificate
//! - [`Fingerprint`]: SHA-256 of an identity's public key; shown in one form, read in many
//! - [`Pins`]: the fingerprints this installation has agreed to trust, in a file that a person can edit
//! - [`Invite`]: fingerprint, addresses and room name in one string
//! - [`Address`]: where a host may be reached: host and port
//! - [`Name`], [`RoomName`]: names that are clean from the moment they exist
//! - [`DataDir`]: the folder in which identity and pins are kept

mod address;
pub(crate) mod files;
mod fingerprint;
mod home;
mod invite;
mod key;
mod name;
mod pem;
mod pins;

pub use address::{Address, AddressError, DEFAULT_PORT, Host};
pub use files::FileError;
pub(crate) use files::private;
pub use fingerprint::{Fingerprint, Form, ParseFingerprintError};
pub use home::{DataDir, HomeError};
pub use invite::{Invite, InviteError};
pub use key::{Identity, IdentityError};
pub use name::{CleanName, Name, NameError, RoomName};
pub use pins::{DamagedLine, Pin, Pins, PinsError};

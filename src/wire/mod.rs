//! What goes over a stream: messages, their encoding, frames and limits.
//!
//! - [`limits`]: every bound, in one place
//! - [`frame`]: how messages are told apart on a stream of bytes
//! - [`codec`]: how a message becomes bytes, and back
//! - [`message`]: the messages themselves
//! - [`roster`]: who is in a room, encoded as newcomers are told
//! - [`secret`]: what a peer is told and shows again
//! - [`close`]: why a connection was closed
//! - [`text`]: text of others, made harmless
//!
//! Nothing here knows a socket. `docs/PROTOCOL.md` describes the same for people who write a peer.

pub mod close;
pub mod codec;
pub mod frame;
pub mod limits;
pub mod message;
pub mod roster;
pub mod secret;
pub mod text;

pub use close::CloseCode;
pub use codec::{DecodeError, Message};
pub use frame::Frame;
pub use message::{FromHost, FromMember, HOST, Member, MemberId, Security, Ticket};
pub use roster::Listing;
pub use secret::Secret;

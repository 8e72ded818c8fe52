//! parlor: encrypted chat for the people on one network.
//!
//! One of them hosts a room, the others join it, and they talk. This page is a map of the house; data flows through it
//! one way, and a module knows only those below it.
//!
//! - `gui`: the window, drawn by druid (feature `gui`)
//! - [`console`]: the same conversation as lines in a terminal, or as JSON for scripts
//! - [`cli`]: from what was typed to what is valid
//! - [`host`]: listeners, handshakes, and how a connection becomes a member of a room
//! - [`session`]: the joining side: dial, ask whom to trust, greet, talk
//! - [`conversation`]: the one interface between those two and a front end
//! - [`room`]: the log, and members as positions in it
//! - [`reach`]: how to be found and reached
//! - [`transport`]: ways to carry frames: QUIC, TLS, plain TCP, and memory for tests
//! - [`identity`]: keys, fingerprints, pins, invites, names
//! - [`wire`]: messages, their encoding, frames, limits

#![forbid(unsafe_code)]
// A panic prints what it stumbled over, and that may be what somebody wrote. Where there can be one, it says why there is none.
#![cfg_attr(not(test), warn(clippy::expect_used, clippy::panic, clippy::string_slice, clippy::unwrap_used))]

pub mod cli;
pub mod console;
pub mod conversation;
#[cfg(feature = "gui")]
pub mod gui;
pub mod host;
pub mod identity;
mod random;
pub mod reach;
pub mod room;
pub mod session;
pub mod transport;
pub mod wire;

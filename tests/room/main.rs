//! The room: one log, members as positions in it, and names that belong to keys.
//!
//! - `log`: one order for all, each message once, and what is told to who is behind
//! - `names`: whose they are, and for how long
//! - `back`: coming back, to the same place and to where one was
//! - `limits`: how much a room holds, and who gives way
//! - `harness`: what they have in common

mod back;
mod harness;
mod limits;
mod log;
mod names;

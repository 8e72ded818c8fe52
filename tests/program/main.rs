//! The built program, as its users run it.
//!
//! - `talk`: conversations over each transport
//! - `trust`: fingerprints, pins, first contact, changed keys
//! - `mapped`: a way in from outside, where no gateway can be asked
//! - `plain`: plain TCP is asked for, and never happens by itself
//! - `terminal`: what a person types and sees
//! - `lost`: connections that are lost and made again
//! - `logged`: the log file
//! - `doctor`: what keeps people from talking
//! - `saved`: rooms that are kept in a file
//! - `endings`: how it ends, and how fast
//!
//! They send signals and make terminals, so they run on Unix only.

#![cfg(unix)]

mod doctor;
mod endings;
#[allow(dead_code, reason = "each suite uses its part of it")]
mod examined;
mod harness;
mod logged;
mod lost;
mod mapped;
mod plain;
mod saved;
mod talk;
mod terminal;
mod trust;

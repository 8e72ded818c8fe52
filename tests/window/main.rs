//! The built program's window, on a display of its own, used with a real pointer and keyboard.
//!
//! What a window shows is read back by OCR and from its pixels; what was sent, from the JSON of a third member.
//!
//! - `desk`: the display, its windows, pointer, keys and clipboard
//! - `grey`: pictures, made easier to read
//! - `reading`: finding, staying, links, both themes
//! - `settings`: what one can set, and what a window remembers
//! - `sight`: what can be read in a picture
//! - `talk`: two windows and a script in one room
//! - `trust`: first contact, and a changed key
//! - `wakeups`: none is lost on the way to a window
//! - `writing`: several lines, other layouts, copying, taking back, completing, and that nothing is lost

#![cfg(all(feature = "gui", target_os = "linux"))]

mod desk;
mod grey;
#[allow(dead_code, reason = "what only other tests use")]
#[path = "../program/harness.rs"]
mod harness;
mod reading;
mod settings;
mod sight;
mod talk;
mod trust;
#[cfg(feature = "bench")]
mod wakeups;
mod writing;

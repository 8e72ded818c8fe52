//! What goes over the wire: its exact bytes, so that they never change by accident, and that nothing that arrives in
//! their place does harm.
//!
//! - `golden`: the exact bytes of every message
//! - `largest`: every message fits its frame
//! - `listing`: who is in a room, kept encoded
//! - `hostile`: what arrives in the place of a message
//! - `any`: whatever is in a message, and whatever the bytes
//! - `harness`: members and frames

mod any;
mod golden;
mod harness;
mod hostile;
mod largest;
mod listing;

//! The joining side against hosts that are slow, half deaf, or mean harm. They are played here, frame by frame.
//!
//! - `coming`: from a target to the welcome
//! - `talk`: what a host sends to who is in its room
//! - `back`: coming back after the connection was lost
//! - `elsewhere`: another connection, while the first is still there
//! - `paced`: how soon one doubts, and how often one comes back
//! - `ending`: how it ends, and what was not sent
//! - `harness`: what they have in common

mod back;
mod coming;
mod elsewhere;
mod ending;
mod harness;
mod paced;
mod talk;

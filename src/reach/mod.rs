//! How to be found and reached.
//!
//! - [`mapping`]: a way in from outside, when the gateway is asked for one

pub mod mapping;

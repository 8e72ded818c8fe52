//! How to be found and reached.
//!
//! - [`found`]: rooms on this network: announced by their hosts, and seen by whoever looks
//! - `likelihood`: which address of a machine to try first

pub mod found;
mod likelihood;

pub(crate) use likelihood::{LOOPBACK, likelihood};

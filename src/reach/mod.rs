//! How to be found and reached.
//!
//! - [`range`], `likelihood`: from where an address can be reached, and which of a machine's to try first
//! - [`here`]: this machine's addresses and networks
//! - [`lookup`]: the sockets that an address stands for
//! - [`found`]: rooms on this network: announced by their hosts, and seen by whoever looks
//! - [`mapping`]: a way in from outside, when the gateway is asked for one
//! - [`doctor`]: why a join does not come about, or nobody comes

pub mod doctor;
pub mod found;
pub mod here;
mod likelihood;
pub mod lookup;
pub mod mapping;
pub mod range;

pub(crate) use likelihood::{LOOPBACK, likelihood};
pub use range::Reach;

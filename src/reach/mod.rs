//! How to be found and reached.
//!
//! - [`range`]: from where an address can be reached
//! - [`here`]: this machine's addresses and networks
//! - [`lookup`]: the sockets that an address stands for
//! - [`mapping`]: a way in from outside, when the gateway is asked for one
//! - [`doctor`]: why a join does not come about, or nobody comes

pub mod doctor;
pub mod here;
pub mod lookup;
pub mod mapping;
pub mod range;

pub use range::Reach;

//! What `parlor::transport` promises.
//!
//! - `conformance`: one suite, run over all four transports
//! - `streams`: further streams, and the tickets that some transports need for them
//! - `endings`: how a connection ends, and what is never lost by it
//! - `harness`: a host and a member, connected over any transport

mod harness;

mod conformance;
mod endings;
mod streams;

//! What `parlor::transport` promises.
//!
//! - `conformance`: one suite, run over all four transports
//! - `streams`: further streams, and the tickets that some transports need for them
//! - `endings`: how a connection ends, and what is never lost by it
//! - `pinning`: whose key it is, over QUIC and TLS alike
//! - `port`: one TCP port for TLS and plain TCP, and what is refused on it
//! - `harness`: a host and a member, connected over any transport
//! - `raw`: peers made of rustls and quinn alone, which do what ours never would

mod harness;

mod conformance;
mod endings;
mod pinning;
mod port;
mod raw;
mod streams;

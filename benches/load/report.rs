//! The figures, as they are printed.

use serde::Serialize;

use super::{plan::Over, tally::Faults};

#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) server: String,
    pub(crate) over: Over,
    pub(crate) members: usize,
    pub(crate) senders: usize,
    /// Messages a second that were asked for; 0 for as many as can be.
    pub(crate) rate: f64,
    pub(crate) payload: usize,
    /// Whether everything came, once, as it was, and in one order.
    pub(crate) is_valid: bool,
    pub(crate) faults: Faults,
    /// The first thing that was broken, in words.
    pub(crate) complaint: Option<String>,
    pub(crate) join: Join,
    pub(crate) memory: Memory,
    pub(crate) idle: Option<Idle>,
    pub(crate) talk: Option<Talk>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Join {
    /// From the first knock to the last welcome.
    pub(crate) seconds: f64,
    /// Of the server's processor, for each member, until it had come to rest.
    pub(crate) cpu_ms: f64,
    /// Attempts that had to be made again.
    pub(crate) again: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Memory {
    /// Resident before anybody came.
    pub(crate) before_kib: u64,
    /// Once everybody was there, and before anything was said.
    pub(crate) after_kib: u64,
    pub(crate) kib_each: f64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Idle {
    pub(crate) seconds: f64,
    /// The server's share of one processor while nobody speaks.
    pub(crate) cpu: f64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Talk {
    pub(crate) seconds: f64,
    pub(crate) deliveries: u64,
    pub(crate) deliveries_per_second: f64,
    /// Seconds of the server's processor for a million deliveries.
    pub(crate) cpu: f64,
    /// How much of that was outside the kernel.
    pub(crate) user: f64,
    /// Shares of one processor: the server's, the load's own, and everything else on the machine.
    pub(crate) server_busy: f64,
    pub(crate) load_busy: f64,
    pub(crate) others_busy: f64,
    /// Resident at the end.
    pub(crate) resident_kib: u64,
    pub(crate) latency_ms: Latency,
}

/// From being said to being heard, in milliseconds.
#[derive(Debug, Serialize)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) max: f64,
}

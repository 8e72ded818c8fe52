//! The table of `docs/NETWORKS.md`: what each case found, written as it ran.

use std::{env, fs::OpenOptions, io::Write, time::Duration};

use crate::people::Joined;

/// A line of the table: `order` puts it in its place, and `network` says what was on the way.
pub(crate) fn record(order: u16, network: &str, transport: &str, took: Duration, said: usize, remark: &str) {
    let Some(path) = env::var_os("PARLOR_NETLAB_TABLE") else { return };
    let transport = match transport {
        "quic" => "QUIC",
        "tls" => "TLS",
        "tcp" => "plain TCP",
        other => other,
    };
    let line = format!("{order:04}| {network} | {transport} | {:.2} s | {said} | {remark} |\n", took.as_secs_f64());
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(line.as_bytes())).expect("the table can be written");
}

/// The line of somebody who has joined, and of so many messages, all of which everybody heard once.
pub(crate) fn record_join(order: u16, network: &str, joined: &Joined, said: usize, remark: &str) {
    record(order, network, joined.transport(), joined.took, said, remark);
}

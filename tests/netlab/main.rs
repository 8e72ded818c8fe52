//! The built program in networks of the kernel's own: machines, a gateway and faults, made of namespaces.
//!
//! Harness first: [`lab`] makes machines and wires, [`net`] the network that most cases use, [`gateway`] what passes
//! through it, [`daemon`] who opens ports there, [`people`] the program on a machine, [`figures`] the table of
//! `docs/NETWORKS.md`. Then the cases, one file a promise:
//!
//! - `joins`: what a join finds through each gateway
//! - `mapped`: a way in from outside, asked of the gateway
//! - `changes`: what changes in the middle of a conversation
//! - `weather`: all of it, in an order made of chance
//! - `plain`: plain TCP through gateways, and its refusals
//! - `doctor`: what the doctor finds, each with that fault made for real
//! - `proxy`: through a SOCKS5 proxy
//! - `places`: one's own room, several interfaces, zones, names
//! - `found`: rooms that are announced, seen, and joined by name
//! - `window`: the same, and a way in from outside, as the window shows it
//!
//! All of it needs the rights of root, and `scripts/netlab` runs it.

#![cfg(target_os = "linux")]

#[path = "../soak/chance.rs"]
#[allow(dead_code, reason = "each suite uses its part of it")]
mod chance;
mod changes;
mod daemon;
#[cfg(feature = "gui")]
#[path = "../window/desk.rs"]
#[allow(dead_code, reason = "what only other tests use")]
mod desk;
mod doctor;
#[path = "../program/examined.rs"]
#[allow(dead_code, reason = "each suite uses its part of it")]
mod examined;
mod figures;
mod found;
mod gateway;
#[cfg(feature = "gui")]
#[path = "../window/grey.rs"]
mod grey;
#[path = "../program/harness.rs"]
#[allow(dead_code, reason = "each suite uses its part of the harness")]
mod harness;
mod joins;
mod lab;
mod mapped;
mod net;
mod people;
mod places;
mod plain;
mod proxy;
#[cfg(feature = "gui")]
#[path = "../window/sight.rs"]
mod sight;
mod weather;
#[cfg(feature = "gui")]
mod window;

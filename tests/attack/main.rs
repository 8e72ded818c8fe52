//! Attacks on the running program, by peers written for the purpose, while ten honest members talk.
//!
//! The host is the built program, a process of its own. A [`siege`] has honest members talk in quiet and under attack, in
//! turn, and checks that they lose nothing, that others can still come in, and that the host is as small afterwards as it
//! was before. With `PARLOR_ATTACK=full`, as `scripts/attack` sets it, the attackers come by the thousand, and what they
//! slow down is measured and bounded, too.

#![cfg(target_os = "linux")]

mod castle;
mod crowds;
mod door;
mod downgrade;
mod figures;
mod frames;
mod harness;
mod honest;
mod inside;
mod middle;
mod names;
mod path;
mod peer;
#[path = "../program/harness.rs"]
#[allow(dead_code)]
mod program;
#[path = "../transport/raw.rs"]
#[allow(dead_code)]
mod raw;
mod siege;
mod tickets;

//! The parts that screens are made of.
//!
//! - [`transcript`]: what was said
//! - [`members`], [`badge`]: who is there
//! - [`rows`]: what lists have in common
//! - [`composer`], [`suggestions`], [`writing`]: where one writes
//! - [`security`]: the bar that says how safe it is
//! - [`known`]: lists of rooms
//! - [`qr`]: a code for cameras
//! - [`over`], [`beside`]: something over a screen, or at its side
//! - [`card`], [`field`], [`button`], [`words`]: the rest

pub(crate) mod badge;
pub(crate) mod beside;
pub(crate) mod button;
pub(crate) mod card;
pub(crate) mod composer;
pub(crate) mod field;
pub(crate) mod known;
pub(crate) mod members;
pub(crate) mod over;
pub(crate) mod qr;
pub(crate) mod rows;
pub(crate) mod security;
pub(crate) mod suggestions;
pub(crate) mod transcript;
pub(crate) mod words;
pub(crate) mod writing;

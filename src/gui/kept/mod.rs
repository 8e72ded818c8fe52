//! The files of the window, beside key and pins: each is read once, and written on a thread of its own, whole or not at all.
//!
//! - [`settings`]: what a person has set
//! - [`drafts`]: what was written and not sent

pub(crate) mod drafts;
pub(crate) mod settings;

//! How many have a place in a room.

#[cfg(feature = "bench")]
use std::sync::OnceLock;

use crate::wire::limits;

/// What [`let_so_many_in`] has been told.
#[cfg(feature = "bench")]
static CHOSEN: OnceLock<usize> = OnceLock::new();

/// For benchmarks, which draw how costs grow beyond what a room holds: so many have a place in every room of this process, its host
/// among them. Once and for all, and before [`take_descriptors`](crate::host::take_descriptors). parlor's own members refuse a
/// welcome into a room that is larger than [`limits::MEMBERS`].
#[cfg(feature = "bench")]
pub fn let_so_many_in(members: usize) {
    let _ = CHOSEN.set(members);
}

/// How many have a place, its host among them.
pub(crate) fn places() -> usize {
    #[cfg(feature = "bench")]
    if let Some(members) = CHOSEN.get() {
        return *members;
    }
    limits::MEMBERS
}

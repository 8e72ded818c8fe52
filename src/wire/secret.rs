//! A random secret that a host tells a peer, and that the peer shows again: compared in a time that tells nothing, never
//! printed, and wiped when it is dropped.

use std::fmt;

use aws_lc_rs::constant_time;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::random;

/// 16 random bytes that nobody else is to know.
#[derive(Clone, Deserialize, Serialize)]
pub struct Secret([u8; 16]);

impl Secret {
    /// A new one.
    pub(crate) fn random() -> Self {
        Self(random::bytes())
    }

    /// The bytes, to be sent.
    pub fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl From<[u8; 16]> for Secret {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl Eq for Secret {}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

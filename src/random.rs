//! Random bytes, from the one cryptographic library.

/// `N` random bytes, fit for secrets.
///
/// # Panics
///
/// If the system has no randomness to give. Nothing could be kept secret then.
#[allow(clippy::expect_used, reason = "there is nothing that one could go on with")]
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// A random number, fit for secrets.
pub(crate) fn number() -> u64 {
    u64::from_le_bytes(bytes())
}

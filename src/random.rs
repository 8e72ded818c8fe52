//! Random bytes, straight from the system. aws-lc's own generator may take 40 ms before its first, depending on how it was built, and who
//! only opens a room does not wait for that. Keys are that library's business, and so is what they are made of.

/// `N` random bytes, fit for secrets.
///
/// # Panics
///
/// If the system has no randomness to give. Nothing could be kept secret then.
#[allow(clippy::expect_used, reason = "there is nothing that one could go on with")]
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// A random number, fit for secrets.
pub(crate) fn number() -> u64 {
    u64::from_le_bytes(bytes())
}

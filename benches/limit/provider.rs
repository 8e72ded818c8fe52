//! The cryptography of a handshake like parlor's, for both of its sides (`load` and `handshake` have this, too).

use rustls::crypto::{CryptoProvider, aws_lc_rs};

pub(crate) fn provider() -> CryptoProvider {
    let groups = vec![aws_lc_rs::kx_group::X25519MLKEM768, aws_lc_rs::kx_group::X25519, aws_lc_rs::kx_group::SECP256R1];
    // The first of parlor's, and what every server that has TLS 1.3 must have.
    let suites = vec![aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256];
    CryptoProvider { kx_groups: groups, cipher_suites: suites, ..aws_lc_rs::default_provider() }
}

//! Whatever is pasted as a fingerprint: what is one is the same in each of its forms.

#![no_main]

use libfuzzer_sys::fuzz_target;
use parlor::identity::Fingerprint;

fuzz_target!(|text: &str| {
    let Ok(fingerprint) = text.parse::<Fingerprint>() else { return };
    for form in [fingerprint.base32(), fingerprint.sha256_base64(), fingerprint.hex()] {
        // One in 10^20: it could be the beginning of 64 digits, and is refused.
        let is_digits = |body: &str| body.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !form.strip_prefix("SHA256:").is_some_and(is_digits) {
            assert_eq!(form.parse(), Ok(fingerprint), "{form}");
        }
    }
});

//! Whatever is pasted as a fingerprint: what is one is the same in each of its forms.

#![no_main]

use libfuzzer_sys::fuzz_target;
use parlor::identity::Fingerprint;

fuzz_target!(|text: &str| {
    let Ok(fingerprint) = text.parse::<Fingerprint>() else { return };
    for form in [fingerprint.base32(), fingerprint.sha256_base64(), fingerprint.hex()] {
        assert_eq!(form.parse(), Ok(fingerprint), "{form}");
    }
});

//! The fingerprint of an identity: what one person reads out to another, and what a pin holds.
//! It is shown in one form, Syncthing's device-ID form, whose check characters catch a typing mistake
//! and tell where it is; it is read in every form in which SHA-256 fingerprints travel (`parse`).

mod parse;

use std::{fmt, str::FromStr};

use aws_lc_rs::digest;
use data_encoding::{BASE32_NOPAD, BASE64_NOPAD};
use serde::{Deserialize, Serialize};

pub(super) use parse::checked;
pub use parse::{Form, ParseFingerprintError};

/// Characters of the shown form that one check character covers.
const CHECKED: usize = 13;
/// Characters in each of the eight groups that are shown.
const GROUP: usize = 7;

/// SHA-256 of an identity's SubjectPublicKeyInfo, in DER.
///
/// It names the key, not the certificate: a certificate made anew for the same key keeps it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of the key in `spki`, a SubjectPublicKeyInfo in DER.
    pub fn of_spki(spki: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, spki).as_ref());
        Self(bytes)
    }

    /// A fingerprint from its 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The form to show and to read out: eight groups of seven, `P56IOI7-MZJNU2Y-…`, 63 characters.
    pub fn base32(&self) -> String {
        self.to_string()
    }

    /// The form that OpenSSH prints, `SHA256:` and 43 characters of base64.
    pub fn sha256_base64(&self) -> String {
        format!("SHA256:{}", BASE64_NOPAD.encode(&self.0))
    }

    /// The form that OpenSSL and browsers print, in lower case: `66:7c:87:…`.
    pub fn hex(&self) -> String {
        let pairs: Vec<String> = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        pairs.join(":")
    }

    /// The first group of seven. For logs only: 35 bits are too few to tell keys apart by.
    pub fn short(&self) -> String {
        self.checked().chars().take(GROUP).collect()
    }

    /// The shown form without its dashes: 56 characters, each fourteenth a check character.
    pub(super) fn checked(&self) -> String {
        let plain = BASE32_NOPAD.encode(&self.0);
        let mut checked = String::with_capacity(56);
        for part in plain.as_bytes().chunks(CHECKED) {
            checked.extend(part.iter().copied().chain(check_character(part)).map(char::from));
        }
        checked
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, character) in self.checked().chars().enumerate() {
            if index > 0 && index % GROUP == 0 {
                f.write_str("-")?;
            }
            write!(f, "{character}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = ParseFingerprintError;

    /// Reads a paste: any whole form, however it was wrapped, or an invite that holds one.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse::paste(text)
    }
}

/// The check character of `part`, or `None` where a byte is not base32.
///
/// Luhn's sum in base 32 as Syncthing reckons it: from the left, weights 1, 2, 1, 2, …
/// Doubling so permutes the alphabet, and therefore every single wrong character shows.
fn check_character(part: &[u8]) -> Option<u8> {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut sum = 0;
    for (index, byte) in part.iter().enumerate() {
        let value = ALPHABET.iter().position(|letter| letter == byte)?;
        let weighted = value * (1 + index % 2);
        sum += weighted / 32 + weighted % 32;
    }
    ALPHABET.get((32 - sum % 32) % 32).copied()
}

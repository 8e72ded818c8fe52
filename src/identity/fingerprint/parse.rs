//! Reading a fingerprint from a paste. Whatever was copied from a window, a mail, `ssh-keygen`, OpenSSL
//! or an invite is taken if it is whole; anything less is refused with what is wrong about it, because
//! a fingerprint that is almost right is worth nothing and "invalid" helps nobody.

use data_encoding::{BASE32_NOPAD, BASE64_NOPAD, HEXLOWER_PERMISSIVE};

use super::{CHECKED, Fingerprint, check_character};
use crate::identity::{Address, DEFAULT_PORT, Invite, InviteError, invite};

/// Characters of each whole form.
const BASE32: usize = 56;
const BASE32_UNCHECKED: usize = 52;
const BASE64: usize = 43;
const HEX: usize = 64;

/// A way of writing a fingerprint down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Eight groups of seven, as parlor shows it: 56 characters.
    Base32,
    /// `SHA256:` and base64, as OpenSSH shows it: 43 characters.
    Base64,
    /// Hexadecimal, as OpenSSL shows it: 64 digits.
    Hex,
}

impl Form {
    fn whole(self) -> &'static str {
        match self {
            Form::Base32 => "8 groups of 7 characters",
            Form::Base64 => "43 characters after \"SHA256:\"",
            Form::Hex => "64 hexadecimal digits",
        }
    }
}

/// Why a text is not a fingerprint.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseFingerprintError {
    /// Nothing, or nothing but spaces and quotes.
    #[error("There is no fingerprint: paste the one that the host's window shows.")]
    Empty,
    /// The beginning, or a part, of a fingerprint.
    #[error("The fingerprint is incomplete, {missing} of its characters are missing: a whole one has {}. Copy it again, to its end.", form.whole())]
    Incomplete {
        /// The form that it seems to be in.
        form: Form,
        /// How many characters are missing.
        missing: usize,
    },
    /// A fingerprint with something added to it.
    #[error("The fingerprint is too long by {extra} characters: a whole one has {}. Copy only the fingerprint.", form.whole())]
    TooLong {
        /// The form that it seems to be in.
        form: Form,
        /// How many characters are too many.
        extra: usize,
    },
    /// A check character does not fit the characters that it covers.
    #[error("There is a typing mistake in group {group} or {} of the fingerprint: compare these two with the original.", group + 1)]
    Typo {
        /// The first of the two groups that a check character covers: 1, 3, 5 or 7.
        group: usize,
    },
    /// A character that does not occur in the form.
    #[error("The fingerprint has a {character:?} in it, which no fingerprint has: compare it with the original.")]
    Foreign {
        /// That character.
        character: char,
    },
    /// The last character says more bits than there are in a fingerprint.
    #[error("The last character of the fingerprint cannot be right: copy it again, to its end.")]
    WrongEnd,
    /// A fingerprint, by its label or its length, but not SHA-256.
    #[error("That looks like a fingerprint of another kind, {kind}. A host's is SHA-256, {}: ask for that one.", Form::Base32.whole())]
    OtherKind {
        /// The kind: `MD5`, `SHA-1`, ….
        kind: &'static str,
    },
    /// A public key as OpenSSH writes it.
    #[error("That is an SSH public key, not the fingerprint of a host: ask for the one that its window shows.")]
    SshPublicKey,
    /// A certificate or key in PEM.
    #[error(
        "That is a certificate or a key, not the fingerprint of one: ask for the one that the host's window shows."
    )]
    Pem,
    /// An address.
    #[error("That is an address, not a fingerprint: ask for the one that the host's window shows.")]
    Address,
    /// An invite, which is damaged.
    #[error(transparent)]
    Invite(Box<InviteError>),
    /// Some other text.
    #[error("That is not a fingerprint. One has {}: ask for the one that the host's window shows.", Form::Base32.whole())]
    NotAFingerprint,
}

use ParseFingerprintError as Error;

/// Reads any text.
pub(super) fn paste(text: &str) -> Result<Fingerprint, Error> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || "\"'`<>(),.;“”‘’«»".contains(c));
    if text.is_empty() {
        return Err(Error::Empty);
    }
    if invite::position(text).is_some() {
        let invite: Result<Invite, _> = text.parse();
        return invite.map(|invite| invite.fingerprint()).map_err(|error| Error::Invite(Box::new(error)));
    }
    if text.contains("-----BEGIN") {
        return Err(Error::Pem);
    }
    if is_ssh_public_key(text) {
        return Err(Error::SshPublicKey);
    }
    match label(text) {
        Some(("SHA-256", body)) => body_of(body, true),
        Some(("", body)) => body_of(body, false),
        Some((kind, _)) => Err(Error::OtherKind { kind }),
        None => body_of(text, false),
    }
}

/// Reads the form in which an invite carries it: base32 with its check characters.
pub(in crate::identity) fn checked(text: &str) -> Result<Fingerprint, Error> {
    let text: String = text.chars().filter(|c| *c != '-').collect();
    match text.chars().find(|c| letter(*c).is_none()) {
        Some(character) => Err(Error::Foreign { character }),
        None if text.len() < BASE32 => Err(Error::Incomplete { form: Form::Base32, missing: BASE32 - text.len() }),
        None => base32(&text),
    }
}

/// The kind that a label names, and what follows the label: `SHA256:`, `sha1 Fingerprint=`, `SHA2-256(stdin)= `, ….
/// The kind is empty where the label is but `Fingerprint:`.
fn label(text: &str) -> Option<(&'static str, &str)> {
    let (label, body) = text.split_once([':', '='])?;
    let label: String = label.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let name = label.strip_suffix("fingerprint").or(label.strip_suffix("stdin")).unwrap_or(&label);
    let kind = match name {
        "" if !label.is_empty() => "",
        "sha256" | "sha2256" => "SHA-256",
        "md5" => "MD5",
        "sha1" => "SHA-1",
        "sha224" | "sha2224" => "SHA-224",
        "sha384" | "sha2384" => "SHA-384",
        "sha512" | "sha2512" => "SHA-512",
        _ => return None,
    };
    Some((kind, body))
}

/// Tells the forms apart. The order matters: hexadecimal digits are nearly all letters of base32, and those
/// are all letters of base64; a text is taken for the narrowest that it fits, so that a part of a longer
/// form is never taken for the whole of another.
fn body_of(body: &str, labelled: bool) -> Result<Fingerprint, Error> {
    if !labelled && is_address(body) {
        return Err(Error::Address);
    }
    let packed: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    let digits = packed.replace([':', '-'], "");
    // The check characters tell letters of ours that happen to be digits, too, from a SHA-224.
    if digits.len() == BASE32
        && digits.chars().all(|c| matches!(c.to_ascii_uppercase(), 'A'..='F' | '2'..='7'))
        && let Ok(fingerprint) = base32(&digits)
    {
        return Ok(fingerprint);
    }
    if digits.chars().all(|c| c.is_ascii_hexdigit()) && (labelled && !digits.is_empty() || digits.len() >= 8) {
        return hex(&digits);
    }

    let letters = packed.trim_end_matches('=').replace('-', "");
    let count = letters.chars().count();
    let foreign = letters.chars().filter(|c| letter(*c).is_none()).count();
    let whole = count == BASE32 || count == BASE32_UNCHECKED;
    if foreign == 0 && (whole || !labelled && seems_base32(&letters)) {
        return base32(&letters);
    }
    // Three slips are still somebody's fingerprint; more are another text that happens to be as long.
    if let Some(character) = letters.chars().find(|c| letter(*c).is_none())
        && whole
        && foreign <= 3
    {
        return Err(Error::Foreign { character });
    }

    // A line may be wrapped, but a space inside one parts words.
    let token: String = body.lines().map(str::trim).collect::<String>();
    let token = token.trim_end_matches('=');
    match token.chars().find(|c| !(c.is_ascii_alphanumeric() || "+/-_".contains(*c))) {
        None if labelled || token.len() >= 20 => base64(token),
        Some(character) if labelled => Err(Error::Foreign { character }),
        _ => Err(Error::NotAFingerprint),
    }
}

fn hex(digits: &str) -> Result<Fingerprint, Error> {
    let kind = match digits.len() {
        HEX => return decoded(&HEXLOWER_PERMISSIVE, digits),
        32 => "MD5",
        40 => "SHA-1",
        56 => "SHA-224",
        96 => "SHA-384",
        128 => "SHA-512",
        length => return Err(wrong_length(Form::Hex, length, HEX)),
    };
    Err(Error::OtherKind { kind })
}

/// Reads letters of base32, with check characters or without.
fn base32(letters: &str) -> Result<Fingerprint, Error> {
    let letters: Vec<u8> = letters.chars().filter_map(letter).collect();
    let (parts, rest) = letters.as_chunks::<{ CHECKED + 1 }>();
    let fits = |part: &[u8; CHECKED + 1]| check_character(&part[..CHECKED]) == Some(part[CHECKED]);
    let plain: Vec<u8> = match letters.len() {
        BASE32 => {
            if let Some(part) = parts.iter().position(|part| !fits(part)) {
                return Err(Error::Typo { group: 2 * part + 1 });
            }
            parts.iter().flat_map(|part| &part[..CHECKED]).copied().collect()
        }
        // Three check characters in their places: four of 56 are missing. parlor never writes the form
        // without them, and one in 32768 of that form looks so by chance.
        BASE32_UNCHECKED if parts.iter().all(fits) => {
            return Err(Error::Incomplete { form: Form::Base32, missing: BASE32 - letters.len() });
        }
        BASE32_UNCHECKED => [parts.as_flattened(), rest].concat(),
        length => return Err(wrong_length(Form::Base32, length, BASE32)),
    };
    decoded(&BASE32_NOPAD, &String::from_utf8_lossy(&plain))
}

fn base64(token: &str) -> Result<Fingerprint, Error> {
    match token.len() {
        BASE64 => decoded(&BASE64_NOPAD, &token.replace('-', "+").replace('_', "/")),
        length => Err(wrong_length(Form::Base64, length, BASE64)),
    }
}

/// Decodes a text whose length and letters are right; only spare bits at its end can still be wrong.
fn decoded(encoding: &data_encoding::Encoding, text: &str) -> Result<Fingerprint, Error> {
    let bytes = encoding.decode(text.as_bytes()).map_err(|_| Error::WrongEnd)?;
    bytes.try_into().map(Fingerprint::from_bytes).map_err(|_| Error::WrongEnd)
}

fn wrong_length(form: Form, length: usize, whole: usize) -> Error {
    match whole.checked_sub(length) {
        Some(missing) => Error::Incomplete { form, missing },
        None => Error::TooLong { form, extra: length - whole },
    }
}

/// The letter of base32 that a person means: in any case, and with digits taken for the letters they look like.
fn letter(character: char) -> Option<u8> {
    match character {
        '0' => Some(b'O'),
        '1' => Some(b'I'),
        '8' => Some(b'B'),
        'A'..='Z' | 'a'..='z' | '2'..='7' => u8::try_from(character.to_ascii_uppercase()).ok(),
        _ => None,
    }
}

/// Letters of one case: capitals, as parlor shows them, or enough of them not to be a word.
fn seems_base32(letters: &str) -> bool {
    let capitals = !letters.chars().any(|c| c.is_ascii_lowercase());
    let small = !letters.chars().any(|c| c.is_ascii_uppercase());
    !letters.is_empty() && (capitals || small && letters.len() >= 28)
}

fn is_ssh_public_key(text: &str) -> bool {
    let kinds = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"];
    kinds.iter().any(|kind| text.starts_with(kind)) && text.contains(" AAAA")
}

/// An address, and not the pairs of digits that would also be an IPv6 address.
fn is_address(text: &str) -> bool {
    let pairs = text.split(':').all(|group| group.len() == 2);
    text.contains(['.', ':']) && !pairs && Address::parse(text, DEFAULT_PORT).is_ok()
}

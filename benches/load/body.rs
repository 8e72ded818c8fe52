//! What is said: who says it, the how manieth of theirs it is, when, and a checksum of all that. It is text, since some servers carry
//! nothing else.

use std::hash::Hasher;

use data_encoding::HEXLOWER;
use rustc_hash::FxHasher;

/// Bytes of the fields, before they are written as text: two of the sender, four of the number, eight of the time, eight of the
/// checksum.
const FIELDS: usize = 22;

/// The shortest body, in bytes.
pub(crate) const LEAST: usize = 2 * FIELDS;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Body {
    pub(crate) sender: u16,
    /// From 0.
    pub(crate) number: u32,
    /// When it was said: nanoseconds since the load began.
    pub(crate) at: u64,
}

impl Body {
    /// The body as a text of `length` bytes.
    pub(crate) fn write(&self, length: usize) -> String {
        let filling = [b'a' + (self.number % 26) as u8].repeat(length - LEAST);
        let mut fields = [0; FIELDS];
        fields[..2].copy_from_slice(&self.sender.to_be_bytes());
        fields[2..6].copy_from_slice(&self.number.to_be_bytes());
        fields[6..14].copy_from_slice(&self.at.to_be_bytes());
        let sum = checksum(&fields, &filling);
        fields[14..].copy_from_slice(&sum.to_be_bytes());
        let mut text = HEXLOWER.encode(&fields);
        text.extend(filling.into_iter().map(char::from));
        text
    }

    /// Reads it, if it is whole and as it was.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        let (written, filling) = text.split_at_checked(LEAST)?;
        let mut fields = [0; FIELDS];
        HEXLOWER.decode_mut(written, &mut fields).ok()?;
        let sum = u64::from_be_bytes(*fields.last_chunk()?);
        if checksum(&fields, filling) != sum {
            return None;
        }
        Some(Self {
            sender: u16::from_be_bytes(*fields.first_chunk()?),
            number: u32::from_be_bytes(*fields[2..].first_chunk()?),
            at: u64::from_be_bytes(*fields[6..].first_chunk()?),
        })
    }
}

fn checksum(fields: &[u8; FIELDS], filling: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(&fields[..14]);
    hasher.write(filling);
    hasher.finish()
}

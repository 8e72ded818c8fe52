//! PEM (RFC 7468): how the key and the certificate stand in their files. It may be a private key, so what is read or written
//! never leaves its one piece of memory, and that is wiped when it is dropped.

use data_encoding::BASE64;
use zeroize::Zeroizing;

/// Bytes in a line of 64 characters.
const LINE: usize = 48;

/// `der` as a block with this label.
pub(super) fn write(label: &str, der: &[u8]) -> Zeroizing<String> {
    // With room for everything from the start: a text that grows leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(2 * (der.len() + label.len() + LINE)));
    text.extend(["-----BEGIN ", label, "-----\n"]);
    for bytes in der.chunks(LINE) {
        BASE64.encode_append(bytes, &mut text);
        text.push('\n');
    }
    text.extend(["-----END ", label, "-----\n"]);
    text
}

/// What stands in the first block with this label, if that is whole.
pub(super) fn read(label: &str, text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = str::from_utf8(text).ok()?;
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (lines, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let mut base64 = Zeroizing::new(String::with_capacity(lines.len()));
    base64.extend(lines.split_whitespace());
    BASE64.decode(base64.as_bytes()).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read_and_was_never_moved() {
        for length in 0..300 {
            let der: Vec<u8> = (0..length).map(|byte| byte as u8).collect();
            let text = write("PRIVATE KEY", &der);
            assert!(text.capacity() == 2 * (der.len() + 11 + LINE) && text.len() <= text.capacity());
            assert!(text.lines().all(|line| line.len() <= 64));
            assert_eq!(read("PRIVATE KEY", text.as_bytes()).as_deref(), Some(&der));
            assert_eq!(read("CERTIFICATE", text.as_bytes()), None);
        }
    }
}

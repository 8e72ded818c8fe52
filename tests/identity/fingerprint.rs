//! A fingerprint is read in every whole form, and in no other.

use parlor::identity::{Fingerprint, Form, ParseFingerprintError as Error};
use proptest::prelude::*;

const SHOWN: &str = "P56IOI7-MZJNU2Y-IQGDREY-DM2MGTI-MGL3BXN-PQ6W5BM-TBBZ4TJ-XZWICQ2";

fn parse(text: &str) -> Result<Fingerprint, Error> {
    text.parse()
}

fn shown() -> Fingerprint {
    parse(SHOWN).unwrap()
}

#[test]
fn the_form_is_that_of_syncthing() {
    assert_eq!(shown().to_string(), SHOWN);
    for form in [
        "P56IOI-7MZJNU-2IQGDR-EYDM2M-GTMGL3-BXNPQ6-W5BTBB-Z4TJXZ-WICQ",
        "P56IOI-7MZJNU2Y-IQGDR-EYDM2M-GTI-MGL3-BXNPQ6-W5BM-TBB-Z4TJXZ-WICQ2",
        "P56IOI7 MZJNU2I QGDREYD M2MGTMGL 3BXNPQ6W 5BTB BZ4T JXZWICQ",
        "P56IOI7 MZJNU2Y IQGDREY DM2MGTI MGL3BXN PQ6W5BM TBBZ4TJ XZWICQ2",
        "P56IOI7MZJNU2IQGDREYDM2MGTMGL3BXNPQ6W5BTBBZ4TJXZWICQ",
        "p56ioi7mzjnu2iqgdreydm2mgtmgl3bxnpq6w5btbbz4tjxzwicq",
        "P56IOI7MZJNU2YIQGDREYDM2MGTIMGL3BXNPQ6W5BMTBBZ4TJXZWICQ2",
        "P561017MZJNU2YIQGDREYDM2MGTIMGL3BXNPQ6W5BMT88Z4TJXZWICQ2",
        "p56ioi7mzjnu2yiqgdreydm2mgtimgl3bxnpq6w5bmtbbz4tjxzwicq2",
        "p561017mzjnu2yiqgdreydm2mgtimgl3bxnpq6w5bmt88z4tjxzwicq2",
    ] {
        assert_eq!(parse(form), Ok(shown()), "{form}");
    }
}

#[test]
fn the_fingerprint_of_nothing_is_sha_256_of_nothing() {
    let nothing = Fingerprint::of_spki(&[]);
    assert_eq!(nothing.sha256_base64(), "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU");
    assert!(nothing.hex().starts_with("e3:b0:c4:42:"));
}

#[test]
fn debug_and_short_show_the_same_letters() {
    assert_eq!(format!("{:?}", shown()), format!("Fingerprint({SHOWN})"));
    assert_eq!(shown().short(), "P56IOI7");
}

/// Whole forms of a fingerprint, as programs print them and people paste them.
fn forms(fingerprint: Fingerprint) -> Vec<String> {
    let (base32, base64, hex) = (fingerprint.base32(), fingerprint.sha256_base64(), fingerprint.hex());
    let bare = base64.trim_start_matches("SHA256:");
    let digits = hex.replace(':', "");
    vec![
        format!("  <{base32}>\n"),
        format!("Fingerprint: {base32}"),
        base32.replace('-', ""),
        base32.replace('-', " "),
        base32.replace('-', "\r\n"),
        base32.to_lowercase(),
        base32.replace('O', "0").replace('I', "1").replace('B', "8"),
        base64.clone(),
        format!("sha256:{bare}="),
        format!("\"{bare}\""),
        format!("{bare}="),
        base64.replace('+', "-").replace('/', "_"),
        format!("{}\n  {}", &base64[..30], &base64[30..]),
        hex.clone(),
        hex.to_uppercase(),
        hex.replace(':', " "),
        hex.replace(':', "-"),
        digits.clone(),
        format!("sha256:{digits}"),
        format!("SHA2-256(stdin)= {digits}"),
        format!("sha256 Fingerprint={}", hex.to_uppercase()),
        format!("Join us: parlor://192.168.1.20:7275/?room=Tea&key={}.", base32.replace('-', "")),
    ]
}

/// The fuzzer found that the form which is shown was taken for a SHA-224. In Base64, it could be the beginning of 64 digits,
/// for there are no check characters: one in 10^20 is refused there.
#[test]
fn a_fingerprint_whose_letters_are_all_hexadecimal_digits_is_read_as_it_is_shown() {
    let zero = Fingerprint::from_bytes([0; 32]);
    assert_eq!(parse(&zero.base32()), Ok(zero));
    assert_eq!(parse(&zero.base32().to_lowercase()), Ok(zero));
    assert_eq!(parse(&zero.hex()), Ok(zero));
    assert_eq!(parse(&zero.sha256_base64()), Err(Error::Incomplete { form: Form::Hex, missing: 21 }));
}

#[test]
fn what_is_wrong_is_said() {
    let incomplete = |form, missing| Err(Error::Incomplete { form, missing });
    let other = |kind| Err(Error::OtherKind { kind });
    let hex = shown().hex();
    let cases = [
        ("", Err(Error::Empty)),
        (" \"\" ", Err(Error::Empty)),
        ("P56IOI7", incomplete(Form::Base32, 49)),
        (&SHOWN[..62], incomplete(Form::Base32, 1)),
        (&SHOWN[..59], incomplete(Form::Base32, 4)),
        (&SHOWN.replace("Q2", "Q2A"), Err(Error::TooLong { form: Form::Base32, extra: 1 })),
        (&SHOWN.replace("P56", "P57"), Err(Error::Typo { group: 1 })),
        (&SHOWN.replace("2MGTI", "2MGTJ"), Err(Error::Typo { group: 3 })),
        (&SHOWN.replace("PQ6", "QP6"), Err(Error::Typo { group: 5 })),
        (&SHOWN.replace("Q2", "Q3"), Err(Error::Typo { group: 7 })),
        (&SHOWN.replace("Q2", "Q9"), Err(Error::Foreign { character: '9' })),
        (&SHOWN.replace("Q2", "Qé"), Err(Error::Foreign { character: 'é' })),
        ("SHA256:", incomplete(Form::Base64, 43)),
        ("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuF", incomplete(Form::Base64, 1)),
        ("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV", Err(Error::WrongEnd)),
        ("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuF?", Err(Error::Foreign { character: '?' })),
        (&hex[..94], incomplete(Form::Hex, 1)),
        (&format!("{hex}:00"), Err(Error::TooLong { form: Form::Hex, extra: 2 })),
        ("MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48", other("MD5")),
        ("16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48", other("MD5")),
        ("SHA1 Fingerprint=DA:39:A3:EE", other("SHA-1")),
        ("da39a3ee5e6b4b0d3255bfef95601890afd80709", other("SHA-1")),
        (&"0f".repeat(28), other("SHA-224")),
        (&"0f".repeat(48), other("SHA-384")),
        (&"0f".repeat(64), other("SHA-512")),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFoo ana@home", Err(Error::SshPublicKey)),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", Err(Error::Pem)),
        ("192.168.1.20:7275", Err(Error::Address)),
        ("fe80::1%eth0", Err(Error::Address)),
        ("example.local", Err(Error::Address)),
        ("ana", Err(Error::NotAFingerprint)),
        ("Please ask Ana for the fingerprint, thanks and bye", Err(Error::NotAFingerprint)),
    ];
    for (text, expected) in cases {
        assert_eq!(parse(text), expected, "{text}");
    }
    assert!(matches!(parse("parlor://192.168.1.20"), Err(Error::Invite(_))));
}

#[test]
fn an_error_names_the_place_and_the_next_step() {
    let error = parse(&SHOWN.replace("2MGTI", "2MGTJ")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "There is a typing mistake in group 3 or 4 of the fingerprint: compare these two with the original."
    );
    let error = parse("P56IOI7").unwrap_err();
    assert_eq!(
        error.to_string(),
        "The fingerprint is incomplete, 49 of its characters are missing: \
         a whole one has 8 groups of 7 characters. Copy it again, to its end."
    );
}

proptest! {
    #[test]
    fn every_form_of_every_fingerprint_comes_back(bytes: [u8; 32]) {
        let fingerprint = Fingerprint::from_bytes(bytes);
        for form in forms(fingerprint) {
            prop_assert_eq!(parse(&form), Ok(fingerprint), "{}", form);
        }
    }

    #[test]
    fn the_form_without_check_characters_comes_back(bytes: [u8; 32]) {
        let fingerprint = Fingerprint::from_bytes(bytes);
        let plain = data_encoding::BASE32_NOPAD.encode(&bytes);
        // One in 32768 looks like the beginning of the shown form, and is refused as that.
        prop_assume!(!fingerprint.base32().replace('-', "").starts_with(&plain[..42]));
        match parse(&plain) {
            Ok(read) => prop_assert_eq!(read, fingerprint),
            Err(error) => prop_assert_eq!(error, Error::Incomplete { form: Form::Base32, missing: 4 }),
        }
    }

    #[test]
    fn no_beginning_of_a_form_is_taken_for_a_fingerprint(bytes: [u8; 32]) {
        for form in forms(Fingerprint::from_bytes(bytes)) {
            let whole = form.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && !"+/-_".contains(c));
            for (end, _) in whole.char_indices() {
                prop_assert!(parse(&whole[..end]).is_err(), "{}", &whole[..end]);
            }
        }
    }

    #[test]
    fn any_single_wrong_character_is_caught(bytes: [u8; 32], place in 0usize..63, wrong in any::<char>()) {
        let fingerprint = Fingerprint::from_bytes(bytes);
        let mut characters: Vec<char> = fingerprint.base32().chars().collect();
        characters[place] = wrong;
        let text: String = characters.into_iter().collect();
        if let Ok(read) = parse(&text) {
            prop_assert_eq!(read, fingerprint, "{}", text);
        }
    }

    #[test]
    fn any_single_wrong_letter_is_a_typo_in_its_group(bytes: [u8; 32], place in 0usize..56, wrong in 0usize..32) {
        let shown = Fingerprint::from_bytes(bytes).base32().replace('-', "");
        let wrong = char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[wrong]);
        let text = format!("{}{wrong}{}", &shown[..place], &shown[place + 1..]);
        if text != shown {
            prop_assert_eq!(parse(&text), Err(Error::Typo { group: place / 14 * 2 + 1 }));
        }
    }

    #[test]
    fn no_text_panics(text in any::<String>(), shape in "(SHA256:|parlor://|MD5:)?[0-9A-Za-z+/=:\\- \n]{0,140}") {
        let _ = parse(&text).map_err(|error| error.to_string());
        let _ = parse(&shape).map_err(|error| error.to_string());
    }

    #[test]
    fn it_is_thirty_two_bytes_on_the_wire(bytes: [u8; 32]) {
        let fingerprint = Fingerprint::from_bytes(bytes);
        let wire = bincode::serialize(&fingerprint).unwrap();
        prop_assert_eq!(&wire, &bytes);
        prop_assert_eq!(bincode::deserialize::<Fingerprint>(&wire).unwrap(), fingerprint);
    }
}

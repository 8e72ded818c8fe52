//! Our fingerprints of the certificates in `certs/` are those that OpenSSL reckoned.

use std::{collections::HashMap, error::Error, fs, path::Path};

use data_encoding::BASE64;
use parlor::identity::Fingerprint;
use rustls::{pki_types::CertificateDer, server::ParsedCertificate};

type Outcome = Result<(), Box<dyn Error>>;

fn certs() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/certs"))
}

fn certificate(name: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let pem = fs::read_to_string(certs().join(name).with_extension("pem"))?;
    let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    Ok(BASE64.decode(base64.as_bytes())?)
}

fn fingerprint(name: &str) -> Result<Fingerprint, Box<dyn Error>> {
    let der = CertificateDer::from(certificate(name)?);
    Ok(Fingerprint::of_spki(&ParsedCertificate::try_from(&der)?.subject_public_key_info()))
}

#[test]
fn every_fingerprint_is_the_one_that_openssl_printed() -> Outcome {
    let printed = fs::read_to_string(certs().join("fingerprints.txt"))?;
    let mut names = HashMap::new();
    for line in printed.lines() {
        let [name, hex, base64] = line.split(' ').collect::<Vec<_>>()[..] else {
            return Err(format!("not three columns: {line}").into());
        };
        let ours = fingerprint(name)?;
        assert_eq!(ours, hex.parse()?, "{name}");
        assert_eq!(ours, base64.parse()?, "{name}");
        assert_eq!(ours.sha256_base64(), format!("SHA256:{}", base64.trim_end_matches('=')), "{name}");
        assert_eq!(ours.hex().replace(':', ""), hex, "{name}");
        names.insert(name.to_owned(), ours);
    }
    assert_eq!(names.len(), 6);
    Ok(())
}

#[test]
fn a_key_that_is_signed_twice_has_one_fingerprint() -> Outcome {
    assert_ne!(certificate("p256")?, certificate("p256-again")?);
    assert_eq!(fingerprint("p256")?, fingerprint("p256-again")?);
    Ok(())
}

#[test]
fn no_private_key_is_kept() -> Outcome {
    for entry in fs::read_dir(certs())? {
        let path = entry?.path();
        assert!(!fs::read_to_string(&path)?.contains("PRIVATE KEY-----"), "{}", path.display());
    }
    Ok(())
}

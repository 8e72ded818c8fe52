//! The key is made once, kept whole, and never overwritten.

use std::{
    collections::HashSet,
    fs,
    path::Path,
    sync::{Barrier, Mutex},
    thread,
};

use data_encoding::BASE64;
use parlor::identity::{Fingerprint, Identity, IdentityError as Error};
use rustls::{pki_types::CertificateDer, server::ParsedCertificate};
use tempfile::{TempDir, tempdir};

fn load(dir: &TempDir) -> Result<Identity, Error> {
    Identity::load_or_create(dir.path())
}

fn key_file(dir: &TempDir) -> std::path::PathBuf {
    dir.path().join("identity.key")
}

fn certificate_file(dir: &TempDir) -> std::path::PathBuf {
    dir.path().join("identity.crt")
}

/// Writes as a careful person would: readable by the owner alone.
fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::write(path, bytes).unwrap();
    #[cfg(unix)]
    set_mode(path, 0o600);
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions()) & 0o777
}

#[test]
fn an_identity_is_made_once_and_kept() {
    let dir = tempdir().unwrap();
    let first = load(&dir).unwrap();
    let again = load(&dir).unwrap();
    assert_eq!(first.fingerprint(), again.fingerprint());
    assert_eq!(first.certificate_der(), again.certificate_der());
    assert_eq!(first.private_key_der(), again.private_key_der());
    assert_ne!(first.fingerprint(), Identity::generate().unwrap().fingerprint());
}

#[test]
fn the_certificate_carries_the_key() {
    let identity = Identity::generate().unwrap();
    let der = CertificateDer::from(identity.certificate_der());
    let spki = ParsedCertificate::try_from(&der).unwrap().subject_public_key_info();
    assert_eq!(Fingerprint::of_spki(&spki), identity.fingerprint());
}

#[test]
fn debug_does_not_show_the_key() {
    let identity = Identity::generate().unwrap();
    let shown = format!("{identity:?}");
    assert_eq!(shown, format!("Identity {{ fingerprint: {:?}, .. }}", identity.fingerprint()));
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_what_is_made() {
    let parent = tempdir().unwrap();
    let dir = parent.path().join("deep/parlor");
    Identity::load_or_create(&dir).unwrap();
    assert_eq!(mode(&dir), 0o700);
    for file in ["identity.key", "identity.crt", "identity.lock"] {
        assert_eq!(mode(&dir.join(file)), 0o600, "{file}");
    }
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 3, "nothing temporary is left");
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_refused() {
    let dir = tempdir().unwrap();
    load(&dir).unwrap();
    for open in [0o640, 0o604, 0o620, 0o601, 0o644] {
        set_mode(&key_file(&dir), open);
        let error = load(&dir).unwrap_err();
        assert!(matches!(error, Error::OpenToOthers { mode, .. } if mode == open));
        assert!(error.to_string().contains(&format!("chmod 600 '{}'", key_file(&dir).display())));
    }
    set_mode(&key_file(&dir), 0o400);
    load(&dir).unwrap();
}

#[cfg(unix)]
#[test]
fn a_link_to_a_key_is_a_key_and_a_link_to_nothing_is_refused() {
    let (dir, elsewhere) = (tempdir().unwrap(), tempdir().unwrap());
    let kept = load(&elsewhere).unwrap();
    std::os::unix::fs::symlink(key_file(&elsewhere), key_file(&dir)).unwrap();
    assert_eq!(load(&dir).unwrap().fingerprint(), kept.fingerprint());
    fs::remove_file(key_file(&elsewhere)).unwrap();
    assert!(matches!(load(&dir), Err(Error::NotAFile { .. })));
}

#[test]
fn a_folder_in_place_of_the_key_is_refused() {
    let dir = tempdir().unwrap();
    fs::create_dir(key_file(&dir)).unwrap();
    assert!(matches!(load(&dir), Err(Error::NotAFile { .. })));
}

#[test]
fn a_file_in_place_of_the_folder_is_refused() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("parlor");
    fs::write(&file, "").unwrap();
    assert!(matches!(Identity::load_or_create(&file), Err(Error::File(_))));
}

#[test]
fn a_key_that_is_cut_off_is_never_replaced() {
    let dir = tempdir().unwrap();
    let fingerprint = load(&dir).unwrap().fingerprint();
    let pem = fs::read(key_file(&dir)).unwrap();
    for length in 0..pem.len() {
        write(&key_file(&dir), &pem[..length]);
        match load(&dir) {
            Ok(identity) => assert_eq!(identity.fingerprint(), fingerprint, "{length}"),
            Err(error) => assert!(matches!(error, Error::Damaged { .. }), "{length}: {error}"),
        }
        assert_eq!(fs::read(key_file(&dir)).unwrap(), &pem[..length], "{length}");
    }
}

#[test]
fn a_key_of_another_kind_is_refused() {
    let dir = tempdir().unwrap();
    for algorithm in [&rcgen::PKCS_ED25519, &rcgen::PKCS_ECDSA_P384_SHA384] {
        let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
        let lines = BASE64.encode(key.serialized_der());
        write(&key_file(&dir), format!("-----BEGIN PRIVATE KEY-----\n{lines}\n-----END PRIVATE KEY-----\n"));
        assert!(matches!(load(&dir), Err(Error::Damaged { .. })));
    }
    for text in [&b"nonsense"[..], b"\xFF\xFE", &[b'x'; 100_000]] {
        write(&key_file(&dir), text);
        assert!(matches!(load(&dir), Err(Error::Damaged { .. })));
    }
}

#[test]
fn a_certificate_is_signed_anew_when_it_is_missing_damaged_or_of_another_key() {
    let (dir, other) = (tempdir().unwrap(), tempdir().unwrap());
    let identity = load(&dir).unwrap();
    load(&other).unwrap();
    let pem = fs::read_to_string(certificate_file(&dir)).unwrap();
    let flipped = pem.replacen("MII", "MIJ", 1);
    let tail = pem.len() - pem.len() / 3;
    let inside = format!("{}{}{}", &pem[..tail], if &pem[tail..=tail] == "A" { "B" } else { "A" }, &pem[tail + 1..]);
    let another = fs::read_to_string(certificate_file(&other)).unwrap();
    for text in ["", "nonsense", &pem[..pem.len() / 2], &flipped, &inside, &another] {
        write(&certificate_file(&dir), text);
        let again = load(&dir).unwrap();
        assert_eq!(again.fingerprint(), identity.fingerprint());
        assert_ne!(again.certificate_der(), identity.certificate_der());
        assert_eq!(load(&dir).unwrap().certificate_der(), again.certificate_der(), "and kept");
    }
    fs::remove_file(certificate_file(&dir)).unwrap();
    assert_eq!(load(&dir).unwrap().fingerprint(), identity.fingerprint());
}

#[test]
fn what_a_crash_left_behind_is_in_nobodys_way() {
    let dir = tempdir().unwrap();
    write(&dir.path().join("identity.key.new"), "-----BEGIN PRIV");
    let identity = load(&dir).unwrap();
    assert_eq!(load(&dir).unwrap().fingerprint(), identity.fingerprint());
    assert!(!dir.path().join("identity.key.new").exists());
}

#[test]
fn all_that_start_at_once_have_the_same_identity() {
    for _ in 0..20 {
        let dir = tempdir().unwrap();
        let (barrier, seen) = (Barrier::new(8), Mutex::new(HashSet::new()));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    barrier.wait();
                    let identity = load(&dir).unwrap();
                    seen.lock().unwrap().insert((identity.fingerprint(), identity.certificate_der().to_vec()));
                });
            }
        });
        assert_eq!(seen.into_inner().unwrap().len(), 1);
    }
}

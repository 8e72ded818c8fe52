//! The identity of this installation: a P-256 key pair, made once and kept as OpenSSH keeps keys, and a
//! certificate that TLS asks for. The key is what counts. The certificate only carries it, and is signed
//! anew whenever its file is missing or damaged; the fingerprint stays. Every copy of the private key that is ours
//! is wiped when it is dropped, and so is the library's.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData};
use rustls::pki_types::PrivatePkcs8KeyDer;
use zeroize::Zeroizing;

use super::{FileError, Fingerprint, files, pem};

const KEY_FILE: &str = "identity.key";
const CERTIFICATE_FILE: &str = "identity.crt";
const LOCK_FILE: &str = "identity.lock";
/// What PEM calls the two.
const KEY: &str = "PRIVATE KEY";
const CERTIFICATE: &str = "CERTIFICATE";
/// Bytes of either file that are read; both have a few hundred.
const MAX_FILE: u64 = 16 * 1024;

/// A key pair and its self-signed certificate.
pub struct Identity {
    private_key_der: Zeroizing<Vec<u8>>,
    certificate_der: Vec<u8>,
    fingerprint: Fingerprint,
}

/// Why there is no identity. None of these changes a key that exists.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A file or folder could not be read, written or locked.
    #[error(transparent)]
    File(#[from] FileError),
    /// Something other than a file, or a link to nothing, stands where the key belongs.
    #[error("{} should be the file with your key, but is a folder or a broken link: move it away, or put the key there.", path.display())]
    NotAFile {
        /// Where the key belongs.
        path: PathBuf,
    },
    /// Others may read the key.
    #[error("{} holds your private key, and others on this machine may read it (mode {mode:03o}): if nobody has, run: chmod 600 '{}'", path.display(), path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file does not hold a whole key of the right kind.
    #[error("{} does not hold a whole P-256 private key in PEM ({why}): put back a copy, or move the file away to get a new key, which others will have to trust anew.", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// No key could be made.
    #[error(
        "No key could be made ({why}): the system's source of random numbers or the build of this program is broken."
    )]
    Generate {
        /// What went wrong.
        why: String,
    },
}

impl Identity {
    /// A new identity, in memory only.
    pub fn generate() -> Result<Self, IdentityError> {
        let key = generate_key()?;
        let certificate_der = sign(&key)?;
        Ok(Self::of(&key, certificate_der))
    }

    /// The identity kept in `dir`; if there is none, a new one, which is kept there from then on.
    ///
    /// A key that exists is never overwritten, and never passed over because it cannot be used. Several processes
    /// that start at once end with the same identity: waits while another one holds the lock.
    pub fn load_or_create(dir: &Path) -> Result<Self, IdentityError> {
        files::create_private_dir(dir)?;
        let _lock = files::lock(dir, LOCK_FILE)?;
        let key = match load_key(&dir.join(KEY_FILE))? {
            Some(key) => key,
            None => {
                let key = generate_key()?;
                files::replace(dir, KEY_FILE, pem::write(KEY, key.serialized_der()).as_bytes())?;
                key
            }
        };
        let certificate_der = match load_certificate(&dir.join(CERTIFICATE_FILE), &key) {
            Some(certificate_der) => certificate_der,
            None => {
                let der = sign(&key)?;
                files::replace(dir, CERTIFICATE_FILE, pem::write(CERTIFICATE, &der).as_bytes())?;
                der
            }
        };
        Ok(Self::of(&key, certificate_der))
    }

    /// The fingerprint of the identity kept in `dir`, if there is one. Makes and changes nothing.
    ///
    /// # Errors
    ///
    /// When there is a key that cannot be used.
    pub fn fingerprint_in(dir: &Path) -> Result<Option<Fingerprint>, IdentityError> {
        let key = load_key(&dir.join(KEY_FILE))?;
        Ok(key.map(|key| Fingerprint::of_spki(&key.subject_public_key_info())))
    }

    fn of(key: &KeyPair, certificate_der: Vec<u8>) -> Self {
        Self {
            private_key_der: Zeroizing::new(key.serialize_der()),
            certificate_der,
            fingerprint: Fingerprint::of_spki(&key.subject_public_key_info()),
        }
    }

    /// What others pin.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The certificate, X.509 in DER.
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate_der
    }

    /// The private key, PKCS#8 in DER. For the TLS stack alone.
    pub fn private_key_der(&self) -> &[u8] {
        &self.private_key_der
    }
}

impl fmt::Debug for Identity {
    /// Never the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

fn generate_key() -> Result<Zeroizing<KeyPair>, IdentityError> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map(Zeroizing::new).map_err(cannot_generate)
}

/// A certificate for `key`, in DER. It never expires and names nobody: the fingerprint says who it is.
fn sign(key: &KeyPair) -> Result<Vec<u8>, IdentityError> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "parlor");
    let certificate = params.self_signed(key).map_err(cannot_generate)?;
    Ok(certificate.der().to_vec())
}

fn cannot_generate(error: rcgen::Error) -> IdentityError {
    IdentityError::Generate { why: error.to_string() }
}

/// The key in the file, or `None` if there is nothing at all.
fn load_key(path: &Path) -> Result<Option<Zeroizing<KeyPair>>, IdentityError> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // A link to a volume that is not mounted is a key that exists.
            let nothing = fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
            return if nothing { Ok(None) } else { Err(IdentityError::NotAFile { path: path.into() }) };
        }
        Err(error) => return Err(FileError::new("read", path)(error).into()),
    };
    if !metadata.is_file() {
        return Err(IdentityError::NotAFile { path: path.into() });
    }
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            return Err(IdentityError::OpenToOthers { path: path.into(), mode });
        }
    }
    let text = Zeroizing::new(files::read(path, MAX_FILE).map_err(FileError::new("read", path))?);
    let damaged = |why: String| IdentityError::Damaged { path: path.into(), why };
    let der = pem::read(KEY, &text).ok_or_else(|| damaged(format!("there is no whole block {KEY} in it")))?;
    KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(&der[..]), &PKCS_ECDSA_P256_SHA256)
        .map(|key| Some(Zeroizing::new(key)))
        .map_err(|error| damaged(error.to_string()))
}

/// The certificate in the file, in DER, if `key` signed it: then nothing in it was damaged, or is another's.
fn load_certificate(path: &Path, key: &KeyPair) -> Option<Vec<u8>> {
    let der = pem::read(CERTIFICATE, &files::read(path, MAX_FILE).ok()?)?.to_vec();
    let (signed, signature) = signed_parts(&der)?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.public_key_raw()).verify(signed, signature).ok()?;
    Some(der)
}

/// What is signed in a certificate, and its signature:
/// `SEQUENCE { what is signed, algorithm, BIT STRING }` (RFC 5280, section 4.1).
fn signed_parts(certificate: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_, outer, []) = element(certificate)? else {
        return None;
    };
    let (signed, _, rest) = element(outer)?;
    let (_, _, rest) = element(rest)?;
    let (_, signature, []) = element(rest)? else {
        return None;
    };
    // The first byte of a BIT STRING counts the unused bits of its last.
    Some((signed, signature.strip_prefix(&[0])?))
}

/// The first DER element of `bytes`: the whole of it, its content, and what follows.
fn element(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (&short, mut rest) = bytes.get(1..)?.split_first()?;
    let mut length = usize::from(short);
    if short >= 0x80 {
        let (long, after) = rest.split_at_checked(usize::from(short & 0x7F)).filter(|(long, _)| long.len() <= 4)?;
        length = long.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        rest = after;
    }
    let (content, after) = rest.split_at_checked(length)?;
    Some((bytes.get(..bytes.len() - after.len())?, content, after))
}

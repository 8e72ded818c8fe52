//! A key that is no longer used is no longer in memory. This file is a process of its own, and looks at all of it.
#![cfg(target_os = "linux")]

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    net::SocketAddr,
    path::Path,
    sync::Arc,
};

use parlor::{
    identity::Identity,
    transport::{Accepted, Credentials, Expect, Quic, Tls, Transport},
};

/// What is looked for, in a form in which looking for it leaves no copy.
struct Traces(Vec<Vec<u8>>);

const MASK: u8 = 0x5a;

impl Traces {
    /// The number that is the key, as it stands in the file and as a processor has it; and as the file has it in Base64.
    fn of(identity: &Identity, dir: &Path) -> Self {
        let masked = |bytes: &[u8]| bytes.iter().map(|byte| byte ^ MASK).collect::<Vec<_>>();
        let der = masked(identity.private_key_der());
        // ECPrivateKey (RFC 5915): version 1, then an OCTET STRING of 32 bytes.
        let before = masked(&[2, 1, 1, 4, 32]);
        let at = der.windows(before.len()).position(|window| window == before).expect("a P-256 key") + before.len();
        let forwards = der[at..at + 32].to_vec();
        let backwards = forwards.iter().rev().copied().collect();
        let mut traces = vec![forwards, backwards];
        let mut file = zeroize::Zeroizing::new(vec![0; 4096]);
        let length = File::open(dir.join("identity.key")).and_then(|mut key| key.read(&mut file)).expect("the key");
        traces.push(masked(file[..length].split(|byte| *byte == b'\n').nth(1).expect("a line of Base64")));
        Self(traces)
    }

    /// How often they are in the memory of this process.
    fn count(&self) -> usize {
        let maps = fs::read_to_string("/proc/self/maps").expect("what memory there is");
        let mut memory = File::open("/proc/self/mem").expect("it can be read");
        let mut found = 0;
        for line in maps.lines().filter(|line| line.contains(" rw") && !line.contains("[v")) {
            let (range, _) = line.split_once(' ').expect("a range");
            let (start, end) = range.split_once('-').expect("a range");
            let address = |text| u64::from_str_radix(text, 16).expect("an address");
            let mut bytes = vec![0; (address(end) - address(start)) as usize];
            if memory.seek(SeekFrom::Start(address(start))).and_then(|_| memory.read_exact(&mut bytes)).is_ok() {
                bytes.iter_mut().for_each(|byte| *byte ^= MASK);
                found += self.0.iter().map(|trace| occurrences(&bytes, trace)).sum::<usize>();
            }
        }
        found
    }
}

fn occurrences(bytes: &[u8], trace: &[u8]) -> usize {
    let first = trace[0];
    let starts = bytes.iter().enumerate().filter(|(_, byte)| **byte == first).map(|(at, _)| at);
    starts.filter(|at| bytes[*at..].starts_with(trace)).count()
}

#[test]
fn a_key_that_is_no_longer_used_is_nowhere_in_memory() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let made = Identity::load_or_create(dir.path()).unwrap();
    let traces = Traces::of(&made, dir.path());
    assert!(traces.count() > 0, "this test would see it");
    drop(made);
    assert_eq!(traces.count(), 0, "after it was made");

    drop(Identity::load_or_create(dir.path()).unwrap());
    assert_eq!(traces.count(), 0, "after it was read");

    let identity = Arc::new(Identity::load_or_create(dir.path()).unwrap());
    let expect = Expect::Key(identity.fingerprint());
    let credentials = Credentials::new(identity);
    for transport in [&Tls::new(credentials.clone(), None) as &dyn Transport, &Quic::new(credentials.clone(), None)] {
        runtime.block_on(shake_hands(transport, expect));
    }
    drop((credentials, runtime));
    assert_eq!(traces.count(), 0, "after handshakes on both sides");
}

async fn shake_hands(transport: &dyn Transport, expect: Expect) {
    let mut listener = transport.listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let address = listener.local_address().unwrap();
    let accepting = async {
        match listener.accept().await.unwrap().handshake.await.unwrap() {
            Accepted::Connection(connection) => connection,
            Accepted::Stream => unreachable!(),
        }
    };
    let (_host, _member) = tokio::join!(accepting, async { transport.dial(address, expect).await.unwrap() });
}

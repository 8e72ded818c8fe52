//! A man in the middle with a key of his own, over QUIC and TLS, from the first contact on and in mid-conversation: the join
//! ends with what is wrong, and he has seen nothing but the start of handshakes.

use parlor::{
    identity::{Address, Fingerprint, Invite},
    transport::Kind,
};
use rcgen::CertificateParams;
use tokio::runtime::Runtime;

use crate::{
    harness::Outcome,
    path::{Path, To},
    program::{Host, Installation, Program},
    raw::{Eyes, Papers, RawHost, ours},
};

/// What is on the member's tongue, and is told to nobody but the host.
const SECRET: &str = "the key lies under the mat";

/// What the program ends with after a wrong key.
const MISMATCH: i32 = 4;

/// ... and when nobody could say whether a key is right.
const UNKNOWN: i32 = 6;

/// Somebody on the way, who speaks QUIC and TLS as well as any host does, with another key.
struct Mallory {
    path: Path,
    /// For QUIC, and for TLS.
    impostors: [RawHost; 2],
    key: Fingerprint,
    // Last: what runs in it goes first.
    _runtime: Runtime,
}

impl Mallory {
    fn new() -> Outcome<Self> {
        let runtime = Runtime::new()?;
        let papers = Papers::new(CertificateParams::default())?;
        let (path, impostors) = runtime.block_on(async {
            let quic = RawHost::new(Kind::Quic, &papers, Eyes::default(), &ours()).await?;
            let tls = RawHost::new(Kind::Tls, &papers, Eyes::default(), &ours()).await?;
            let path = Path::leading(To::Peer(tls.address), To::Peer(quic.address)).await?;
            Outcome::Ok((path, [quic, tls]))
        })?;
        Ok(Self { path, impostors, key: papers.fingerprint()?, _runtime: runtime })
    }

    fn address(&self) -> String {
        self.path.address.to_string()
    }

    /// Lets everything through for now.
    fn wait(&self, host: &Host) {
        let host = To::Peer(host.address().parse().expect("an address"));
        self.path.lead(host, host);
    }

    /// Steps in between.
    fn strike(&self) {
        let [quic, tls] = &self.impostors;
        self.path.lead(To::Peer(tls.address), To::Peer(quic.address));
    }

    fn has_seen_nothing(&self) {
        for impostor in &self.impostors {
            assert_eq!(impostor.eyes.shown(), 0, "certificates of the member's");
            assert_eq!(impostor.received(), 0, "bytes of the member's");
        }
        self.path.saw_nothing_of(SECRET);
    }
}

fn ends_with_a_mismatch(member: &mut Program, host: &Host, mallory: &Mallory) {
    let refused = member.wait("refused");
    assert_eq!(refused["reason"], "identity-mismatch", "{member}");
    assert_eq!(
        (&refused["expected"], &refused["found"]),
        (&host.fingerprint().into(), &mallory.key.sha256_base64().into())
    );
    assert_eq!(member.wait_end().0, MISMATCH, "{member}");
    mallory.has_seen_nothing();
}

const WAYS: [&[&str]; 3] = [&["--transport", "quic"], &["--transport", "tls"], &[]];

#[test]
fn a_man_in_the_middle_is_met_with_a_mismatch_by_who_has_a_fingerprint() -> Outcome {
    let (ana, ben) = (Installation::new(), Installation::new());
    let host = ana.host("Ana", &["--quic", "--tcp"]);
    for way in WAYS {
        let mallory = Mallory::new()?;
        let (address, key) = (mallory.address(), host.fingerprint());
        let mut member = ben.start(&[&["join", &address, "--fingerprint", &key, "--name", "Ben"], way].concat());
        member.say(SECRET);
        ends_with_a_mismatch(&mut member, &host, &mallory);
    }
    Ok(())
}

#[test]
fn a_man_in_the_middle_is_met_with_a_mismatch_by_who_has_an_invite() -> Outcome {
    let (ana, ben) = (Installation::new(), Installation::new());
    let host = ana.host("Ana", &["--quic", "--tcp"]);
    for way in WAYS {
        let mallory = Mallory::new()?;
        let address = Address::from(mallory.path.address);
        let invite = Invite::new(host.fingerprint().parse()?, vec![address], "Ana's room".parse()?)?.to_string();
        let mut member = ben.start(&[&["join", &invite, "--name", "Ben"], way].concat());
        member.say(SECRET);
        ends_with_a_mismatch(&mut member, &host, &mallory);
    }
    Ok(())
}

#[test]
fn a_man_in_the_middle_of_a_first_contact_is_shown_with_his_own_key_and_told_nothing() -> Outcome {
    for way in WAYS {
        let (ben, mallory) = (Installation::new(), Mallory::new()?);
        let mut member = ben.start(&[&["join", &mallory.address(), "--name", "Ben"], way].concat());
        member.say(SECRET);
        assert_eq!(member.wait("refused")["reason"], "identity-unknown");
        assert_eq!(member.wait_end().0, UNKNOWN, "{member}");
        assert!(member.heard().iter().any(|line| line.contains(&mallory.key.base32())), "which key it was: {member}");
        assert_eq!(ben.run(&["hosts"]).1.lines().count(), 1, "nothing was pinned");
        mallory.has_seen_nothing();
    }
    Ok(())
}

#[test]
fn a_man_who_steps_between_host_and_member_later_is_met_with_a_mismatch() -> Outcome {
    let (ana, ben) = (Installation::new(), Installation::new());
    let mut host = ana.host("Ana", &["--quic", "--tcp"]);
    let mallory = Mallory::new()?;
    mallory.wait(&host);
    let address = mallory.address();
    let mut member = ben.start(&["join", &address, "--name", "Ben", "--accept-new"]);
    member.wait("welcomed");
    member.signal("INT");
    assert_eq!(member.wait_end().0, 0);
    mallory.strike();
    // Who is asked to accept any key accepts any new one, and not another one.
    for way in WAYS {
        let join = ["join", &address, "--name", "Ben", "--accept-new", "--fallback", "plain"];
        let mut member = ben.start(&[&join, way].concat());
        member.say(SECRET);
        ends_with_a_mismatch(&mut member, &host, &mallory);
    }
    host.program.say("who was here?");
    host.program.wait_said("who was here?");
    Ok(())
}

fn a_man_who_steps_in_between_while_people_talk(transport: &str) -> Outcome {
    let (ana, ben) = (Installation::new(), Installation::new());
    let mut host = ana.host("Ana", &["--quic", "--tcp"]);
    let mallory = Mallory::new()?;
    mallory.wait(&host);
    let (address, key) = (mallory.address(), host.fingerprint());
    let mut member = ben.start(&["join", &address, "--fingerprint", &key, "--name", "Ben", "--transport", transport]);
    member.wait("welcomed");
    member.say("nobody listens");
    host.program.wait_said("nobody listens");
    member.wait_said("nobody listens");
    mallory.strike();
    // Before it is noticed, and after.
    member.say(SECRET);
    member.wait_for("state", |state| state["state"] == "reconnecting");
    member.say(SECRET);
    ends_with_a_mismatch(&mut member, &host, &mallory);
    let unsent = member.heard().iter().filter(|line| line.contains("unsent") && line.contains(SECRET)).count();
    assert_eq!(unsent, 2, "what was not said is given back: {member}");
    assert!(!host.program.heard().iter().any(|line| line.contains(SECRET)), "{}", host.program);
    Ok(())
}

#[test]
fn a_man_who_steps_in_between_while_people_talk_over_tls_hears_nothing() -> Outcome {
    a_man_who_steps_in_between_while_people_talk("tls")
}

/// QUIC takes 20 s to miss a peer.
#[test]
fn a_man_who_steps_in_between_while_people_talk_over_quic_hears_nothing() -> Outcome {
    a_man_who_steps_in_between_while_people_talk("quic")
}

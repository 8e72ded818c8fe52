//! `docs/PROTOCOL.md` says what the program does: its tables are those of the code, and its example is what a host and a
//! member really say.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::BytesMut;
use parlor::{
    conversation::{Conversation, Event},
    host::{self, Options},
    identity::{Fingerprint, Identity},
    wire::{
        CloseCode, Frame, FromHost, FromMember, Message, Ticket, frame, limits,
        message::{
            Away, Back, Close, Gap, Hello, Joined, Left, Ping, Pong, Refused, Repeated, Roster, Said, Say, Welcome,
        },
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

const PAGE: &str = include_str!("../docs/PROTOCOL.md");

/// The rows of the first table under a heading, without its head; cells without their backticks.
fn table(heading: &str) -> Vec<Vec<&'static str>> {
    let (_, section) = PAGE.split_once(&format!("\n{heading}\n")).expect("the heading is there");
    let lines = section.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |line: &'static str| line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`'));
    lines.skip(2).map(|line| cells(line).collect()).collect()
}

trait Shown {
    fn shown(&self) -> String;
}

impl Shown for usize {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for u32 {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for u64 {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for Duration {
    fn shown(&self) -> String {
        match self.subsec_millis() {
            0 => format!("{} s", self.as_secs()),
            _ => format!("{} ms", self.as_millis()),
        }
    }
}

macro_rules! limits {
    ($($name:ident),+ $(,)?) => {
        [$((stringify!($name), limits::$name.shown())),+]
    };
}

#[test]
fn every_limit_is_that_of_the_program() {
    let ours = limits![
        FRAME,
        TEXT,
        REASON,
        MEMBERS,
        NAMES_REMEMBERED,
        NAMES_PER_KEY,
        ROSTER_BATCH,
        LOG_ENTRIES,
        LOG_BYTES,
        SAVED_ENTRIES,
        SAVED_BYTES,
        UNSAVED,
        HISTORY,
        BATCH,
        NONCES,
        OUTSTANDING,
        PENDING,
        PENDING_PER_ADDRESS,
        WAITING,
        KNOCK_RATE,
        KNOCK_BURST,
        ADDRESSES,
        BUSY_RATE,
        BUSY_BURST,
        BUSY,
        FRAME_RATE,
        FRAME_BURST,
        STREAMS,
        ANSWERS,
        RETRY_FROM,
        UNSEEN,
        WINDOW_OF_MEMBER,
        WINDOW_OF_HOST,
        UNACKNOWLEDGED,
        QUIC_SILENCE,
        KEEP_ALIVE,
        GREETING,
        ATTEMPT,
        DIAL,
        HEARTBEAT,
        SILENCE,
        AWAY,
        RETRY_FIRST,
        RETRY_MAX,
        FAREWELL,
    ];
    let declared = include_str!("../src/wire/limits.rs").lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("pub const ")?.split_once(':')?;
        Some(name)
    });
    assert_eq!(declared.collect::<Vec<_>>(), ours.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    let documented: Vec<_> = table("## Limits").iter().map(|row| (row[0], row[1].to_owned())).collect();
    assert_eq!(documented, ours);
}

/// All of our own sources, where a test may be.
fn sources(dir: &Path) -> String {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: PathBuf| match path.is_dir() {
        true => sources(&path),
        false => fs::read_to_string(path).unwrap_or_default(),
    };
    entries.map(read).collect()
}

#[test]
fn every_limit_has_an_answer_and_a_test_that_is_there() {
    /// Settings of QUIC's; the page says why.
    const OUT_OF_REACH: [&str; 3] = ["UNSEEN", "UNACKNOWLEDGED", "KEEP_ALIVE"];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = sources(&root.join("src")) + &sources(&root.join("tests"));
    let bounds = include_str!("../docs/BOUNDS.md").lines().filter(|line| line.starts_with("| `"));
    let mut listed = Vec::new();
    for line in bounds {
        let [name, answer, test] = line.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<_>>()[..] else {
            panic!("three columns: {line}");
        };
        let (name, test) = (name.trim_matches('`'), test.trim_matches(['`', ' ', '|']));
        assert!(!answer.is_empty(), "{line}");
        assert_eq!(test.is_empty(), OUT_OF_REACH.contains(&name), "{line}");
        assert!(sources.contains(&format!("fn {test}(")) || test.is_empty(), "there is no test {test}");
        listed.push(name.to_owned());
    }
    let documented: Vec<_> = table("## Limits").iter().map(|row| row[0].to_owned()).collect();
    assert_eq!(listed, documented);
}

#[test]
fn every_close_code_is_that_of_the_program() {
    let documented = table("## Close codes");
    for row in &documented {
        let code = CloseCode::from(row[0].parse::<u16>().unwrap());
        assert_eq!((code.number().to_string(), format!("{code:?}")), (row[0].to_owned(), row[1].to_owned()));
    }
    let next = documented.len() as u16 + 1;
    assert_eq!(CloseCode::from(next), CloseCode::Other(next), "code {next} is not documented");
    assert_eq!(CloseCode::from(0), CloseCode::Other(0));
}

macro_rules! kinds {
    ($($message:ident),+ $(,)?) => {
        [$((format!("0x{:02x}", $message::KIND), stringify!($message))),+]
    };
}

#[test]
fn every_kind_is_that_of_the_program() {
    let ours =
        kinds![Close, Hello, Say, Ping, Welcome, Roster, Refused, Gap, Pong, Repeated, Said, Joined, Left, Away, Back];
    let documented = table("### Kinds");
    let rows: Vec<_> = documented.iter().map(|row| (row[0].to_owned(), row[1])).collect();
    assert_eq!(rows, ours);
    // Who may send it; `Close` is for both, and read by the transport.
    let by = |kind: u8, side: &str| documented.iter().any(|row| row[0] == format!("0x{kind:02x}") && row[2] == side);
    for kind in 1..=u8::MAX {
        let frame = Frame { kind, payload: [0xff].as_slice().into() };
        let is_known = |why: String| !why.contains("has no place here");
        let to_host = FromMember::read(&frame).map_or_else(|error| is_known(error.why), |_| false);
        let to_member = FromHost::read(&frame).map_or_else(|error| is_known(error.why), |_| false);
        assert_eq!((to_host, to_member), (by(kind, "member"), by(kind, "host")), "kind 0x{kind:02x}");
    }
}

#[test]
fn the_forms_of_a_fingerprint_are_those_of_the_program() {
    let (_, section) = PAGE.split_once("\n### Fingerprints\n").unwrap();
    let forms: Vec<_> = section.split("```").nth(1).unwrap().trim().lines().collect();
    let fingerprint: Fingerprint = forms[0].parse().unwrap();
    assert_eq!(forms, [fingerprint.base32(), fingerprint.sha256_base64(), fingerprint.hex()]);
}

/// The example's bytes, by the name of what they are.
fn example() -> BTreeMap<&'static str, Vec<u8>> {
    let blocks = PAGE.split("\n```hex ").skip(1).map(|block| {
        let (name, block) = block.split_once('\n').unwrap();
        let (hex, _) = block.split_once("```").unwrap();
        let digits = hex.lines().flat_map(|line| line.split(';').next().unwrap().split_whitespace());
        (name, digits.map(|digits| u8::from_str_radix(digits, 16).unwrap()).collect())
    });
    blocks.collect()
}

/// The message in a frame of the example; encoded again, it must give the same bytes.
fn said_in_example<M: Message>(name: &str) -> M {
    let bytes = example().remove(name).expect("the example has it");
    let mut buffer = BytesMut::from(&bytes[..]);
    let frame = frame::take(&mut buffer).unwrap().expect("a whole frame");
    assert!(buffer.is_empty(), "{name} has trailing bytes");
    assert_eq!(frame.kind, M::KIND, "{name}");
    let message = M::decode(&frame.payload).unwrap();
    assert_eq!(&message.encode()[..], &bytes[..], "{name}");
    message
}

#[test]
fn the_example_says_what_it_claims() {
    assert_eq!(example()["preamble"], parlor::transport::PROTOCOL);
    assert_eq!(example()["preface"], [0]);
    assert_eq!(
        said_in_example::<Hello>("hello"),
        Hello { name: "Ben".into(), room: Some("Kitchen".into()), conversation: 0xc000_0000_0000_0007, resume: None }
    );
    let welcome: Welcome = said_in_example("welcome");
    assert_eq!((welcome.member, welcome.first, welcome.head, welcome.members), (2, 3, 4, 3));
    assert_eq!(welcome.epoch, 0x0123_4567_89ab_cdef);
    let names: Vec<_> = said_in_example::<Roster>("roster").members.into_iter().map(|member| member.name).collect();
    assert_eq!(names.iter().map(|name| name.as_str()).collect::<Vec<_>>(), ["Ana", "Cleo", "Ben"]);
    assert_eq!(said_in_example::<Joined>("joined").seq, 3);
    let say: Say = said_in_example("say");
    assert_eq!(say, Say { nonce: 0x1122_3344_5566_7788, text: "Grüße!".into() });
    let said: Said = said_in_example("said");
    assert_eq!((said.seq, said.by, said.nonce, said.text), (4, 2, say.nonce, say.text));
    let left: Left = said_in_example("left");
    assert_eq!((left.seq, left.member, left.name.as_str()), (5, 1, "Cleo"));
    assert_eq!(said_in_example::<Ping>("ping").number, said_in_example::<Pong>("pong").number);
    assert_eq!(said_in_example::<Close>("close"), Close::new(CloseCode::Left, ""));
    assert_eq!(example().len(), 12, "every block is looked at here");
}

/// A member who knows nothing but the page.
struct Stranger(TcpStream, BytesMut);

impl Stranger {
    async fn join(port: u16, greeting: &[u8]) -> Self {
        let mut tcp = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        tcp.write_all(greeting).await.unwrap();
        Self(tcp, BytesMut::new())
    }

    async fn send(&mut self, name: &str) {
        self.0.write_all(&example()[name]).await.unwrap();
    }

    async fn hear<M: Message + Debug>(&mut self) -> M {
        let frame = loop {
            if let Some(frame) = frame::take(&mut self.1).unwrap() {
                break frame;
            }
            let read = timeout(Duration::from_secs(10), self.0.read_buf(&mut self.1)).await;
            assert_ne!(read.expect("the host answers").unwrap(), 0, "the host hung up");
        };
        assert_eq!(frame.kind, M::KIND);
        M::decode(&frame.payload).unwrap()
    }
}

async fn hosted() -> (Conversation, u16) {
    let options = Options {
        room: Some("Kitchen".parse().unwrap()),
        name: "Ana".parse().unwrap(),
        port: 0,
        bind: Some([127, 0, 0, 1].into()),
        encrypted: true,
        plain: true,
        announce: false,
        save: None,
        map_port: false,
    };
    let mut host = host::host(options, Arc::new(Identity::generate().unwrap()));
    match host.events.recv().await {
        Some(Event::Listening(listening)) => (host, listening.port),
        other => panic!("it does not listen: {other:?}"),
    }
}

/// The member's bytes are sent to a real host as they stand on the page, and what it answers is the page's but for what
/// is random, the time, and the host's key.
#[tokio::test]
async fn the_example_is_what_a_real_host_says() {
    let (host, port) = hosted().await;
    let opening = [&example()["preamble"][..], &example()["preface"]].concat();
    let hello = Hello { name: "Cleo".into(), room: None, conversation: 7, resume: None }.encode();
    let mut cleo = Stranger::join(port, &[&opening[..], &hello].concat()).await;
    cleo.hear::<Welcome>().await;

    let mut ben = Stranger::join(port, &[&opening[..], &example()["hello"]].concat()).await;
    let page: Welcome = said_in_example("welcome");
    let welcome = ben.hear::<Welcome>().await;
    assert!(matches!(welcome.ticket, Some(Ticket { .. })));
    assert!(welcome.pass.is_some());
    let Welcome { epoch, ticket, pass, .. } = page.clone();
    assert_eq!(Welcome { epoch, ticket, pass, ..welcome }, page);
    let page: Roster = said_in_example("roster");
    let mut roster = ben.hear::<Roster>().await;
    roster.members[0].fingerprint = page.members[0].fingerprint;
    assert_eq!(roster, page);
    let page: Joined = said_in_example("joined");
    assert_eq!(Joined { at: page.at, ..ben.hear().await }, page);

    ben.send("say").await;
    let page: Said = said_in_example("said");
    assert_eq!(Said { at: page.at, ..ben.hear().await }, page);
    cleo.send("close").await;
    let page: Left = said_in_example("left");
    assert_eq!(Left { at: page.at, ..ben.hear().await }, page);
    ben.send("ping").await;
    assert_eq!(ben.hear::<Pong>().await, said_in_example("pong"));
    ben.send("close").await;
    drop(ben);
    host.exit.leave();
}

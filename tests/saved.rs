//! A room that is saved goes on where its host stopped; and a file that cannot be used is left as it is.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    pin::pin,
    sync::Arc,
    task::{Context, Waker},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use parlor::{
    identity::{Fingerprint, RoomName},
    room::{Candidate, Cursor, Heard, Keep, Membership, Room, Save, SaveError},
    wire::{
        FromHost, HOST, Security, frame, limits,
        message::{Departure, Refusal, Resume, Say, Welcome},
    },
};
use tempfile::TempDir;
use tokio::time::timeout;

/// Nothing here takes so long unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder with a file in it, perhaps.
struct Shelf {
    _dir: TempDir,
    save: Save,
}

impl Shelf {
    fn new() -> Self {
        Self::keeping(Keep::default())
    }

    fn keeping(keep: Keep) -> Self {
        let dir = TempDir::new().expect("a temporary folder");
        let path = dir.path().join("kitchen.parlor");
        Self { _dir: dir, save: Save { path, sync: false, keep } }
    }

    fn path(&self) -> &Path {
        &self.save.path
    }

    /// What SQLite keeps beside the file while it is open.
    fn wal(&self) -> PathBuf {
        let mut path = self.path().as_os_str().to_owned();
        path.push("-wal");
        path.into()
    }

    fn try_open(&self) -> Result<(Arc<Room>, Vec<Membership>), SaveError> {
        Room::saved(&self.save, None, &name("Kitchen"))
    }

    /// The room, as soon as nobody else has it.
    async fn open(&self) -> (Arc<Room>, Vec<Membership>) {
        let opened = async {
            loop {
                match self.try_open() {
                    Err(SaveError::InUse { .. }) => tokio::task::yield_now().await,
                    opened => return opened.expect("it can be opened"),
                }
            }
        };
        timeout(PATIENCE, opened).await.expect("somebody has it for much too long")
    }

    /// The room, with its host.
    async fn host(&self) -> (Arc<Room>, Membership, Vec<Membership>) {
        let (room, away) = self.open().await;
        let host = room.admit_host(&"Ana".parse().unwrap(), Some(key(1)), Security::Pinned).unwrap();
        (room, host, away)
    }
}

fn name(name: &str) -> RoomName {
    name.parse().expect("a name")
}

fn key(number: u8) -> Fingerprint {
    Fingerprint::from_bytes([number; 32])
}

fn ben() -> Candidate<'static> {
    let fingerprint = Some(key(2));
    Candidate { name: "Ben", room: None, fingerprint, security: Security::Encrypted, conversation: 1, resume: None }
}

fn chi() -> Candidate<'static> {
    Candidate {
        name: "Chi",
        room: None,
        fingerprint: None,
        security: Security::Plaintext,
        conversation: 1,
        resume: None,
    }
}

fn back<'a>(candidate: Candidate<'a>, welcome: &Welcome, next: u64) -> Candidate<'a> {
    let pass = welcome.pass.clone();
    Candidate { resume: Some(Resume { epoch: welcome.epoch, next, pass, attempt: 1 }), ..candidate }
}

fn say(member: &Membership, nonce: u64, text: &str) -> Heard {
    member.say(Say { nonce, text: text.to_owned() }).expect("something to say")
}

/// What a cursor reads up to the message with this text.
async fn up_to(cursor: &mut Cursor, text: &str) -> Vec<FromHost> {
    let mut seen = Vec::new();
    let mut batch: Vec<Bytes> = Vec::new();
    loop {
        let is_open = timeout(PATIENCE, cursor.next(&mut batch)).await.expect("in time");
        let mut frames = BytesMut::from(&std::mem::take(&mut batch).concat()[..]);
        while let Some(frame) = frame::take(&mut frames).unwrap() {
            seen.push(FromHost::read(&frame).unwrap().unwrap());
        }
        if seen.iter().any(|message| matches!(message, FromHost::Said(said) if said.text == text)) {
            return seen;
        }
        assert!(is_open, "“{text}” never came");
    }
}

fn texts(seen: &[FromHost]) -> Vec<&str> {
    let said = seen.iter().filter_map(|message| match message {
        FromHost::Said(said) => Some(said.text.as_str()),
        _ => None,
    });
    said.collect()
}

#[tokio::test]
async fn a_host_that_was_cut_short_goes_on_where_it_stopped() {
    let shelf = Shelf::new();
    let (room, host, _) = shelf.host().await;
    let (ben_is, chi_is) = (room.admit(&ben()).unwrap(), room.admit(&chi()).unwrap());
    let (ben_was, chi_was) = (ben_is.welcome(), chi_is.welcome());
    assert!(ben_was.saved);
    say(&ben_is, 7, "one");
    say(&chi_is, 8, "two");
    let seen = up_to(&mut host.cursor(), "two").await;
    let next = seen.last().and_then(FromHost::seq).unwrap() + 1;
    std::mem::forget((host, ben_is, chi_is));
    drop(room);

    // The room is still held by those who were cut off: it is another process that goes on, with a copy of the files.
    let other = Shelf::new();
    fs::copy(shelf.path(), other.path()).unwrap();
    fs::copy(shelf.wal(), other.wal()).unwrap();
    let (room, host, away) = other.host().await;
    assert_eq!(away.iter().map(|one| one.member().name.as_str()).collect::<Vec<_>>(), ["Ben", "Chi"]);
    assert_eq!((host.member().id, host.welcome().epoch), (HOST, ben_was.epoch));
    let (ben_is, chi_is) =
        (room.admit(&back(ben(), &ben_was, next)).unwrap(), room.admit(&back(chi(), &chi_was, next)).unwrap());
    assert_eq!((ben_is.member().id, chi_is.member().id), (ben_was.member, chi_was.member));
    assert_eq!((ben_is.welcome().first, ben_is.welcome().epoch), (next, ben_was.epoch));
    // What was not acknowledged is said again.
    assert_eq!((say(&ben_is, 7, "one"), say(&chi_is, 8, "two")), (Heard::Before, Heard::Before));
    say(&ben_is, 9, "three");
    let seen = up_to(&mut chi_is.cursor(), "three").await;
    assert_eq!(texts(&seen), ["three"]);
    let backs = seen.iter().filter(|message| matches!(message, FromHost::Back(_))).count();
    let others = seen.iter().filter(|message| matches!(message, FromHost::Joined(_) | FromHost::Left(_))).count();
    assert_eq!((backs, others), (3, 0), "nobody leaves and nobody joins");
}

#[tokio::test]
async fn after_a_host_has_left_nobody_is_in_the_room_and_everything_else_is_there() {
    let shelf = Shelf::new();
    let (room, host, _) = shelf.host().await;
    let ben_is = room.admit(&ben()).unwrap();
    say(&ben_is, 1, "see you tomorrow");
    room.close();
    timeout(PATIENCE, room.closed()).await.expect("in time");
    up_to(&mut host.cursor(), "see you tomorrow").await;
    assert!(!shelf.wal().exists(), "one file is left");

    let (room, host, away) = shelf.host().await;
    assert!(away.is_empty());
    let eve = Candidate { fingerprint: Some(key(9)), ..ben() };
    room.admit(&eve).expect_err("the name is still Ben's");
    let again = room.admit(&ben()).unwrap();
    assert_eq!(again.member().id, ben_is.member().id);
    say(&host, 1, "good morning");
    assert_eq!(texts(&up_to(&mut again.cursor(), "good morning").await), ["see you tomorrow", "good morning"]);
}

/// The room never came to its end: its host waited in vain, and was not given back what nobody had heard.
#[tokio::test]
async fn who_speaks_as_the_room_closes_neither_holds_up_its_end_nor_was_heard() {
    let shelf = Shelf::new();
    let (room, _host, _) = shelf.host().await;
    let ben_is = room.admit(&ben()).unwrap();
    room.close();
    say(&ben_is, 7, "wait");
    timeout(PATIENCE, room.closed()).await.expect("in time");

    let (room, host, away) = shelf.host().await;
    assert!(away.is_empty(), "it was closed as it should be");
    let again = room.admit(&back(ben(), &ben_is.welcome(), 1)).unwrap();
    assert_eq!(say(&again, 7, "wait"), Heard::Now);
    up_to(&mut host.cursor(), "wait").await;
}

#[tokio::test]
async fn who_does_not_come_back_after_a_restart_has_left() {
    let shelf = Shelf::new();
    let (room, host, _) = shelf.host().await;
    let ben_is = room.admit(&ben()).unwrap();
    say(&ben_is, 1, "hello");
    up_to(&mut host.cursor(), "hello").await;
    std::mem::forget(ben_is);
    std::mem::forget(host);
    let other = Shelf::new();
    fs::copy(shelf.path(), other.path()).unwrap();
    fs::copy(shelf.wal(), other.wal()).unwrap();
    let (_room, host, away) = other.host().await;
    away.into_iter().for_each(|membership| membership.leave(Departure::Lost));
    say(&host, 2, "alone");
    let seen = up_to(&mut host.cursor(), "alone").await;
    assert!(seen.iter().any(|message| matches!(message, FromHost::Left(left) if left.name.as_str() == "Ben")));
}

#[tokio::test]
async fn a_host_may_come_back_under_another_name_and_key_and_is_still_the_host() {
    let shelf = Shelf::new();
    let (room, host, _) = shelf.host().await;
    room.admit(&ben()).unwrap().settled().await;
    room.close();
    room.closed().await;
    drop((room, host));
    let (room, _) = shelf.open().await;
    let taken = room.admit_host(&"Ben".parse().unwrap(), Some(key(1)), Security::Pinned);
    taken.expect_err("that is Ben's name");
    let host = room.admit_host(&"Anna".parse().unwrap(), None, Security::Plaintext).unwrap();
    assert_eq!(host.member().id, HOST);
    let ana = Candidate { name: "Ana", ..ben() };
    assert_ne!(room.admit(&ana).unwrap().member().id, HOST, "the old name is free");
}

#[tokio::test]
async fn what_memory_no_longer_holds_is_read_from_the_file() {
    let shelf = Shelf::new();
    let (_room, host, _) = shelf.host().await;
    let said = limits::LOG_ENTRIES as u64 + 500;
    let mut cursor = host.cursor();
    let mut early = host.cursor();
    for nonce in 0..said {
        host.may_speak().await;
        say(&host, nonce, &nonce.to_string());
    }
    let last = (said - 1).to_string();
    let seen = up_to(&mut cursor, &last).await;
    assert_eq!(texts(&seen).len() as u64, said, "nothing is missing");
    assert!(!seen.iter().any(|message| matches!(message, FromHost::Gap(_))));
    assert_eq!(up_to(&mut early, &last).await, seen);
}

#[tokio::test]
async fn only_so_much_is_kept_and_what_is_erased_is_told_as_a_gap() {
    let shelf = Shelf::keeping(Keep { entries: 10, ..Keep::default() });
    let (_room, host, _) = shelf.host().await;
    let mut cursor = host.cursor();
    for nonce in 0..50 {
        say(&host, nonce, &nonce.to_string());
    }
    let entry = host.welcome().first;
    // Everything was heard once; whoever comes to it now finds the last ten.
    up_to(&mut host.cursor(), "49").await;
    let seen = up_to(&mut cursor, "49").await;
    let Some(FromHost::Gap(gap)) = seen.first() else { panic!("a gap, and not {:?}", seen.first()) };
    assert_eq!((gap.from, gap.to), (entry, 42));
    assert_eq!(texts(&seen).len(), 10);
}

#[tokio::test]
async fn bytes_have_a_bound_as_entries_do() {
    let shelf = Shelf::keeping(Keep { bytes: 2_500, ..Keep::default() });
    let (_room, host, _) = shelf.host().await;
    for nonce in 0..50 {
        say(&host, nonce, &"x".repeat(1_000));
    }
    say(&host, 50, "last");
    up_to(&mut host.cursor(), "last").await;
    let seen = up_to(&mut host.cursor(), "last").await;
    assert!(matches!(seen[0], FromHost::Gap(_)));
    assert_eq!(texts(&seen).len(), 3, "two large ones, and the last");
}

/// Whether there is nothing to wait for.
fn is_ready(future: impl Future<Output = ()>) -> bool {
    pin!(tokio::task::unconstrained(future)).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

/// On one thread, nothing is saved while nobody waits.
#[tokio::test]
async fn so_much_may_wait_to_be_saved_and_no_more() {
    let shelf = Shelf::new();
    let (room, host, _) = shelf.host().await;
    host.settled().await;
    for nonce in 0..limits::UNSAVED {
        assert!(is_ready(host.may_speak()), "{nonce} may wait");
        say(&host, nonce, &nonce.to_string());
    }
    assert!(!is_ready(host.may_speak()));
    assert_eq!(room.admit(&ben()).expect_err("no more").refusal, Refusal::Full);
    timeout(PATIENCE, host.may_speak()).await.expect("the file takes them");
    room.admit(&ben()).expect("a place");
}

#[tokio::test]
async fn what_is_too_old_is_erased_and_is_no_longer_in_the_file() {
    let shelf = Shelf::keeping(Keep { age: Some(Duration::ZERO), ..Keep::default() });
    let (room, host, _) = shelf.host().await;
    say(&host, 1, "a secret of long ago");
    // Some transaction comes later than that.
    let mut nonce = 1;
    while !host.cursor_is_behind_a_gap().await {
        nonce += 1;
        say(&host, nonce, "by now");
    }
    room.close();
    room.closed().await;
    let file = fs::read(shelf.path()).unwrap();
    assert!(!file.windows(8).any(|part| part == b"a secret"));
}

trait BehindAGap {
    async fn cursor_is_behind_a_gap(&self) -> bool;
}

impl BehindAGap for Membership {
    /// Whether what lies ahead of this member's first cursor was erased.
    async fn cursor_is_behind_a_gap(&self) -> bool {
        let mut batch = Vec::new();
        let _ = timeout(Duration::from_millis(10), self.cursor().next(&mut batch)).await;
        batch.first().is_some_and(|bytes| bytes.get(4) == Some(&0x13))
    }
}

#[tokio::test]
async fn a_file_is_for_one_host_at_a_time_and_for_one_room() {
    let shelf = Shelf::new();
    let (room, host, _) = shelf.host().await;
    assert!(matches!(shelf.try_open(), Err(SaveError::InUse { .. })));
    room.close();
    room.closed().await;
    drop(host);
    let other = Room::saved(&shelf.save, Some(&name("Office")), &name("Office"));
    assert!(matches!(other, Err(SaveError::OtherRoom { .. })));
    // The name that is only the default gives way to that in the file.
    let (room, _) = Room::saved(&shelf.save, None, &name("Office")).expect("it can be opened");
    assert_eq!(*room.name(), name("Kitchen"));
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_reads_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let shelf = Shelf::new();
    let (_room, host, _) = shelf.host().await;
    host.settled().await;
    for file in [shelf.path(), &shelf.wal()] {
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
}

/// Fails to open what is there, and leaves it as it is.
fn is_left_alone(shelf: &Shelf) -> SaveError {
    let before = fs::read(shelf.path()).unwrap();
    let error = shelf.try_open().expect_err("it cannot be used");
    assert_eq!(fs::read(shelf.path()).unwrap(), before);
    let dir = shelf.path().parent().unwrap();
    let beside = fs::read_dir(dir).unwrap().map(|file| file.unwrap().file_name()).collect::<Vec<_>>();
    assert_eq!(beside, ["kitchen.parlor"], "nothing is left beside it");
    error
}

#[tokio::test]
async fn a_foreign_file_is_left_as_it_is() {
    let shelf = Shelf::new();
    let mut sqlite = b"SQLite format 3\0".to_vec();
    sqlite.resize(4096, 0);
    for content in [&b"Dear diary"[..], &[0; 5000], &sqlite, b"S"] {
        fs::write(shelf.path(), content).unwrap();
        assert!(matches!(is_left_alone(&shelf), SaveError::Foreign { .. }));
    }
    let folder = Save { path: shelf.path().parent().unwrap().to_owned(), ..shelf.save.clone() };
    let error = Room::saved(&folder, None, &name("Kitchen")).expect_err("it is a folder");
    assert!(matches!(error, SaveError::Unusable { .. }), "{error}");
    let nowhere = Save { path: shelf.path().join("nowhere"), ..shelf.save.clone() };
    Room::saved(&nowhere, None, &name("Kitchen")).expect_err("there is no such folder");
}

/// A file that was closed, with something in it.
async fn written() -> Shelf {
    let shelf = Shelf::new();
    let (room, host, _) = shelf.host().await;
    let ben_is = room.admit(&ben()).unwrap();
    for nonce in 0..200 {
        say(&ben_is, nonce, &"x".repeat(200));
    }
    room.close();
    room.closed().await;
    drop((host, ben_is));
    shelf
}

#[tokio::test]
async fn a_later_format_is_left_to_a_later_parlor() {
    let shelf = written().await;
    let mut bytes = fs::read(shelf.path()).unwrap();
    // The user version, by the SQLite file format.
    bytes[60..64].copy_from_slice(&2u32.to_be_bytes());
    fs::write(shelf.path(), bytes).unwrap();
    assert!(matches!(is_left_alone(&shelf), SaveError::Newer { found: 2, .. }));
}

#[tokio::test]
async fn a_torn_file_is_said_to_be_damaged_and_left_as_it_is() {
    let shelf = written().await;
    let whole = fs::read(shelf.path()).unwrap();
    let cuts = (1..whole.len()).step_by(509).chain([99, 100, 101, 512, 4095, 4096, 4097, whole.len() - 1]);
    for length in cuts {
        fs::write(shelf.path(), &whole[..length]).unwrap();
        let error = is_left_alone(&shelf);
        let is_told = match length {
            // Not enough of it to tell what it was.
            ..72 => matches!(error, SaveError::Foreign { .. }),
            _ => matches!(error, SaveError::Damaged { .. }),
        };
        assert!(is_told, "{length}: {error}");
    }
}

#[tokio::test]
async fn damage_anywhere_in_the_file_never_ends_the_program() {
    let shelf = written().await;
    let whole = fs::read(shelf.path()).unwrap();
    for place in (0..whole.len()).step_by(397) {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x55;
        fs::write(shelf.path(), &damaged).unwrap();
        match shelf.try_open() {
            Ok((room, _)) => {
                // It was in a text, or where nothing is.
                room.close();
                timeout(PATIENCE, room.closed()).await.expect("in time");
            }
            Err(_) => assert_eq!(fs::read(shelf.path()).unwrap(), damaged, "byte {place}"),
        }
        let _ = fs::remove_file(shelf.wal());
    }
}

#[tokio::test]
async fn a_torn_end_of_the_last_transactions_costs_no_more_than_these() {
    let shelf = Shelf::new();
    let (room, host, _) = shelf.host().await;
    say(&host, 1, "kept");
    up_to(&mut host.cursor(), "kept").await;
    let (whole, before) = (fs::read(shelf.path()).unwrap(), fs::read(shelf.wal()).unwrap());
    for nonce in 2..20 {
        say(&host, nonce, &nonce.to_string());
    }
    up_to(&mut host.cursor(), "19").await;
    let after = fs::read(shelf.wal()).unwrap();
    for length in (before.len()..after.len()).step_by(1_013) {
        let torn = Shelf::new();
        fs::write(torn.path(), &whole).unwrap();
        OpenOptions::new().create(true).append(true).open(torn.wal()).unwrap().write_all(&after[..length]).unwrap();
        let (_again, host, _) = torn.host().await;
        say(&host, 99, "on");
        let seen = up_to(&mut host.cursor(), "on").await;
        assert_eq!(texts(&seen)[0], "kept");
        assert_eq!(host.welcome().epoch, room.admit(&ben()).unwrap().welcome().epoch);
    }
}

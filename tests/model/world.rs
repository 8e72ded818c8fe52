//! A host, members, and the wires between them: does step after step, and looks after each at what everybody is shown.
//!
//! Time is tokio's, paused: it passes only when nobody has anything to do, and no file is being written. So after a millisecond of
//! it all is done that can be done at once.

use std::{
    cell::Cell,
    collections::HashMap,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, LazyLock},
    time::Duration,
};

use parlor::{
    host::{self, Keep, Save},
    identity::{Address, Fingerprint, Identity, Pins},
    session::{self, Consent, Source, Target},
    transport::{
        Connection, Expect, Stream, Transport,
        memory::{Memory, Network},
    },
    wire::limits,
};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::{
    Check, ensure,
    hosted::{Guests, Hosted},
    ledger::Fate,
    log::Log,
    place::{Dialler, address, door, elsewhere, greeting, home},
    shelf::{self, Contents, Shelf},
    step::{Kept, Leave, MEMBERS, Step},
    talk::{Known, Talk, room},
    text::Text,
    wire::Wires,
};

const NAMES: [&str; MEMBERS] = ["Ben", "Cleo", "Dora"];

/// A slice of time, after which everybody is looked at.
const SLICE: Duration = Duration::from_secs(1);

/// When nothing goes wrong any more, everybody is back after this: the host has not been heard, a greeting was not answered,
/// and the longest wait came before the next.
const CALM: Duration = Duration::from_secs(75);

/// Made once: it takes its time.
static IDENTITY: LazyLock<Identity> = LazyLock::new(|| Identity::generate().expect("a key"));

/// Somebody with a key and a name of their own.
#[derive(Default)]
struct Member {
    talks: Vec<Talk>,
    /// Where they have arrived that is accounted for: by epoch.
    arrived: HashMap<usize, u64>,
    /// How often they have left, and the room was not told so yet.
    departures: usize,
    /// What began anew has come once more, and may have ended what was there.
    has_rival: bool,
    /// What they had said may be said again in a later log.
    was_repeated: bool,
}

pub(crate) struct World {
    wires: Wires,
    network: Network,
    host: Option<Hosted>,
    /// How many there have been.
    hosts: usize,
    shelf: Shelf,
    /// Where members keep whom they trust.
    pins: TempDir,
    /// Where the last room is saved, if it is.
    file: Option<PathBuf>,
    /// Where its files will have been copied to if the host is killed.
    copy: Option<PathBuf>,
    /// What the host had shown of its log when it was looked at last, and it lived.
    heard: u64,
    /// One for each epoch.
    logs: Vec<Log>,
    /// Of each, whether the host has left it.
    left: Vec<bool>,
    members: Vec<Member>,
    /// Connections of nobody's, that repeat what somebody has sent.
    echoes: Vec<(Arc<dyn Connection>, Stream)>,
}

impl World {
    /// Nobody is there yet.
    pub(crate) fn new() -> Self {
        let wires = Wires::default();
        let lay = wires.clone();
        let network = Network::with_wire(move |address, member, host| lay.lay(address, member, host));
        let members = (0..MEMBERS).map(|_| Member::default()).collect();
        Self {
            wires,
            network,
            host: None,
            hosts: 0,
            shelf: Shelf::new(),
            pins: TempDir::new().expect("a temporary folder"),
            file: None,
            copy: None,
            heard: 0,
            logs: vec![],
            left: vec![],
            members,
            echoes: vec![],
        }
    }

    /// Does a step and looks at what comes of it. Whether there was anything to do.
    pub(crate) async fn take(&mut self, step: Step) -> Result<bool, String> {
        let is_done = self.begin(step).await?;
        if is_done {
            self.settle().await?;
            self.check()?;
        }
        Ok(is_done)
    }

    async fn begin(&mut self, step: Step) -> Result<bool, String> {
        match step {
            Step::Join { member } => self.join(member).await?,
            Step::Say { member, messages, bytes } => {
                let Some(talk) = self.live(member).filter(|talk| talk.left.is_none()) else { return Ok(false) };
                return Ok((0..messages).take_while(|_| talk.say(bytes)).count() > 0);
            }
            Step::HostSays { messages } => {
                let Some(host) = &mut self.host else { return Ok(false) };
                return Ok((0..messages).take_while(|_| host.say(0)).count() > 0);
            }
            Step::Leave { member, how } => {
                let Some(talk) = self.live(member).filter(|talk| talk.left.is_none()) else { return Ok(false) };
                if !talk.leave(how) {
                    return Ok(false);
                }
                self.members[member].departures += 1;
            }
            Step::Fault { member, way, after, fault, next } => {
                self.wires.fault(address(member), way, after, fault, next);
            }
            Step::Cut { member, end } => self.wires.cut(address(member), end),
            Step::Release { member } => self.wires.release(address(member)),
            Step::Delay { member, ms } => self.wires.delay(address(member), Duration::from_millis(ms)),
            Step::Unplug { member } => self.wires.set_down(address(member), true),
            Step::Plug { member } => self.wires.set_down(address(member), false),
            Step::Again { member, back } => return self.again(member, back).await,
            Step::Stall { member } => match self.live(member) {
                Some(talk) => talk.is_stalled = true,
                None => return Ok(false),
            },
            Step::Read { member } => self.members[member].talks.iter_mut().for_each(|talk| talk.is_stalled = false),
            Step::Flood => return self.flood().await,
            Step::Stop => return self.stop().await,
            Step::Kill { after } => {
                if self.host.is_none() {
                    return Ok(false);
                }
                self.wires.kill(after);
            }
            Step::Start { kept } => {
                if self.host.is_some() {
                    return Ok(false);
                }
                self.start(kept);
            }
            Step::Wait { ms } => self.wait(Duration::from_millis(ms)).await?,
        }
        Ok(true)
    }

    /// The latest conversation of a member, if it is not over.
    fn live(&mut self, member: usize) -> Option<&mut Talk> {
        self.members[member].talks.last_mut().filter(|talk| !talk.is_over())
    }

    /// Lets everybody do what they can do at once, and looks at what they are shown.
    async fn settle(&mut self) -> Check {
        loop {
            loop {
                sleep(Duration::from_millis(1)).await;
                if !self.look_at_the_host()? {
                    break;
                }
            }
            if self.wires.is_dead() && self.bury()? {
                // It is heard no more; what it does now is to make room for another.
                continue;
            }
            if !self.look_at_members()? {
                return Ok(());
            }
        }
    }

    async fn wait(&mut self, time: Duration) -> Check {
        let end = Instant::now() + time;
        while Instant::now() < end {
            sleep(SLICE.min(end - Instant::now())).await;
            self.settle().await?;
            self.check()?;
        }
        Ok(())
    }

    fn look_at_the_host(&mut self) -> Result<bool, String> {
        let Some(host) = &mut self.host else { return Ok(false) };
        let members = &self.members;
        let gone: Vec<_> = members.iter().map(|member| Cell::new(member.departures)).collect();
        let may_be_said = |text: Text| {
            let member = members.get(text.member).ok_or("nobody of that number")?;
            let fate = member.talks.get(text.talk).and_then(|talk| talk.ledger.fate(text));
            match fate.ok_or("that was never typed")? {
                Fate::Acknowledged(epoch) if !member.was_repeated => Err(format!("it was acknowledged in log {epoch}")),
                _ => Ok(()),
            }
        };
        let mut has_left = |name: &str| {
            let left = NAMES.iter().position(|known| *known == name).map(|member| &gone[member]);
            left.is_some_and(|left| left.get() > 0 && left.replace(left.get() - 1) > 0)
        };
        let mut guests = Guests { may_be_said: &may_be_said, has_left: &mut has_left };
        let log = &mut self.logs[host.epoch];
        let was_something = host.look(log, &mut guests)?;
        if self.wires.is_dead() {
            // Some of it came too late to be heard by anybody.
            return Ok(was_something);
        }
        self.heard = log.head();
        let gone: Vec<_> = gone.iter().map(Cell::get).collect();
        self.members.iter_mut().zip(gone).for_each(|(member, left)| member.departures = left);
        if host.is_over {
            log.end();
            self.host = None;
            self.copy = None;
            self.wires.at_death(None);
        }
        Ok(was_something)
    }

    /// The host was killed. Whoever goes on with its log finds what was saved by then, and nothing is missing that anybody has
    /// seen. Whether it was there until now.
    fn bury(&mut self) -> Result<bool, String> {
        let was_there = self.host.take().is_some();
        if let Some(copy) = self.copy.take() {
            let epoch = self.logs.len() - 1;
            let log = &mut self.logs[epoch];
            let Contents { head, is_closed } = self.shelf.read(&copy)?;
            ensure!(
                self.heard <= head,
                "the host has shown what is before {}, and saved what is before {head}",
                self.heard
            );
            ensure!(head <= log.head(), "it has saved what is before {head}, and shows what is before {}", log.head());
            let lost = log.cut(head);
            if is_closed {
                log.end();
            }
            for talk in self.members.iter().flat_map(|member| &member.talks) {
                talk.survives(epoch, head, &lost)?;
            }
            self.file = Some(copy);
        }
        Ok(was_there)
    }

    fn look_at_members(&mut self) -> Result<bool, String> {
        let (logs, left) = (&self.logs, &self.left);
        let mut was_something = false;
        for member in &mut self.members {
            let Member { talks, arrived, has_rival, was_repeated, .. } = member;
            let has_rival = *has_rival || talks.len() > 1;
            let has_double = has_rival || *was_repeated;
            for talk in talks {
                let mut known = Known { logs, arrived, has_left: &|epoch| left[epoch], has_rival, has_double };
                was_something |= talk.look(&mut known)?;
            }
        }
        Ok(was_something)
    }

    /// What has to be true whenever all is done that can be done at once.
    fn check(&self) -> Check {
        let Some(host) = self.host.as_ref().filter(|host| !host.has_left) else { return Ok(()) };
        host.check(&self.logs[host.epoch])?;
        for (number, member) in self.members.iter().enumerate() {
            let mut live = member.talks.iter().filter(|talk| !talk.is_over());
            if let (Some(talk), None) = (live.next(), live.next())
                && self.wires.is_clean(address(number))
                && talk.is_online
                && talk.left.is_none()
                && !talk.is_stalled
            {
                talk.is_complete(&self.logs, host.epoch, &host.roster)?;
            }
        }
        Ok(())
    }

    /// Nothing goes wrong any more: everybody comes back, misses nothing, and leaves.
    pub(crate) async fn end(mut self) -> Check {
        self.wires.heal();
        self.echoes.clear();
        self.members.iter_mut().flat_map(|member| &mut member.talks).for_each(|talk| talk.is_stalled = false);
        self.settle().await?;
        if self.host.is_none() {
            self.start(Kept::On);
        }
        let mut waited = Duration::ZERO;
        while let Err(why) = self.is_calm() {
            ensure!(waited < CALM, "after {waited:?} of calm: {why}");
            self.wait(SLICE).await?;
            waited += SLICE;
        }
        for member in &mut self.members {
            for talk in member.talks.iter_mut().filter(|talk| !talk.is_over() && talk.left.is_none()) {
                member.departures += 1;
                ensure!(talk.leave(Leave::Finish), "there is no place for a command");
            }
        }
        self.wait(limits::SILENCE + SLICE).await?;
        for talk in self.members.iter().flat_map(|member| &member.talks) {
            ensure!(talk.is_over(), "{talk:?} does not end");
        }
        self.stop().await?;
        ensure!(self.host.is_none(), "the host does not end");
        Ok(())
    }

    fn is_calm(&self) -> Check {
        let host = self.host.as_ref().ok_or("there is no host")?;
        for member in &self.members {
            let mut live = member.talks.iter().filter(|talk| !talk.is_over());
            if let Some(talk) = live.next() {
                ensure!(live.next().is_none(), "{talk:?} is not the only one");
                ensure!(talk.is_online || talk.left.is_some(), "{talk:?} is not online");
                if talk.is_online && talk.left.is_none() {
                    talk.is_complete(&self.logs, host.epoch, &host.roster)?;
                    let unheard = talk.unheard(&self.logs);
                    ensure!(unheard.is_empty(), "{unheard:?} wait");
                }
            }
        }
        Ok(())
    }
}

/// What the steps do.
impl World {
    async fn join(&mut self, member: usize) -> Check {
        let is_clean = self.host.is_some() && self.wires.is_clean(address(member));
        let fingerprint = Some(IDENTITY.fingerprint());
        let options = session::Options {
            target: Target { addresses: vec![Address::from(door())], fingerprint, room: None, source: Source::Given },
            name: NAMES[member].parse().expect("a name"),
            way: session::Way::Encrypted,
            first_contact: Consent::Withheld,
            plaintext: Consent::Withheld,
            bind: None,
            proxy: None,
        };
        let transport: Arc<dyn Transport> = Arc::new(Dialler(self.memory(member, address(member))));
        let conversation = session::join_over(vec![transport], options, Pins::open(self.pins.path()));
        let talks = &mut self.members[member].talks;
        let number = talks.len();
        talks.push(Talk::new(member, number, conversation));
        // What was said to its first attempt, before it is let in.
        self.settle().await?;
        let talk = &self.members[member].talks[number];
        ensure!(!is_clean || self.wires.is_dead() || talk.is_welcomed, "{talk:?} does not get in");
        Ok(())
    }

    /// Sends what an earlier attempt has sent: all of it, where the number of the attempt forbids that it is heard again. What
    /// has no number, or the number of an earlier conversation, may really come late; but then it is a greeting alone, since
    /// nobody says anything before they are let in.
    async fn again(&mut self, member: usize, back: usize) -> Result<bool, String> {
        let sent = self.wires.sent(address(member));
        let Some((first, hello)) = sent.iter().rev().nth(back).and_then(greeting) else {
            return Ok(false);
        };
        let Ok(connection) =
            self.memory(member, elsewhere(member)).dial(home(), Expect::Key(IDENTITY.fingerprint())).await
        else {
            return Ok(false);
        };
        let Ok(mut stream) = connection.open().await else { return Ok(false) };
        let Member { talks, has_rival, was_repeated, departures, .. } = &mut self.members[member];
        let bytes = if hello.resume.is_none() || talks.len() > 1 {
            *has_rival = true;
            first
        } else {
            *was_repeated = true;
            // That they leave may be among what they sent.
            *departures += 1;
            sent[sent.len() - 1 - back].slice(1..)
        };
        let is_sent = stream.send.send(&mut vec![bytes]).await.is_ok();
        self.echoes.push((connection, stream));
        if self.echoes.len() > 2 {
            self.echoes.remove(0);
        }
        Ok(is_sent)
    }

    async fn flood(&mut self) -> Result<bool, String> {
        let is_anybody_slow = self.members.iter().flat_map(|member| &member.talks).any(|talk| talk.is_stalled);
        if !is_anybody_slow && (0..MEMBERS).all(|member| self.wires.is_clean(address(member))) {
            // Nobody would miss anything.
            return Ok(false);
        }
        let mut bytes = 0;
        while bytes < limits::LOG_BYTES {
            let Some(host) = &mut self.host else { break };
            bytes += (0..100).take_while(|_| host.say(8_000)).count() * 8_000;
            self.settle().await?;
        }
        Ok(bytes > 0)
    }

    async fn stop(&mut self) -> Result<bool, String> {
        let Some(host) = &mut self.host else { return Ok(false) };
        self.left[host.epoch] = true;
        host.leave();
        for _ in 0..30 {
            if self.host.is_some() {
                sleep(Duration::from_millis(100)).await;
                self.settle().await?;
            }
        }
        ensure!(self.host.is_none(), "the host does not get away");
        Ok(true)
    }

    /// Starts a host: one that knows nothing of those before it, or one that goes on with the last log.
    fn start(&mut self, kept: Kept) {
        self.wires.revive();
        let goes_on = kept == Kept::On && self.file.is_some();
        match kept {
            Kept::On => {}
            Kept::Anew => self.file = Some(self.shelf.place()),
            Kept::Not => self.file = None,
        }
        if !goes_on {
            self.logs.push(Log::new(self.file.is_some()));
            self.left.push(false);
        }
        let epoch = self.logs.len() - 1;
        self.heard = self.logs[epoch].head();
        self.copy = self.file.as_ref().map(|_| self.shelf.place());
        let save = self.file.clone().map(|path| Save { path, sync: false, keep: Keep::default() });
        if let (Some(file), Some(copy)) = (self.file.clone(), self.copy.clone()) {
            let leave = move || shelf::leave_behind(&file, &copy).expect("files that can be copied");
            self.wires.at_death(Some(Box::new(leave)));
        }
        let options = host::Options {
            // One that goes on is not told the name: it is in the file.
            room: (!goes_on).then(|| room(epoch).parse().expect("a room's name")),
            name: "Ana".parse().expect("a name"),
            port: home().port(),
            bind: Some(home().ip()),
            encrypted: true,
            plain: false,
            announce: false,
            save,
            map_port: false,
        };
        let memory = Memory::new(self.network.clone(), IDENTITY.fingerprint(), home());
        let listener = memory.listen(home()).expect("nobody else listens there");
        let conversation = host::host_over(vec![listener], options, &IDENTITY);
        self.host = Some(Hosted::new(epoch, self.hosts, conversation));
        self.hosts += 1;
    }

    fn memory(&self, member: usize, from: SocketAddr) -> Memory {
        Memory::new(self.network.clone(), Fingerprint::from_bytes([member as u8 + 1; 32]), from)
    }
}

//! One join from beginning to end: find, trust, greet, talk, and come back when the connection is lost.

use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use tokio::time::Instant;
use tracing::{Instrument, error, info, warn};

use super::{
    Consent, Options, Way, advice,
    back::{come_back, way_of},
    dial::{self, Reached, Resolved, dial},
    elsewhere::{Elsewhere, Moved},
    find::find,
    greet::{self, LetIn, NotWelcome},
    knock::{self, Door, Transports, worked},
    retry::BackOff,
    talk::{self, Ended, Ongoing},
    target::Source,
    watch::Returning,
};
use crate::{
    conversation::{Backstage, Closed, Command, Event, Question, Refused, RefusedReason, State},
    identity::{Address, Fingerprint, Pins, PinsError},
    random,
    transport::{Connection, Error, Expect, Kind, Place, Transport},
    wire::message::Welcome,
};

/// Why a text was not sent that came before anybody could hear it.
pub(super) const TOO_EARLY: &str = "There is no connection yet.";

/// Why a join is over before anybody was welcomed.
pub(super) enum End {
    Refused(Refused),
    Closed(Closed),
}

impl From<Refused> for End {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<PinsError> for End {
    fn from(error: PinsError) -> Self {
        Refused::new(RefusedReason::Local, error.to_string()).into()
    }
}

/// Runs a join and tells how it ended.
pub(super) async fn run(transports: Vec<Arc<dyn Transport>>, options: Options, pins: Pins, mut backstage: Backstage) {
    let last = match join(transports, options, pins, &mut backstage).await {
        Ok(closed) | Err(End::Closed(closed)) => {
            info!(end = ?closed, "it is over");
            Event::Closed(closed)
        }
        Err(End::Refused(refused)) => {
            error!(reason = ?refused.reason, why = refused.detail, "not in the room");
            Event::Refused(refused)
        }
    };
    backstage.give_back().await;
    let _ = backstage.events.send(last).await;
}

async fn join(
    transports: Vec<Arc<dyn Transport>>,
    options: Options,
    pins: Pins,
    backstage: &mut Backstage,
) -> Result<Closed, End> {
    let was_named = matches!(options.target.source, Source::Name(_));
    let options = find(options, &pins, backstage).await?;
    let led_to = was_named.then(|| Box::new((options.target.addresses.clone(), options.target.fingerprint)));
    let was_announced = options.target.source == Source::Announced;
    let transports = Transports::new(transports, options.way);
    let join = Join { options, pins, transports, conversation: random::number(), agreed: OnceLock::new() };
    match join.run(backstage).await {
        Err(End::Refused(refused)) => {
            let told = if was_announced { advice::of_an_announced_room(refused) } else { refused };
            Err(Refused { led_to, ..told }.into())
        }
        ended => ended,
    }
}

struct Join {
    options: Options,
    pins: Pins,
    transports: Transports,
    /// What tells this conversation from another of the same key.
    conversation: u64,
    /// The key that was agreed on in this join; where it is to be pinned is not certain before the welcome.
    agreed: OnceLock<Fingerprint>,
}

impl Join {
    async fn run(&self, backstage: &mut Backstage) -> Result<Closed, End> {
        let pinned = self.pinned()?;
        let addresses = self.resolve(backstage).await?;
        if self.options.way == Way::Plain {
            return self.talk_in_the_clear(&addresses, backstage).await;
        }
        match self.reach(&addresses, pinned, backstage).await? {
            Ok((reached, key)) => self.talk(reached, Some(key), backstage).await,
            Err(error) => {
                let refused = advice::could_not_reach(&self.place(), &error, self.options.way);
                // Asked again: the key may have been agreed on since.
                if self.pinned()?.is_some() || !may_be_plain(&error) {
                    return Err(refused.into());
                }
                match self.options.plaintext {
                    Consent::Ask | Consent::Withheld if !might_help(&error) => return Err(refused.into()),
                    Consent::Withheld => return Err(advice::with_the_way_to_plaintext(refused).into()),
                    Consent::Given => {}
                    Consent::Ask => {
                        let question = Question::Plaintext { address: self.place(), detail: refused.detail.clone() };
                        if !ask(question, backstage).await? {
                            return Err(refused.into());
                        }
                    }
                }
                self.talk_in_the_clear(&addresses, backstage).await
            }
        }
    }

    /// The key that must answer: the one that was given or agreed on, or else the one that was pinned under one of the addresses.
    fn pinned(&self) -> Result<Option<Fingerprint>, End> {
        if let Some(key) = self.options.target.fingerprint.or(self.agreed.get().copied()) {
            return Ok(Some(key));
        }
        if let Some(pin) = self.pins.find_by_address(&self.options.target.addresses)? {
            return Ok(Some(pin.fingerprint));
        }
        // A pin that cannot be read must not look like no pin.
        match self.pins.load()?.1.first() {
            Some(damaged) => Err(advice::damaged_pin(damaged).into()),
            None => Ok(None),
        }
    }

    async fn resolve(&self, backstage: &mut Backstage) -> Result<Vec<Resolved>, End> {
        let detail = format!("Looking for {}.", self.place());
        let _ = backstage.events.send(Event::State { state: State::Dialling, detail }).await;
        let resolved = unless_left(knock::find(&self.options), backstage).await?;
        Ok(resolved.map_err(|_| match self.options.target.source {
            Source::Name(_) => advice::neither_room_nor_machine(&self.place()),
            _ => advice::not_found(&self.place()),
        })?)
    }

    /// A connection to the host whose key is `pinned`, or whose key somebody has said yes to.
    async fn reach(
        &self,
        addresses: &[Resolved],
        pinned: Option<Fingerprint>,
        backstage: &mut Backstage,
    ) -> Result<Result<(Reached, Fingerprint), Error>, End> {
        let transports = &self.transports.encrypted;
        self.say_dialling(transports, backstage).await;
        let key = match pinned {
            Some(key) => key,
            None => {
                match unless_left(dial(transports, addresses, Expect::Unknown, None), backstage).await? {
                    Err(Error::IdentityUnknown { found }) => {
                        self.decide_on(found, backstage).await?;
                        found
                    }
                    Err(error) => return Ok(Err(error)),
                    // A transport that proves nothing cannot be among the encrypted ones.
                    Ok(_) => return Ok(Err(Error::IdentityImpossible)),
                }
            }
        };
        let worked = worked(&self.pins, key);
        let dialled = unless_left(dial(transports, addresses, Expect::Key(key), worked), backstage).await?;
        Ok(dialled.map(|reached| (reached, key)))
    }

    /// First contact: gets a yes for a key, and pins it, or ends the join.
    async fn decide_on(&self, found: Fingerprint, backstage: &mut Backstage) -> Result<(), End> {
        // A key that is known from elsewhere is asked about, too: whoever has it may be trusted, and yet not be meant here.
        let known_as: Vec<_> = self.pins.find(&found)?.map(|pin| pin.names).unwrap_or_default();
        let known_as: Vec<_> = known_as.iter().map(ToString::to_string).collect();
        let is_agreed = match self.options.first_contact {
            Consent::Given => true,
            Consent::Withheld => false,
            Consent::Ask => {
                let address = self.place();
                let question = Question::FirstContact { address, fingerprint: found, known_as: known_as.clone() };
                ask(question, backstage).await?
            }
        };
        if !is_agreed {
            return Err(advice::first_contact(&self.place(), found, &known_as, self.options.first_contact).into());
        }
        info!(key = found.base32(), "a new key is trusted");
        // Once in a join.
        let _ = self.agreed.set(found);
        // Without a fingerprint there is no invite, and so just the one address that was typed. An announcement may name
        // addresses that belong to others: where its host was met is known with the welcome.
        if let Some(address) = self.options.target.addresses.first()
            && self.options.target.source != Source::Announced
        {
            self.pins.met(found, address, None, Timestamp::now())?;
        }
        Ok(())
    }

    /// Plain TCP, to a machine of which no key is pinned: neither under the name that was typed nor under where that leads,
    /// on whatever port.
    async fn talk_in_the_clear(&self, addresses: &[Resolved], backstage: &mut Backstage) -> Result<Closed, End> {
        let mut machines: Vec<_> = addresses.iter().filter_map(|known| Some(found(known)?.host)).collect();
        machines.extend(self.options.target.addresses.iter().map(|address| address.host.clone()));
        let given = self.options.target.fingerprint;
        if let Some(key) = given.or(self.pins.find_by_machine(&machines)?.map(|pin| pin.fingerprint)) {
            return Err(advice::plaintext_to_a_pinned_host(&self.place(), key).into());
        }
        let transports = &self.transports.plain;
        warn!("in plain TCP, which everybody on the way can read");
        self.say_dialling(transports, backstage).await;
        let dialled = unless_left(dial(transports, addresses, Expect::Unknown, None), backstage).await?;
        let reached = dialled.map_err(|error| advice::could_not_reach(&self.place(), &error, Way::Plain))?;
        self.talk(reached, None, backstage).await
    }

    /// Greets over a connection that may be used, and talks until the end.
    async fn talk(
        &self,
        Reached { connection, at }: Reached,
        key: Option<Fingerprint>,
        backstage: &mut Backstage,
    ) -> Result<Closed, End> {
        let detail = format!("Connected over {}; asking to be let in.", connection.peer().kind);
        let _ = backstage.events.send(Event::State { state: State::Greeting, detail }).await;
        let span = dial::span(&connection.peer().remote, connection.peer().kind);
        let greeting =
            greet::greet(&*connection, &self.options.name, self.options.target.room.as_ref(), self.conversation, None);
        let greeting = greeting.instrument(span);
        let welcomed = match unless_left(greeting, backstage).await? {
            Ok(welcomed) => welcomed,
            Err(NotWelcome::Refused(refused)) => return Err(advice::refused_by_the_host(refused).into()),
            Err(NotWelcome::Failed(error)) => {
                return Err(advice::could_not_reach(&self.place(), &error, way_of(connection.peer().kind)).into());
            }
        };
        if let Some(key) = key {
            self.remember(key, &welcomed.welcome, at)?;
            self.worked(Some(key), connection.peer().kind);
        }
        let mut ongoing = Ongoing::new(&welcomed.welcome, &welcomed.members);
        let talked = self.talk_on(connection, welcomed, key, &mut ongoing, backstage).await;
        for event in ongoing.outbox.into_unsent() {
            let _ = backstage.events.send(event).await;
        }
        talked
    }

    /// Talks, over one connection after the other, until the conversation is over.
    async fn talk_on(
        &self,
        mut connection: Arc<dyn Connection>,
        LetIn { welcome, members, mut stream }: LetIn,
        key: Option<Fingerprint>,
        ongoing: &mut Ongoing,
        backstage: &mut Backstage,
    ) -> Result<Closed, End> {
        let Some(welcomed) = greet::welcomed(connection.peer(), &welcome, members) else { return Ok(Closed::Left) };
        let online = greet::online(&welcomed);
        let _ = backstage.events.send(Event::Welcomed(welcomed)).await;
        let _ = backstage.events.send(online).await;
        let door = self.door(key);
        let (mut returning, mut back_off) = (Returning::default(), BackOff::default());
        let mut since = Instant::now();
        loop {
            let peer = connection.peer();
            let span = dial::span(&peer.remote, peer.kind);
            info!(parent: &span, security = ?peer.security, key_exchange = peer.key_exchange, "in the room");
            let before = peer.kind;
            let mut elsewhere = Elsewhere::new(door, &*connection, &mut returning);
            let talked =
                talk::talk(connection, stream, &mut elsewhere, ongoing, backstage).instrument(span.clone()).await;
            info!(parent: &span, "ended: {talked}");
            drop(elsewhere);
            let (moved, was_lost) = match talked {
                Ended::Over(closed) => return Ok(closed),
                Ended::Lost(why) => {
                    back_off.lasted(since.elapsed());
                    let back = come_back(why, &door, &mut back_off, ongoing, backstage).await?;
                    since = Instant::now();
                    (back, true)
                }
                Ended::Moved(moved) => (moved, false),
            };
            let Moved { connection: next, let_in: LetIn { welcome, members, stream: pipe } } = moved;
            (connection, stream) = (next, pipe);
            self.worked(key, connection.peer().kind);
            let anew = ongoing.view.resume(&welcome, members.clone(), was_lost);
            if anew {
                ongoing.outbox.begin_anew();
            }
            let Some(welcomed) = greet::welcomed(connection.peer(), &welcome, members) else { continue };
            let online = match was_lost {
                true => greet::online(&welcomed),
                false => greet::moved(before, connection.peer().kind),
            };
            let _ = backstage.events.send(Event::Resumed { welcomed, anew }).await;
            let _ = backstage.events.send(online).await;
            if let Some(members) = ongoing.view.members() {
                let _ = backstage.events.send(members).await;
            }
        }
    }

    /// The host's door, where its key is this one, or which is plain.
    fn door(&self, key: Option<Fingerprint>) -> Door<'_> {
        let Self { options, pins, transports, conversation, .. } = self;
        Door { options, transports, pins, conversation: *conversation, key }
    }

    /// Remembers over what the host was reached: a hint for the next time, and no matter if it cannot be kept.
    fn worked(&self, key: Option<Fingerprint>, over: Kind) {
        let word = match over {
            Kind::Quic => "quic",
            Kind::Tls => "tls",
            Kind::Tcp | Kind::Memory => return,
        };
        // Who wants one of them, or has to take it, says nothing about the other.
        if let Some(key) = key.filter(|_| self.options.way == Way::Encrypted && self.options.proxy.is_none())
            && let Err(error) = self.pins.met_over(&key, word)
        {
            warn!(%error, "over what the host was reached is not remembered");
        }
    }

    /// Remembers a host, only where it was really met: an invite may name addresses that belong to others.
    fn remember(&self, key: Fingerprint, welcome: &Welcome, at: Option<Resolved>) -> Result<(), PinsError> {
        let Some(met) = at else { return Ok(()) };
        let (room, now) = (Some(&welcome.room), Timestamp::now());
        if let Some(found) = found(&met) {
            self.pins.met(key, &found, room, now)?;
        }
        self.pins.met(key, &met.address, room, now)
    }

    async fn say_dialling(&self, transports: &[Arc<dyn Transport>], backstage: &mut Backstage) {
        let kinds: Vec<_> = transports.iter().map(|transport| transport.kind().to_string()).collect();
        let mut detail = format!("Dialling {} over {}.", self.place(), kinds.join(" and "));
        if let Some(proxy) = &self.options.proxy {
            detail = format!("{detail} Through the proxy {proxy}; QUIC cannot go through it.");
        }
        let _ = backstage.events.send(Event::State { state: State::Dialling, detail }).await;
    }

    /// The host as the person knows it.
    fn place(&self) -> String {
        self.options.target.place()
    }
}

/// The address to which the one that a person has has led.
fn found(known: &Resolved) -> Option<Address> {
    match known.place {
        Place::Socket(socket) => Some(socket.into()),
        Place::Name(..) => None,
    }
}

/// Whether talking in the clear may be thought of after this failure: never when an identity was in doubt.
fn may_be_plain(error: &Error) -> bool {
    !error.is_about_identity() && !matches!(error, Error::IdentityRefused)
}

/// Whether it is worth a question. Where the port itself cannot be reached, or a proxy does not help, plain TCP could not reach it either, and a
/// mistyped address must not teach anybody to say yes.
fn might_help(error: &Error) -> bool {
    use std::io::ErrorKind::{AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkUnreachable};
    let Error::Unreachable(cause) = error else { return true };
    !advice::is_about_a_proxy(cause)
        && !matches!(cause.kind(), AddrNotAvailable | ConnectionRefused | HostUnreachable | NetworkUnreachable)
}

/// What `work` gives, unless the person leaves meanwhile.
pub(super) async fn unless_left<T>(work: impl Future<Output = T>, backstage: &mut Backstage) -> Result<T, End> {
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Ok(done),
            command = backstage.command(true) => match command {
                Some(Command::Finish) | None => return Err(End::Closed(Closed::Left)),
                Some(Command::Answer(_) | Command::Choose(_)) => {}
                Some(Command::Say { text, tag }) => backstage.unsent(text, tag, TOO_EARLY).await,
            },
        }
    }
}

async fn ask(question: Question, backstage: &mut Backstage) -> Result<bool, End> {
    let _ = backstage.events.send(Event::Asked(question)).await;
    loop {
        match backstage.command(true).await {
            Some(Command::Finish) | None => return Err(End::Closed(Closed::Left)),
            Some(Command::Answer(answer)) => return Ok(answer),
            Some(Command::Choose(_)) => {}
            Some(Command::Say { text, tag }) => backstage.unsent(text, tag, TOO_EARLY).await,
        }
    }
}

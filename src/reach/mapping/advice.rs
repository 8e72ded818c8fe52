//! What a person is told of the way in from outside: what is so, and the next step, in a line or two, and in words that
//! they know or that stand in the settings of their gateway.

use super::state::{Open, Place, Report, State, Wanted, Why};

impl Report {
    /// What is so, and what to do.
    pub fn words(&self) -> String {
        match &self.state {
            State::Asking => format!("Your gateway is being asked to open port {} for this room.", self.wanted.port),
            State::Open(open) if open.places().is_empty() => self.inner(open),
            State::Open(open) => self.open(open),
            State::Shut(why) => self.shut(*why),
        }
    }

    /// Whether somebody has to do something before people outside can come in as they should.
    pub fn is_trouble(&self) -> bool {
        self.state != State::Shut(Why::Public) && !matches!(self.as_str(), "asking" | "open")
    }

    fn open(&self, open: &Open) -> String {
        let places: Vec<_> = open.places().iter().map(ToString::to_string).collect();
        let (at, language) = (places.join(" and "), open.language.name());
        let over_tcp = over_tcp(self.wanted);
        match (open.udp, open.tcp) {
            (None, Some(port)) if self.wanted.udp => {
                let step = self.by_hand("UDP", port);
                format!(
                    "People outside can join at {at}, over {over_tcp} only: your gateway has opened the port for TCP and not for \
                     UDP. It is just as safe. {step}"
                )
            }
            (Some(port), None) if self.wanted.tcp => {
                let step = self.by_hand("TCP", port);
                format!(
                    "People outside can join at {at}, over QUIC only: your gateway has opened the port for UDP and not for TCP. \
                     Who cannot use UDP does not get in. {step}"
                )
            }
            (Some(udp), Some(tcp)) if udp != tcp => format!(
                "People outside can join: your gateway has opened port {udp} for QUIC and port {tcp} for {over_tcp}. The new \
                 invite has both. {}",
                closing(open)
            ),
            (udp, tcp) => {
                let now = if open.moved { "now join" } else { "join" };
                let port = udp.or(tcp).unwrap_or(self.wanted.port);
                let taken = match port == self.wanted.port {
                    true => String::new(),
                    false => format!(" That is another port than the room's, for {} was not free.", self.wanted.port),
                };
                let invite = match (open.moved, self.wanted.encrypted) {
                    (true, true) => "Invites from before do not lead there: hand out the new one.".to_owned(),
                    (false, true) => "The invite now has this address.".to_owned(),
                    (_, false) => "Tell them that address.".to_owned(),
                };
                let closing = closing(open);
                format!(
                    "People outside can {now} at {at}: your gateway has opened the port ({language}).{taken} {invite} {closing}"
                )
            }
        }
    }

    /// The port is open, and that does not lead to the internet, as far as one can tell.
    fn inner(&self, open: &Open) -> String {
        let port = open.udp.or(open.tcp).unwrap_or(self.wanted.port);
        match open.address {
            Some(address) if !address.is_unspecified() => format!(
                "Your gateway has opened port {port}, but its own address, {address}, cannot be reached from the internet: there \
                 is another gateway in front of it, or your provider shares one address among many. In the settings of that \
                 other gateway, forward {} port {port} to {address}. If it is your provider's, ask for an address of your own, \
                 or use a VPN.",
                protocols(self.wanted)
            ),
            _ => format!(
                "Your gateway has opened port {port}, but does not say which address it has outside. Look it up in its settings, \
                 and tell the others that address with :{port} after it."
            ),
        }
    }

    fn shut(&self, why: Why) -> String {
        let by_hand = || self.by_hand(protocols(self.wanted), self.wanted.port);
        match why {
            Why::NoGateway => {
                "This computer has no gateway that could be asked to open a port: it is not connected to the \
                               internet, or only through a VPN. The room is open to your network; when there is a \
                               gateway, it is asked."
                    .to_owned()
            }
            Why::Elsewhere => {
                let bind = self.wanted.bind.map(|ip| ip.to_string()).unwrap_or_default();
                format!(
                    "The room listens only on {bind}, where your gateway does not lead, so it was not asked to open a port. Host \
                     without --bind."
                )
            }
            Why::Silent => format!(
                "Your gateway{} does not answer programs that ask for a port. Switch on UPnP, NAT-PMP or PCP in its settings. {}",
                self.gateway(),
                or(&by_hand())
            ),
            Why::Public => {
                let own = self.place.map(|place| place.own.to_string()).unwrap_or_default();
                let (protocols, port) = (protocols(self.wanted), self.wanted.port);
                format!(
                    "This computer has an address of its own on the internet, {own}, so no gateway has to open a port, and none was \
                     found that does. If people outside cannot join, let {protocols} port {port} through its firewall."
                )
            }
            Why::Denied => format!(
                "Your gateway{} does not let this computer open port {}. Allow it in its settings, where UPnP, NAT-PMP or PCP are. {}",
                self.gateway(),
                self.wanted.port,
                or(&by_hand())
            ),
            Why::Full => format!(
                "Port {} of your gateway and those after it are taken, perhaps by another computer. Host on another port \
                 (--port). {}",
                self.wanted.port,
                or(&by_hand())
            ),
            Why::Inner(address) => {
                let (itself, to) = match address.filter(|address| !address.is_unspecified()) {
                    Some(address) => {
                        (format!("its own address, {address}, cannot be reached from there"), address.to_string())
                    }
                    None => ("it has no address there that can be reached".to_owned(), "this gateway".to_owned()),
                };
                format!(
                    "Your gateway{} opens no port to the internet, for {itself}: it is not connected, or there is another gateway \
                     in front of it, or your provider shares one address among many. {} On a gateway in front of it, forward the \
                     same to {to}. If that is your provider's, ask for an address of your own, or use a VPN.",
                    self.gateway(),
                    by_hand(),
                )
            }
            Why::OnlyForGood => format!(
                "Your gateway{} opens ports for good only, also when the room has long ended. So it was not asked. {}",
                self.gateway(),
                by_hand()
            ),
            Why::Odd => format!(
                "Your gateway{} gives an answer that cannot be understood, so no port is open. Restart it, or bring its software to \
                 the newest version. {}",
                self.gateway(),
                or(&by_hand())
            ),
            Why::Gone => format!(
                "Your gateway{} does not answer any more, so people outside cannot join. Who is in the room may lose the connection, \
                 too. It is asked again until it answers.",
                self.gateway()
            ),
        }
    }

    /// What to set by hand in the gateway.
    fn by_hand(&self, protocols: &str, port: u16) -> String {
        let to = match self.place {
            Some(Place { own, .. }) => format!("{own}, port {}", self.wanted.port),
            None => "this computer".to_owned(),
        };
        format!("In the gateway's settings, forward {protocols} port {port} to {to}.")
    }

    fn gateway(&self) -> String {
        self.place.map(|place| format!(" ({})", place.gateway)).unwrap_or_default()
    }
}

fn closing(open: &Open) -> String {
    let ports = if open.places().len() > 1 { "They are" } else { "It is" };
    format!("{ports} closed when the room ends.")
}

fn protocols(wanted: Wanted) -> &'static str {
    match (wanted.udp, wanted.tcp) {
        (true, true) => "UDP and TCP",
        (true, false) => "UDP",
        _ => "TCP",
    }
}

fn over_tcp(wanted: Wanted) -> &'static str {
    if wanted.encrypted { "TLS" } else { "plain TCP" }
}

/// The same as another way.
fn or(sentence: &str) -> String {
    let mut letters = sentence.chars();
    match letters.next() {
        Some(first) => format!("Or do it by hand: {}{}", first.to_lowercase(), letters.as_str()),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::state::Language, *};

    const WANTED: Wanted = Wanted { port: 7275, udp: true, tcp: true, encrypted: true, bind: None };

    fn report(state: State) -> Report {
        let place = Place { gateway: [192, 168, 1, 1].into(), own: [192, 168, 1, 20].into() };
        Report { wanted: WANTED, place: Some(place), state }
    }

    fn open(address: Option<&str>, udp: Option<u16>, tcp: Option<u16>) -> State {
        let address = address.map(|address| address.parse().unwrap());
        State::Open(Open { language: Language::NatPmp, address, udp, tcp, moved: false })
    }

    fn all_whys() -> Vec<Why> {
        vec![
            Why::NoGateway,
            Why::Elsewhere,
            Why::Silent,
            Why::Public,
            Why::Denied,
            Why::Full,
            Why::Inner(None),
            Why::Inner(Some([192, 168, 100, 7].into())),
            Why::OnlyForGood,
            Why::Odd,
            Why::Gone,
        ]
    }

    fn all_states() -> Vec<State> {
        let mut states = vec![
            State::Asking,
            open(Some("1.2.3.4"), Some(7275), Some(7275)),
            open(Some("1.2.3.4"), Some(7276), Some(7276)),
            open(Some("1.2.3.4"), Some(7276), Some(7277)),
            open(Some("1.2.3.4"), Some(7275), None),
            open(Some("1.2.3.4"), None, Some(7275)),
            open(Some("192.168.100.7"), Some(7275), Some(7275)),
            open(None, Some(7275), Some(7275)),
        ];
        states.extend(all_whys().into_iter().map(State::Shut));
        states
    }

    /// What only whoever has written the program, or a gateway, understands.
    const JARGON: [&str; 14] = [
        "mapping", "lease", "nonce", "igd", "soap", "ssdp", "xml", "http", "errno", "os error", "crab", "cgnat",
        "timeout", "rfc",
    ];

    #[test]
    fn no_state_is_told_in_the_words_of_a_library() {
        for state in all_states() {
            let words = report(state).words();
            let small = words.to_lowercase();
            let found: Vec<_> = JARGON.iter().filter(|word| small.contains(**word)).collect();
            assert!(found.is_empty(), "{found:?} in: {words}");
            assert!(words.ends_with('.') && words.len() < 480 && !words.contains("  "), "{words}");
        }
    }

    #[test]
    fn each_state_has_a_sentence_of_its_own() {
        let mut words: Vec<_> = all_states().into_iter().map(|state| report(state).words()).collect();
        let count = words.len();
        words.sort();
        words.dedup();
        assert_eq!(words.len(), count);
    }

    #[test]
    fn where_a_port_is_opened_by_hand_it_is_said_which_and_to_where() {
        for why in [Why::Silent, Why::Denied, Why::Full, Why::OnlyForGood, Why::Odd, Why::Inner(None)] {
            let words = report(State::Shut(why)).words();
            for part in ["UDP and TCP port 7275", "192.168.1.20, port 7275"] {
                assert!(words.contains(part), "{part} in: {words}");
            }
        }
        let plain = Wanted { udp: false, encrypted: false, ..WANTED };
        let report = Report { wanted: plain, ..report(State::Shut(Why::Silent)) };
        assert!(report.words().contains("forward TCP port 7275"), "{}", report.words());
    }

    #[test]
    fn half_a_way_in_says_which_half_is_missing() {
        let tcp_only = report(open(Some("1.2.3.4"), None, Some(7276)));
        assert!(tcp_only.words().contains("forward UDP port 7276 to 192.168.1.20, port 7275"), "{}", tcp_only.words());
        assert_eq!((tcp_only.as_str(), tcp_only.is_trouble()), ("half", true));
        let udp_only = report(open(Some("1.2.3.4"), Some(7275), None));
        assert!(udp_only.words().contains("forward TCP port 7275"), "{}", udp_only.words());
    }

    #[test]
    fn a_gateway_behind_another_is_told_with_its_address() {
        let double = report(open(Some("192.168.100.7"), Some(7275), Some(7275)));
        assert!(double.words().contains("forward UDP and TCP port 7275 to 192.168.100.7"), "{}", double.words());
        assert_eq!((double.as_str(), double.places()), ("inner", vec![]));
    }

    #[test]
    fn a_whole_way_in_is_no_trouble() {
        let whole = report(open(Some("1.2.3.4"), Some(7275), Some(7275)));
        assert!(!whole.is_trouble() && whole.words().contains("1.2.3.4:7275"), "{}", whole.words());
        let other = report(open(Some("1.2.3.4"), Some(7276), Some(7276)));
        assert!(other.words().contains("1.2.3.4:7276") && other.words().contains("7275 was not free"));
    }
}

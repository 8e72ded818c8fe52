//! Finding out why a join has failed: offered where the doctor may know more, and told in place.

use super::{refusal::Refusal, text};
use crate::{
    conversation::{Refused, RefusedReason},
    gui::Opening,
    reach::doctor::{Finding, Mark, Question, Report},
    session::Source,
};

/// How far it has got.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) enum Examination {
    /// There is nothing to find out.
    #[default]
    None,
    /// This can be found out.
    Offered(Question),
    /// It is being found out; which time, so that one that is late is not taken for this one.
    Looking(u64),
    /// This is what was found, the gravest first.
    Found(Vec<Found>),
}

/// One finding, fit for a layout.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Found {
    /// How grave it is.
    pub(crate) mark: Mark,
    /// What is the case.
    pub(crate) what: String,
    /// What that most likely means; empty if nothing more.
    pub(crate) means: String,
    /// What to do; empty if nothing.
    pub(crate) todo: String,
}

impl Examination {
    /// Whether it is offered for this refusal of what was begun as `opening`.
    pub(super) fn of(refused: &Refused, opening: &Opening) -> Self {
        use RefusedReason::{Unreachable, Version, WrongProtocol};
        let may_know_more = matches!(refused.reason, Unreachable | WrongProtocol | Version);
        match opening {
            // What a proxy does on the way cannot be looked at from here.
            Opening::Join(options) if may_know_more && options.proxy.is_none() => {
                let begun = Some((options.target.addresses.clone(), options.target.fingerprint));
                let place = match options.target.source {
                    Source::Name(_) => refused.led_to.as_deref().cloned(),
                    Source::Given | Source::Announced => begun,
                };
                let question = place.map(|(addresses, fingerprint)| Question { addresses, fingerprint });
                question.map_or(Self::None, Self::Offered)
            }
            _ => Self::None,
        }
    }
}

impl Refusal {
    /// Begins to find out, for the time `number`; gives what is to be looked at, if that is offered.
    pub(crate) fn examine(&mut self, number: u64) -> Option<Question> {
        match std::mem::take(&mut self.examination) {
            Examination::Offered(question) => {
                self.examination = Examination::Looking(number);
                Some(question)
            }
            other => {
                self.examination = other;
                None
            }
        }
    }

    /// It was found out. Whoever has gone on meanwhile is not told.
    pub(crate) fn examined(&mut self, number: u64, found: Result<Report, String>) {
        if self.examination != Examination::Looking(number) {
            return;
        }
        let fit = |words: &str| text::fit(words, text::LINES).text;
        let told = |Finding { mark, what, means, todo, .. }: &Finding| Found {
            mark: *mark,
            what: fit(what),
            means: fit(means),
            todo: fit(todo),
        };
        self.examination = Examination::Found(match found {
            Ok(report) => report.findings.iter().map(told).collect(),
            Err(why) => {
                vec![Found { mark: Mark::Failed, what: fit(&why), means: String::new(), todo: String::new() }]
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        gui::model::refusal,
        identity::{Address, Fingerprint},
        reach::doctor::{Code, Outcome},
        session::{self, Way},
    };

    fn join() -> Opening {
        let mut opening = refusal::tests::join(Way::Encrypted, None);
        if let Opening::Join(options) = &mut opening {
            options.target.fingerprint = Some(Fingerprint::from_bytes([1; 32]));
        }
        opening
    }

    fn refusal(reason: RefusedReason, opening: &Opening) -> Refusal {
        Refusal::new(&Refused::new(reason, String::new()), opening, "192.168.1.20:7275")
    }

    fn report() -> Report {
        let finding = Finding {
            mark: Mark::Failed,
            code: Code::NothingListens,
            about: String::new(),
            what: "192.168.1.20 answers, and nothing listens.".to_owned(),
            means: "The room is not open.".to_owned(),
            todo: "Ask the host.".to_owned(),
        };
        Report { rows: Vec::new(), findings: vec![finding], outcome: Outcome::Unreachable }
    }

    #[test]
    fn it_is_offered_where_it_may_know_more_and_only_to_who_joins() {
        for (reason, offered) in [
            (RefusedReason::Unreachable, true),
            (RefusedReason::WrongProtocol, true),
            (RefusedReason::Version, true),
            (RefusedReason::IdentityMismatch, false),
            (RefusedReason::NameTaken, false),
            (RefusedReason::Local, false),
        ] {
            let examination = refusal(reason, &join()).examination;
            assert_eq!(matches!(examination, Examination::Offered(_)), offered, "{reason:?}");
            assert_eq!(refusal(reason, &Opening::Choose).examination, Examination::None);
            let Opening::Join(options) = join() else { panic!() };
            let proxy = Some("socks5://10.0.0.1".parse().unwrap());
            let through = Opening::Join(session::Options { proxy, ..options });
            assert_eq!(refusal(reason, &through).examination, Examination::None);
        }
    }

    #[test]
    fn what_was_joined_is_looked_at_once_and_told_in_place() {
        let mut refusal = refusal(RefusedReason::Unreachable, &join());
        let question = refusal.examine(1).expect("it is offered");
        assert_eq!(question.addresses[0].to_string(), "192.168.1.20:7275");
        assert_eq!(question.fingerprint, Some(Fingerprint::from_bytes([1; 32])));
        assert_eq!(refusal.examine(2), None, "a second click");
        refusal.examined(1, Ok(report()));
        let Examination::Found(found) = &refusal.examination else { panic!("{refusal:?}") };
        assert_eq!((found[0].means.as_str(), found[0].todo.as_str()), ("The room is not open.", "Ask the host."));
        assert_eq!(found[0].mark, Mark::Failed);
    }

    /// It was not offered to who had asked for a room by its name.
    #[test]
    fn where_a_name_has_led_is_looked_at() {
        let Opening::Join(mut options) = join() else { panic!() };
        options.target.source = Source::Name("Kitchen".parse().unwrap());
        let begun = Opening::Join(options);
        let nowhere = Refused::new(RefusedReason::Unreachable, String::new());
        assert_eq!(Refusal::new(&nowhere, &begun, "Kitchen").examination, Examination::None);
        let led_to = (vec![Address::parse("10.0.0.1", 7275).unwrap()], Some(Fingerprint::from_bytes([7; 32])));
        let somewhere = Refused { led_to: Some(Box::new(led_to.clone())), ..nowhere };
        let question = Refusal::new(&somewhere, &begun, "Kitchen").examine(1).expect("it is offered");
        assert_eq!((question.addresses, question.fingerprint), led_to);
    }

    #[test]
    fn what_comes_late_is_not_told() {
        let mut refusal = refusal(RefusedReason::Unreachable, &join());
        refusal.examined(1, Ok(report()));
        assert!(matches!(refusal.examination, Examination::Offered(_)));
        refusal.examine(2);
        refusal.examined(1, Ok(report()));
        assert_eq!(refusal.examination, Examination::Looking(2));
        refusal.examined(2, Err("No key could be made.".to_owned()));
        let Examination::Found(found) = &refusal.examination else { panic!("{refusal:?}") };
        assert!(found[0].what.contains("No key"));
    }
}

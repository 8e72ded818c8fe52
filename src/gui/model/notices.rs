//! People who come and go, told quietly, and in one line when there are many.

/// Notices that stand one below the other; more are drawn together.
const FEW: usize = 3;

/// Names that are told of those who did the same.
const NAMED: usize = 2;

/// What somebody did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum What {
    /// They joined.
    Came,
    /// They left.
    Left,
    /// They are gone without a word.
    Lost,
    /// The host has put them out.
    Removed,
    /// Their connection was lost, and they may come back.
    Away,
    /// They have come back.
    Back,
}

const ALL: [What; 6] = [What::Came, What::Left, What::Lost, What::Removed, What::Away, What::Back];

impl What {
    /// What is said of somebody who did that, behind their name.
    fn words(self, many: bool) -> &'static str {
        match (self, many) {
            (Self::Came, _) => "came in",
            (Self::Left, _) => "left",
            (Self::Lost, _) => "lost the connection",
            (Self::Removed, false) => "was removed by the host",
            (Self::Removed, true) => "were removed by the host",
            (Self::Away, _) => "lost the connection and may be back soon",
            (Self::Back, false) => "is back",
            (Self::Back, true) => "are back",
        }
    }
}

/// A quiet notice.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Quiet {
    /// Somebody came or went: a clean name.
    Person(What, String),
    /// Something else, as a sentence.
    Other(String),
}

impl Quiet {
    /// The notice by itself.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Person(what, name) => format!("{name} {}", what.words(false)),
            Self::Other(words) => words.clone(),
        }
    }

    /// Bytes that it takes.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Person(_, name) => name.len(),
                Self::Other(words) => words.len(),
            }
    }
}

/// What is shown of notices that follow each other, and how many of them are not shown by themselves.
pub(crate) fn shown(notices: &[Quiet], open: bool) -> (String, usize) {
    if notices.len() <= FEW || open {
        return (notices.iter().map(Quiet::words).collect::<Vec<_>>().join("\n"), 0);
    }
    let together = ALL.iter().filter_map(|what| {
        let names = notices.iter().filter_map(|notice| match notice {
            Quiet::Person(theirs, name) if theirs == what => Some(name.as_str()),
            _ => None,
        });
        together(*what, &names.collect::<Vec<_>>())
    });
    let others = notices.iter().filter(|notice| matches!(notice, Quiet::Other(_))).map(Quiet::words);
    (together.chain(others).collect::<Vec<_>>().join("\n"), notices.len())
}

fn together(what: What, names: &[&str]) -> Option<String> {
    let words = what.words(names.len() > 1);
    Some(match names {
        [] => return None,
        [one] => format!("{one} {words}"),
        [one, other] => format!("{one} and {other} {words}"),
        many => {
            let named = many.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
            match many.len() - NAMED {
                1 => format!("{named} and 1 other {words}"),
                others => format!("{named} and {others} others {words}"),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(what: What, name: &str) -> Quiet {
        Quiet::Person(what, name.to_owned())
    }

    #[test]
    fn few_stand_below_each_other() {
        let few = [person(What::Came, "Ada"), Quiet::Other("You are back".to_owned()), person(What::Back, "Ben")];
        assert_eq!(shown(&few, false), ("Ada came in\nYou are back\nBen is back".to_owned(), 0));
    }

    #[test]
    fn many_are_told_together_until_one_wants_to_see_them() {
        let mut many: Vec<Quiet> = (0..12).map(|n| person(What::Came, &format!("P{n}"))).collect();
        many.push(person(What::Left, "Ada"));
        many.push(person(What::Removed, "Ben"));
        many.push(person(What::Removed, "Eve"));
        many.push(Quiet::Other("The room is saved again".to_owned()));
        let (words, hidden) = shown(&many, false);
        assert_eq!(
            words,
            "P0, P1 and 10 others came in\nAda left\nBen and Eve were removed by the host\nThe room is saved again"
        );
        assert_eq!(hidden, 16);
        let (words, hidden) = shown(&many, true);
        assert_eq!((words.lines().count(), hidden), (16, 0));
    }
}

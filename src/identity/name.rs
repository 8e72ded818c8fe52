//! Names of members and rooms, clean from the moment they exist: one line of visible text, with nothing in it
//! that hides, reorders or overprints its neighbours. Two names are the same when their folded forms are.

use std::{env, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize, Serializer};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_script::Script;
use unicode_security::{confusable_detection::skeleton, mixed_script::AugmentedScriptSet};

/// Marks on one letter. Vietnamese needs two, Hebrew with points and cantillation three.
const MAX_MARKS: usize = 3;

/// The name of a member: 1 to 32 characters, thus at most 128 bytes.
pub type Name = CleanName<32>;
/// The name of a room: 1 to 64 characters, thus at most 256 bytes.
pub type RoomName = CleanName<64>;

/// A name of at most `MAX` characters: normalised (NFC), trimmed, single spaces inside, at least one letter or digit,
/// only characters that can be seen, no colon or angle bracket, and no asterisk first.
///
/// Shared by its clones: a room has each name in many places, and lists all of them for whoever comes in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct CleanName<const MAX: usize>(Arc<str>);

/// Why a text is not a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// No letter and no digit.
    #[error("A name needs at least one letter or digit.")]
    Empty,
    /// Too many characters.
    #[error("That name is too long: at most {max} characters.")]
    TooLong {
        /// How many are allowed.
        max: usize,
    },
    /// A character that is not seen, breaks the line, or changes the order of others.
    #[error("That name has a character in it that cannot be seen (U+{:04X}): write it without.", u32::from(*character))]
    Invisible {
        /// That character.
        character: char,
    },
    /// A colon or an angle bracket, or something like one: they end the name of a sender in a transcript.
    #[error("A name cannot have {character:?} in it, which ends the sender's name in a transcript.")]
    Ending {
        /// That character.
        character: char,
    },
    /// An asterisk first, or something like one: as in a notice.
    #[error("A name cannot begin with {character:?}, as notices in a transcript do.")]
    Beginning {
        /// That character.
        character: char,
    },
    /// More marks on one letter than any language puts there.
    #[error("That name has more than {MAX_MARKS} marks on one letter: write it with fewer.")]
    Marks,
}

impl<const MAX: usize> CleanName<MAX> {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is left when script variants, case, spaces and the punctuation inside names are taken away.
    /// Equal folded forms mean the same name: "Jean-Luc" and "JEAN LUC".
    pub fn folded(&self) -> String {
        if self.0.is_ascii() {
            // The same, as most names are, at a fraction of the price.
            return self.0.chars().filter(|c| !is_passed_over(*c)).map(|c| c.to_ascii_lowercase()).collect();
        }
        let upper = self.0.nfkc().flat_map(char::to_uppercase);
        // By way of upper case, so that ß is ss and both small sigmas are one.
        let folded = upper.flat_map(char::to_lowercase).nfkc();
        folded.filter(|c| !is_passed_over(*c)).collect()
    }

    /// What nobody else's name may have in common with this one, without repetition: the folded form, and how the name looks
    /// as it is written and in small letters (its skeletons by UTS 39), so that neither "АNА" in Cyrillic letters nor "AIex"
    /// is taken for somebody else.
    pub fn likenesses(&self) -> Vec<String> {
        let folded = self.folded();
        let is_left = |character: &char| !is_passed_over(*character);
        let plain: String = match self.0.is_ascii() {
            true => self.0.chars().filter(is_left).collect(),
            false => self.0.nfkc().filter(is_left).collect(),
        };
        let small = skeleton(&folded).flat_map(char::to_lowercase).collect();
        let mut likenesses = vec![skeleton(&plain).collect(), small, folded];
        likenesses.sort();
        likenesses.dedup();
        likenesses
    }

    /// Whether letters of different scripts are mixed as no language mixes them. Latin may stand beside one other script,
    /// though not beside Cyrillic or Greek, which look too much like it: "moderately restrictive" by UTS 39, section 5.2.
    pub fn mixes_scripts(&self) -> bool {
        if self.0.is_ascii() {
            return false;
        }
        let (mut all, mut without_latin) = (AugmentedScriptSet::default(), AugmentedScriptSet::default());
        for set in self.0.chars().map(AugmentedScriptSet::for_char) {
            all.intersect_with(set);
            if !set.base.contains_script(Script::Latin) {
                without_latin.intersect_with(set);
            }
        }
        let AugmentedScriptSet { base, hanb, jpan, kore } = without_latin;
        let is_known_mix = hanb || jpan || kore;
        let is_one_beside_latin =
            base.len() == 1 && ![Script::Cyrillic, Script::Greek].iter().any(|alike| base.contains_script(*alike));
        all.is_empty() && !is_known_mix && !is_one_beside_latin
    }

    /// The first of "Ana", "Ana 2", "Ana 3", … which is not `taken`, cut so as not to grow too long.
    pub fn suggest(&self, taken: impl Fn(&Self) -> bool) -> Self {
        if !taken(self) {
            return self.clone();
        }
        let mut numbered = (2u32..).map(|number| {
            let suffix = format!(" {number}");
            let kept: String = self.0.chars().take(MAX.saturating_sub(suffix.len())).collect();
            Self((kept.trim_end().to_owned() + &suffix).into())
        });
        // Some number is free, for a room has fewer members than there are numbers.
        numbered.find(|name| !taken(name)).unwrap_or_else(|| self.clone())
    }
}

impl Name {
    /// The name to start with: of the user who is logged in, or else "member".
    pub fn default_name() -> Self {
        let users = ["USER", "USERNAME"].into_iter().filter_map(|variable| env::var(variable).ok());
        users.into_iter().find_map(|user| user.parse().ok()).unwrap_or_else(|| Self("member".into()))
    }
}

impl RoomName {
    /// The room of somebody who gave it no name.
    pub fn of(host: &Name) -> Self {
        // As clean as the name in it, and a room's name may be twice as long.
        Self(format!("{host}'s room").into())
    }
}

impl<const MAX: usize> FromStr for CleanName<MAX> {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let too_long = NameError::TooLong { max: MAX };
        if text.len() <= MAX && is_plain(text) {
            return Ok(Self(text.into()));
        }
        // Before any work: a composed character comes from at most four, of at most four bytes each.
        let text = text.trim();
        if text.len() > 16 * MAX {
            return Err(too_long);
        }
        let composed: String = text.nfc().collect();
        if let Some(character) = composed.chars().find(|c| is_refused(*c)) {
            return Err(NameError::Invisible { character });
        }
        let name = composed.split_whitespace().collect::<Vec<_>>().join(" ");
        if name.chars().count() > MAX {
            return Err(too_long);
        }
        if !name.contains(char::is_alphanumeric) {
            return Err(NameError::Empty);
        }
        if let Some(character) = name.chars().find(|c| ends_a_name(*c)) {
            return Err(NameError::Ending { character });
        }
        if let Some(character) = name.chars().next().filter(|c| begins_a_notice(*c)) {
            return Err(NameError::Beginning { character });
        }
        if name.split(|c| !is_combining_mark(c)).any(|marks| marks.chars().count() > MAX_MARKS) {
            return Err(NameError::Marks);
        }
        Ok(Self(name.into()))
    }
}

/// Whether it is a name as it stands, for all of whose characters none of the other rules is: most names are, and one is read with
/// every message.
fn is_plain(text: &str) -> bool {
    let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.'".contains(&byte);
    let words = || text.split(' ');
    words().all(|word| !word.is_empty() && word.bytes().all(is_inside))
        && text.contains(|c: char| c.is_ascii_alphanumeric())
}

/// Characters inside a name that make no other name of it.
fn is_passed_over(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\'' | '’' | '-' | '‐'..='―' | '−' | '_' | '.')
}

/// Where a transcript is text, `Ben: hello` is what Ben said and `Ben> hello` what one said oneself. No name may pretend
/// to be one of these with its beginning of a text. Also what normalises to such a character or looks like it.
fn ends_a_name(character: char) -> bool {
    "꞉∶ː˸։׃܃›»≻".contains(character) || [character].into_iter().nfkc().any(|c| ":<>".contains(c))
}

/// Where a transcript is text, a notice begins with an asterisk. No name begins with one, or with what looks like it.
fn begins_a_notice(character: char) -> bool {
    "*∗⁎•·※⁕✱✲＊﹡٭".contains(character)
}

/// Characters that are not seen, or that change how others are: controls and line ends, bidirectional controls and other
/// format characters, default-ignorable ones, what is blank without being a space, variation selectors, what stands in for something damaged, private use,
/// and what is no character at all.
fn is_refused(character: char) -> bool {
    let noncharacter = u32::from(character) & 0xFFFE == 0xFFFE;
    character.is_control()
        || noncharacter
        || matches!(character,
            '\u{AD}' | '\u{34F}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}' | '\u{70F}' | '\u{890}'..='\u{891}'
            | '\u{8E2}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{2800}'
            | '\u{110BD}' | '\u{110CD}' | '\u{13430}'..='\u{1345F}' | '\u{1D159}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{E000}'..='\u{F8FF}' | '\u{FDD0}'..='\u{FDEF}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFD}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}'
            | '\u{F0000}'..)
}

impl<const MAX: usize> TryFrom<String> for CleanName<MAX> {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl<const MAX: usize> Serialize for CleanName<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<const MAX: usize> fmt::Display for CleanName<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

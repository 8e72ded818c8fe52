//! Which key is which of those that mean the same everywhere.

use druid::{KbKey, KeyEvent};

use super::model::keys::Anywhere;

/// What a key means wherever one is; none if that depends.
pub(crate) fn anywhere(key: &KeyEvent) -> Option<Anywhere> {
    let (mods, command) = (key.mods, if cfg!(target_os = "macos") { key.mods.meta() } else { key.mods.ctrl() });
    let plain = !mods.ctrl() && !mods.alt() && !mods.meta() && !mods.shift();
    match &key.key {
        KbKey::F1 if plain => Some(Anywhere::Keys),
        KbKey::Escape if plain => Some(Anywhere::Close),
        // AltGr is Ctrl and Alt for some, and writes letters.
        KbKey::Character(typed) if command && !mods.alt() => match typed.as_str() {
            "," => Some(Anywhere::Settings),
            // Where the plus is on the upper half of its key, Shift may be left out.
            "+" | "=" => Some(Anywhere::Larger),
            "-" | "_" | "−" => Some(Anywhere::Smaller),
            "0" => Some(Anywhere::UsualSize),
            "m" => Some(Anywhere::Mute),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use druid::Modifiers;

    use super::*;

    fn meaning(mods: Modifiers, key: &str) -> Option<Anywhere> {
        anywhere(&KeyEvent::for_test(mods, key))
    }

    #[test]
    fn keys_that_write_stay_letters() {
        for key in [",", "+", "=", "-", "0", "m"] {
            let ctrl = if cfg!(target_os = "macos") { Modifiers::META } else { Modifiers::CONTROL };
            assert!(meaning(ctrl, key).is_some(), "{key}");
            assert_eq!(meaning(Modifiers::empty(), key), None, "{key}");
            assert_eq!(meaning(ctrl | Modifiers::ALT, key), None, "AltGr+{key}");
        }
        assert_eq!(anywhere(&KeyEvent::for_test(Modifiers::empty(), KbKey::F1)), Some(Anywhere::Keys));
        assert_eq!(anywhere(&KeyEvent::for_test(Modifiers::SHIFT, KbKey::Escape)), None);
    }
}

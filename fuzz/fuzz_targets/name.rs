//! Whatever somebody calls themselves: a name stays as it is, looks like itself, and leads to a suggestion that does not.

#![no_main]

use libfuzzer_sys::fuzz_target;
use parlor::identity::Name;

fuzz_target!(|text: &str| {
    let Ok(name) = text.parse::<Name>() else { return };
    assert_eq!(name.as_str().parse(), Ok(name.clone()));
    let _ = name.mixes_scripts();
    let likenesses = name.likenesses();
    assert!(likenesses.contains(&name.folded()));
    let is_alike = |other: &Name| other.likenesses().iter().any(|likeness| likenesses.contains(likeness));
    assert!(is_alike(&name));
    assert!(!is_alike(&name.suggest(is_alike)));
});

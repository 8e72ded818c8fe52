//! What is completed, and what is left alone.

use super::*;

const NAMES: [&str; 5] = ["Ada Lovelace", "Ben", "Bénédicte", "Benno", "👍 Zoë"];

fn apply(draft: &mut String, caret: &mut usize, edit: Edit) {
    draft.replace_range(edit.from..edit.to, &edit.text);
    *caret = edit.from + edit.text.len();
}

/// What the box has after Tabs at the bar.
fn tabbed(begun: &str, tabs: &[bool]) -> String {
    let mut caret = begun.find('|').unwrap();
    let mut draft = begun.replace('|', "");
    let mut suggestions = Suggestions::default();
    suggestions.follow(&draft, caret, NAMES.into_iter());
    for forward in tabs {
        match suggestions.tab(&draft, caret, *forward, NAMES.into_iter()) {
            Some(edit) => apply(&mut draft, &mut caret, edit),
            None => draft.push('⇥'),
        }
    }
    draft.insert(caret, '|');
    draft
}

#[test]
fn a_name_is_completed_and_ends_in_a_colon_at_the_beginning() {
    assert_eq!(tabbed("ben|", &[true]), "Ben: |");
    assert_eq!(tabbed("ask be|", &[true]), "ask Ben |");
    assert_eq!(tabbed("ask be| please", &[true]), "ask Ben| please");
    assert_eq!(tabbed("(BÉN|", &[true]), "(Bénédicte |");
    assert_eq!(tabbed("one\nada lo|", &[true]), "one\nAda Lovelace |");
    assert_eq!(tabbed("thanks ada lo|", &[true]), "thanks Ada Lovelace |");
}

#[test]
fn tab_goes_on_to_the_next_and_shift_tab_back() {
    assert_eq!(tabbed("be|", &[true, true]), "Benno: |");
    assert_eq!(tabbed("be|", &[true, true, true]), "Ben: |");
    assert_eq!(tabbed("be|", &[true, true, false]), "Ben: |");
    assert_eq!(tabbed("be|", &[true, false]), "Benno: |");
}

#[test]
fn where_there_is_nothing_to_complete_tab_is_left_alone() {
    for begun in ["|", "nobody|", "ben |", "ben, |"] {
        assert!(tabbed(begun, &[true]).contains('⇥'), "{begun}");
    }
    assert!(tabbed("be|", &[false]).contains('⇥'));
    assert!(tabbed("ad|", &[true, true]).contains('⇥'), "the only name is in already");
}

#[test]
fn a_name_after_an_at_is_offered() {
    assert_eq!(tabbed("hi @be|", &[true]), "hi @Ben |");
    assert!(offered("me@be", 5, NAMES.into_iter()).is_none(), "that is an address");
    assert!(offered("@", 1, NAMES.into_iter()).is_none());
}

#[test]
fn short_codes_are_offered_the_best_first() {
    let codes = |begun: &str| -> Vec<String> {
        let offered = offered(begun, begun.len(), [].into_iter());
        offered.iter().flat_map(|offered| offered.candidates.iter().map(|emoji| emoji.about.clone())).collect()
    };
    assert!(codes("so :smile")[0].starts_with(":smile:"));
    assert!(codes(":+1").contains(&":+1:".to_owned()));
    assert!(codes(":SMI").iter().any(|code| code == ":smirk:"));
    for begun in ["10:30", "http://ex", ":D", ":)", "a::smile", "`:smile", ":smi le"] {
        assert_eq!(codes(begun), [""; 0], "{begun}");
    }
    assert!(codes(":a").is_empty() && codes(":aa").len() <= MOST);
    assert_eq!(tabbed("so :tada| ok", &[true]), "so 🎉| ok");
}

#[test]
fn a_closed_short_code_becomes_its_emoji() {
    let after = |text: &str| closed(text, text.len());
    assert_eq!(after("so :tada:"), Some(Edit { from: 3, to: 9, text: "🎉".to_owned() }));
    for text in ["10:100:", ":nothing-like-it:", "::", "tada:", "`:tada:", ":tada"] {
        assert_eq!(after(text), None, "{text}");
    }
}

#[test]
fn commands_are_offered_until_they_are_whole() {
    let shown = |begun: &str| -> Vec<String> {
        let offered = offered(begun, begun.len(), [].into_iter());
        offered.iter().flat_map(|offered| offered.candidates.iter().map(|known| known.shown.clone())).collect()
    };
    assert_eq!(shown("/").len(), slash::KNOWN.len());
    assert_eq!(shown("/F"), ["/find words"]);
    assert_eq!(shown("/help"), [""; 0]);
    assert_eq!(shown("//"), [""; 0]);
    assert_eq!(shown("see /h"), [""; 0]);
    assert_eq!(offered("//etc", 1, [].into_iter()), None);
    assert_eq!(tabbed("/fi|", &[true]), "/find |");
}

#[test]
fn a_long_list_is_shown_in_part_around_the_chosen_one() {
    let mut suggestions = Suggestions::default();
    suggestions.follow(":face", 5, [].into_iter());
    for step in 0..50 {
        let open = suggestions.list().unwrap();
        let rows: Vec<_> = open.rows().collect();
        assert_eq!(rows.len(), ROWS);
        let chosen: Vec<_> = rows.iter().filter(|(.., chosen)| *chosen).map(|(row, ..)| *row).collect();
        assert_eq!(chosen, [step % open.candidates.len()]);
        assert_eq!(suggestions.step(true), None);
    }
}

#[test]
fn what_is_not_wanted_stays_away_until_something_else_is_begun() {
    let mut suggestions = Suggestions::default();
    suggestions.follow("a :smi", 6, [].into_iter());
    suggestions.dismiss();
    suggestions.follow("a :smil", 7, [].into_iter());
    assert!(suggestions.list().is_none());
    suggestions.follow("a :smil :ta", 11, [].into_iter());
    assert!(suggestions.list().is_some());
    assert!(suggestions.take_row(0).is_some() && suggestions.list().is_none());
}

#[test]
fn a_place_that_is_none_is_no_harm() {
    for caret in [1, 99] {
        assert_eq!(offered("é", caret, NAMES.into_iter()), None);
        assert_eq!(named("é", caret, NAMES.into_iter()), None);
        assert_eq!(closed("é", caret), None);
    }
}

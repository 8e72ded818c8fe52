//! `docs/DOCTOR.md` lists what the doctor finds, and for each the test that makes that fault for real and sees it found.

use std::{fs, path::Path};

const SOURCE: &str = include_str!("../../../src/reach/doctor/code.rs");
const TABLE: &str = include_str!("../../../docs/DOCTOR.md");

/// `NothingListens` as scripts have it: `nothing-listens`.
fn in_json(variant: &str) -> String {
    let letters = variant.char_indices().flat_map(|(at, letter)| {
        let hyphen = (at > 0 && letter.is_ascii_uppercase()).then_some('-');
        hyphen.into_iter().chain([letter.to_ascii_lowercase()])
    });
    letters.collect()
}

/// All that the doctor can find.
fn declared() -> Vec<String> {
    let (_, variants) = SOURCE.split_once("pub enum Code {").expect("the list");
    let variants = variants.lines().filter_map(|line| line.trim().strip_suffix(','));
    variants.map(in_json).collect()
}

/// The text of each file with cases in it.
fn cases() -> String {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let folders = [tests.join("program/doctor"), tests.join("netlab/doctor")];
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("a folder")).flatten();
    let files = files.map(|file| file.path()).chain([tests.join("program/doctor.rs")]);
    files.map(|path| fs::read_to_string(path).expect("a file")).collect()
}

/// Whether a test with this name is there, and sees this found, with words of what is said to people. What is looked for in
/// vain does not count.
fn sees(cases: &str, test: &str, code: &str) -> bool {
    let Some((before, body)) = cases.split_once(&format!("\nfn {test}(")) else { return false };
    let is_test = before.rsplit("\n\n").next().is_some_and(|attributes| attributes.contains("#[test]"));
    let body = body.split_once("\n}\n").map_or(body, |(body, _)| body);
    let body: String = body.split_whitespace().collect();
    is_test && body.contains(&format!(".has(\"{code}\",&["))
}

#[test]
fn every_finding_is_listed_with_a_test_that_makes_its_fault() {
    let cases = cases();
    let mut listed = Vec::new();
    for line in TABLE.lines().filter(|line| line.starts_with("| `")) {
        let [code, what, fault, test] = line.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<_>>()[..]
        else {
            panic!("four columns: {line}");
        };
        assert!(!what.is_empty() && !fault.is_empty(), "{line}");
        let (code, test) = (code.trim_matches('`'), test.trim_matches('`'));
        assert!(sees(&cases, test, code), "there is no test {test} that sees {code}, and what is said of it");
        if listed.last().map(String::as_str) != Some(code) {
            listed.push(code.to_owned());
        }
    }
    assert_eq!(listed, declared());
}

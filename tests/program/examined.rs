//! What the doctor says with `--json`, for the cases that ask it.

use serde_json::Value;

/// The exit code, and all events.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) events: Vec<Value>,
}

impl Said {
    /// Reads what a program printed that was run with `--json`, and how it ended.
    pub(crate) fn read((code, said): (i32, String)) -> Self {
        let json = |line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {said}"));
        let said = Self { code, events: said.lines().map(json).collect() };
        assert!(said.events.last().is_some_and(|last| last["event"] == "examined"), "{said:#?}");
        said
    }

    pub(crate) fn of(&self, event: &str) -> impl Iterator<Item = &Value> {
        self.events.iter().filter(move |found| found["event"] == event)
    }

    /// The codes of the findings, the gravest first.
    pub(crate) fn found(&self) -> Vec<&str> {
        self.of("finding").filter_map(|finding| finding["code"].as_str()).collect()
    }

    /// This exit code, and these findings alone.
    #[track_caller]
    pub(crate) fn is(&self, code: i32, found: &[&str]) -> &Self {
        assert_eq!((self.code, &self.found()[..]), (code, found), "{self:#?}");
        self
    }

    /// This finding is among them, and these words are in what it says, means or recommends.
    #[track_caller]
    pub(crate) fn has(&self, code: &str, words: &[&str]) -> &Self {
        let said: Vec<_> = self.sentences(code).collect();
        let is_said = |words: &&str| said.iter().any(|sentences| sentences.contains(words));
        assert!(!said.is_empty() && words.iter().all(is_said), "{code}, {words:?} is not in {self:#?}");
        self
    }

    /// This finding is not among them.
    #[track_caller]
    pub(crate) fn lacks(&self, code: &str) -> &Self {
        assert!(!self.found().contains(&code), "{code} is in {self:#?}");
        self
    }

    /// The sentences of each finding with this code.
    fn sentences(&self, code: &str) -> impl Iterator<Item = String> {
        self.of("finding").filter(move |finding| finding["code"] == code).map(|finding| {
            let sentences = ["what", "means", "todo"].map(|sentence| finding[sentence].as_str().unwrap_or_default());
            sentences.join(" ")
        })
    }

    /// How a step stands.
    pub(crate) fn mark(&self, step: &str) -> &str {
        let mut steps = self.of("step");
        steps.find(|found| found["step"] == step).and_then(|found| found["mark"].as_str()).unwrap_or("not there")
    }

    /// What came of a step, each time that it was tried.
    pub(crate) fn details(&self, step: &str) -> Vec<&str> {
        self.of("step").filter(|found| found["step"] == step).filter_map(|found| found["detail"].as_str()).collect()
    }
}

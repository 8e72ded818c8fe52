//! What becomes a row, and what does not.

use jiff::tz::TimeZone;

use super::{
    log::{BYTES, EDITS},
    *,
};
use crate::wire::MemberId;

pub(crate) fn said(seq: u64, from: &str, text: &str) -> Said {
    Said {
        seq,
        member: from.len() as MemberId,
        from: from.parse().unwrap(),
        own: false,
        tag: None,
        history: false,
        text: text.to_owned(),
        at: "2026-05-04T09:41:00Z".parse().unwrap(),
    }
}

fn feed() -> Feed {
    Feed::in_zone(TimeZone::UTC)
}

fn kinds(feed: &Feed) -> String {
    let log = feed.log();
    (log.first()..log.end())
        .map(|row| match log.get(row).unwrap() {
            Row::Message(message) if message.history => 'h',
            Row::Message(message) if message.leads => 'M',
            Row::Message(_) => 'm',
            Row::Notice(_) => 'n',
            Row::Divider(_) => '-',
        })
        .collect()
}

#[test]
fn a_message_begins_with_its_senders_name() {
    let mut feed = feed();
    feed.said(&said(1, "Ada", "hello"), None);
    let log = feed.log();
    let message = log.message(1).unwrap();
    assert_eq!(message.from(), "Ada");
    assert_eq!(&message.shown[message.body()..], "hello");
    assert_eq!(message.source(), "hello");
}

#[test]
fn a_line_stands_between_two_local_days() {
    let mut feed = Feed::in_zone(TimeZone::fixed(jiff::tz::offset(2)));
    for (seq, at) in ["21:50", "22:10", "22:20"].iter().enumerate() {
        let at = format!("2026-05-04T{at}:00Z").parse().unwrap();
        feed.said(&Said { at, ..said(seq as u64, "Ada", "hello") }, None);
    }
    assert_eq!(kinds(&feed), "-M-Mm");
    assert_eq!(feed.log().get(0).unwrap().shown(), "Monday, 4 May 2026");
    assert_eq!(feed.log().get(2).unwrap().shown(), "Tuesday, 5 May 2026");
}

#[test]
fn consecutive_messages_of_one_person_have_one_leader() {
    let mut feed = feed();
    for (seq, from) in ["Ada", "Ada", "Ben77", "Ada"].iter().enumerate() {
        feed.said(&said(seq as u64, from, "x"), None);
    }
    feed.notice("Ben77 left", false);
    feed.said(&said(9, "Ada", "x"), None);
    assert_eq!(kinds(&feed), "-MmMMnM");
}

#[test]
fn history_stands_between_two_lines() {
    let mut feed = feed();
    feed.said(&Said { history: true, ..said(1, "Ada", "x") }, None);
    feed.said(&Said { history: true, ..said(2, "Ada", "x") }, None);
    feed.said(&said(3, "Ada", "x"), None);
    feed.said(&said(4, "Ada", "x"), None);
    assert_eq!(kinds(&feed), "--hh-Mm");
}

#[test]
fn equal_feeds_had_nothing_happen_between_them() {
    let mut feed = feed();
    let before = feed.clone();
    assert!(before == feed);
    feed.notice("x", false);
    assert!(before != feed);
}

#[test]
fn the_oldest_rows_go_and_the_others_keep_their_numbers() {
    let mut feed = feed();
    for row in 0..=ROWS {
        feed.notice(&row.to_string(), true);
    }
    let log = feed.log();
    assert_eq!((log.first(), log.end()), (ROWS / 10, ROWS + 1));
    assert_eq!(log.get(ROWS).unwrap().shown(), ROWS.to_string());
    assert!(log.get(0).is_none());
}

/// A hundred thousand rows of eight kilobytes each would have been kept.
#[test]
fn large_messages_do_not_fill_the_memory() {
    let mut feed = feed();
    let text = "x ".repeat(4096);
    for seq in 0..3 * (BYTES / text.len()) as u64 {
        feed.said(&said(seq, "Ada", &text), None);
    }
    let log = feed.log();
    assert!(log.bytes <= BYTES && log.first() > 0);
    assert_eq!(log.bytes, log.rows.iter().map(Row::bytes).sum::<usize>());
}

#[test]
fn a_message_of_many_lines_is_shown_whole_when_asked_for() {
    let mut feed = feed();
    let text = vec!["x"; 100].join("\n");
    feed.said(&said(1, "Ada", &text), None);
    let hidden = |feed: &Feed| feed.log().message(1).unwrap().hidden;
    assert_eq!(hidden(&feed), 60);
    assert_eq!(feed.log().message(1).unwrap().source(), text);
    feed.show_all(1);
    assert_eq!(hidden(&feed), 0);
    assert!(feed.log().get(1).unwrap().shown().ends_with(&text));
    assert_eq!(feed.log().edited_since(0).unwrap().collect::<Vec<_>>(), [1]);
}

#[test]
fn marks_are_not_shown_and_not_lost() {
    let mut feed = feed();
    feed.said(&said(1, "Ada", "this is **bold**, see https://example.org"), None);
    feed.said(&said(2, "Ada", "```\ncode\n```"), None);
    let log = feed.log();
    let bold = log.message(1).unwrap();
    assert_eq!(&bold.shown[bold.spans[0].from..bold.spans[0].to], "bold");
    assert_eq!(bold.links[0].target, "https://example.org/");
    assert_eq!(bold.source(), "this is **bold**, see https://example.org");
    let code = log.get(2).unwrap();
    assert!(code.shown().ends_with("\ncode"), "a block begins on its own line");
    assert_eq!(code.copied(0, code.shown().len(), true), "Ada: code");
    assert_eq!(log.message(2).unwrap().source(), "```\ncode\n```");
}

#[test]
fn people_who_come_and_go_in_a_row_share_a_row() {
    let mut feed = feed();
    for name in ["Ada", "Ben", "Chiara", "Dmitri"] {
        feed.happened(What::Came, name);
    }
    assert_eq!(kinds(&feed), "n");
    assert_eq!(feed.log().get(0).unwrap().shown(), "Ada, Ben and 2 others came in");
    feed.notice("this matters", true);
    feed.happened(What::Left, "Ada");
    assert_eq!(kinds(&feed), "nnn");
    feed.show_all(0);
    assert_eq!(feed.log().get(0).unwrap().shown().lines().count(), 4);
    let log = feed.log();
    assert_eq!(log.bytes, log.rows.iter().map(Row::bytes).sum::<usize>());
}

#[test]
fn too_many_changes_to_be_told_one_by_one_are_told_as_such() {
    let mut feed = feed();
    for n in 0..=EDITS {
        feed.happened(What::Came, &n.to_string());
    }
    assert!(feed.log().edited_since(0).is_some());
    feed.happened(What::Came, "x");
    assert!(feed.log().edited_since(0).is_none());
    assert_eq!(feed.log().edited_since(feed.log().edits()).unwrap().count(), 0);
}

#[test]
fn what_one_says_waits_below_until_it_is_in_the_log() {
    let mut feed = feed();
    let me: Name = "Ada".parse().unwrap();
    feed.saying(1, "one", &me, None);
    feed.saying(2, "two", &me, None);
    feed.said(&said(5, "Ben77", "hello"), None);
    feed.said(&Said { own: true, tag: Some(1), ..said(6, "Ada", "one") }, None);
    assert_eq!(kinds(&feed), "-MM");
    assert_eq!(feed.log().pending().iter().map(|pending| pending.tag).collect::<Vec<_>>(), [2]);
    assert!(feed.failed(2, "the host is gone"));
    assert!(feed.log().pending()[0].has_failed());
    assert_eq!(feed.take(2).as_deref(), Some("two"));
    assert_eq!(feed.take(2), None);
    assert!(!feed.failed(3, "never said"));
}

#[test]
fn the_first_message_that_came_while_one_was_away_is_marked() {
    let mut feed = feed();
    feed.said(&said(1, "Ben77", "seen"), None);
    feed.focus_changed(false);
    feed.happened(What::Came, "Chiara");
    feed.said(&said(2, "Ben77", "not seen"), None);
    feed.said(&said(3, "Ben77", "nor this"), None);
    assert_eq!(feed.log().mark(), Some(3));
    feed.focus_changed(true);
    feed.said(&said(4, "Ben77", "seen again"), None);
    assert_eq!(feed.log().mark(), Some(3), "it stays while one reads");
    feed.focus_changed(false);
    assert_eq!(feed.log().mark(), None);
    feed.said(&said(5, "Ben77", "not seen"), None);
    feed.focus_changed(true);
    feed.said(&Said { own: true, ..said(6, "Ada", "an answer") }, None);
    assert_eq!(feed.log().mark(), None, "whoever answers has read");
}

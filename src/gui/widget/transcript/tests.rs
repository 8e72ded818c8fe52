//! The widget itself, drawn without a display.

use std::{cell::RefCell, time::Instant};

use druid::{
    Modifiers, MouseButton, MouseButtons, MouseEvent, Vec2, WidgetExt, tests::harness::Harness, widget::prelude::*,
};

use super::*;
use crate::gui::{model::transcript::tests::said, theme::set};

const SIZE: Size = Size::new(600.0, 400.0);

/// Show this from now on.
const SHOW: druid::Selector<Feed> = druid::Selector::new("test.show");

/// The widget, where a test can look at it.
struct Shared(Rc<RefCell<Transcript>>);

impl Widget<Room> for Shared {
    fn event(&mut self, ctx: &mut EventCtx, event: &Event, room: &mut Room, env: &Env) {
        if let Event::Command(command) = event
            && let Some(other) = command.get(SHOW)
        {
            room.feed = other.clone();
        }
        self.0.borrow_mut().event(ctx, event, room, env);
    }
    fn lifecycle(&mut self, ctx: &mut LifeCycleCtx, event: &LifeCycle, room: &Room, env: &Env) {
        self.0.borrow_mut().lifecycle(ctx, event, room, env);
    }
    fn update(&mut self, ctx: &mut UpdateCtx, old: &Room, room: &Room, env: &Env) {
        self.0.borrow_mut().update(ctx, old, room, env);
    }
    fn layout(&mut self, ctx: &mut LayoutCtx, bc: &BoxConstraints, room: &Room, env: &Env) -> Size {
        self.0.borrow_mut().layout(ctx, bc, room, env)
    }
    fn paint(&mut self, ctx: &mut PaintCtx, room: &Room, env: &Env) {
        self.0.borrow_mut().paint(ctx, room, env);
    }
}

/// Shows a feed, and lets a test use and look at it.
fn shown(feed: Feed, test: impl FnMut(&mut Harness<Room>, &Rc<RefCell<Transcript>>)) {
    let transcript = Rc::new(RefCell::new(Transcript::default()));
    let widget = Shared(Rc::clone(&transcript)).env_scope(|env, _| set(env, true, 1.0));
    let mut test = test;
    let mut room = Room::default();
    room.feed = feed;
    Harness::create_with_render(
        room,
        widget,
        SIZE,
        |harness| {
            harness.send_initial_events();
            harness.just_layout();
            harness.paint();
            test(harness, &transcript);
        },
        |_| {},
    );
}

fn mouse(x: f64, y: f64, count: u8) -> MouseEvent {
    MouseEvent {
        pos: Point::new(x, y),
        window_pos: Point::new(x, y),
        buttons: MouseButtons::new().with(MouseButton::Left),
        mods: Modifiers::default(),
        count,
        focus: false,
        button: MouseButton::Left,
        wheel_delta: Vec2::ZERO,
    }
}

fn wheel(harness: &mut Harness<Room>, down: f64) {
    harness.event(Event::Wheel(MouseEvent { wheel_delta: Vec2::new(0.0, down), ..mouse(300.0, 200.0, 0) }));
    // Long after, whatever glides has arrived.
    for _ in 0..20 {
        harness.event(Event::AnimFrame(1_000_000_000));
    }
    harness.paint();
}

fn drag(harness: &mut Harness<Room>, from: (f64, f64), to: (f64, f64), count: u8) {
    harness.event(Event::MouseDown(mouse(from.0, from.1, count)));
    harness.event(Event::MouseMove(mouse(to.0, to.1, 0)));
    harness.event(Event::MouseUp(mouse(to.0, to.1, 0)));
    harness.paint();
}

fn feed(messages: u64) -> Feed {
    let mut feed = Feed::default();
    for seq in 0..messages {
        let from = if seq % 3 == 0 { "Ada" } else { "Benedict" };
        feed.said(&said(seq, from, &format!("message number {seq}, {}", "and so on ".repeat(seq as usize % 20))), None);
    }
    feed
}

fn rows_in_view(transcript: &Rc<RefCell<Transcript>>) -> Vec<usize> {
    transcript.borrow().placed.iter().map(|(row, _)| *row).collect()
}

#[test]
fn a_hundred_thousand_messages_cost_what_is_in_view() {
    let begun = Instant::now();
    shown(feed(99_000), |harness, transcript| {
        assert_eq!(rows_in_view(transcript).last(), Some(&99_000));
        assert!(transcript.borrow().laid.len() < 40, "only what is in view is laid out");
        for _ in 0..200 {
            wheel(harness, -300.0);
        }
        assert!(transcript.borrow().laid.len() <= KEPT + 40, "the layouts that are kept are bounded");
        assert!(!transcript.borrow().scroll.at_end());
        // The scroll bar, to its middle.
        drag(harness, (596.0, 398.0), (596.0, 200.0), 1);
        let middle = rows_in_view(transcript)[0];
        assert!((30_000..70_000).contains(&middle), "row {middle}");
    });
    assert!(begun.elapsed().as_secs() < 20);
}

#[test]
fn it_stays_where_one_reads_and_tells_what_is_new() {
    let feed = feed(100);
    let mut longer = feed.clone();
    shown(feed, |harness, transcript| {
        wheel(harness, -500.0);
        let before = rows_in_view(transcript);
        longer.said(&said(1000, "Ada", "new"), None);
        harness.submit_command(SHOW.with(longer.clone()));
        harness.paint();
        assert_eq!(rows_in_view(transcript), before);
        let pill = transcript.borrow().pill.expect("it tells that there is something new");
        drag(harness, (pill.center().x, pill.center().y), (300.0, 200.0), 1);
        assert_eq!(rows_in_view(transcript).last(), Some(&101));
        assert!(transcript.borrow().pill.is_none());
    });
}

#[test]
fn the_end_stays_in_view_while_one_is_there() {
    let feed = feed(100);
    let mut longer = feed.clone();
    shown(feed, |harness, transcript| {
        longer.said(&said(1000, "Ada", "new"), None);
        harness.submit_command(SHOW.with(longer.clone()));
        harness.paint();
        assert_eq!(rows_in_view(transcript).last(), Some(&101));
    });
}

#[test]
fn a_drag_selects_across_messages() {
    shown(feed(3), |harness, transcript| {
        drag(harness, (60.0, 20.0), (590.0, 390.0), 1);
        let copied = transcript.borrow().selection.copied(&harness.data().feed.log());
        let lines: Vec<&str> = copied.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[1].starts_with("Benedict: message number 1"), "{copied}");
        assert!(lines[2].ends_with("and so on "), "{copied}");
    });
}

#[test]
fn two_clicks_select_a_word_and_three_a_message() {
    shown(feed(1), |harness, transcript| {
        // The name stands at the beginning of the bubble, behind the badge.
        let y = 34.0 + transcript.borrow().placed[1].1;
        drag(harness, (75.0, y), (75.0, y), 2);
        assert_eq!(transcript.borrow().selection.copied(&harness.data().feed.log()), "Ada");
        drag(harness, (120.0, y), (120.0, y), 3);
        assert_eq!(transcript.borrow().selection.copied(&harness.data().feed.log()), "Ada: message number 0, ");
    });
}

#[test]
fn hostile_text_neither_ends_nor_stops_the_window() {
    let zalgo = format!("e{}", "\u{301}".repeat(4000));
    let texts = [
        "\0".repeat(100),
        "w".repeat(8 * 1024),
        "\n".repeat(8 * 1024),
        "\u{202e}\u{2066}\u{200f}evil".to_owned(),
        "\u{2028}\u{85}\r\n\t\x1b[31m".to_owned(),
        "👩‍👩‍👧‍👦".repeat(300),
        "مرحبا hello שלום ".repeat(100),
        "\u{200b}\u{feff}\u{fffd}\u{fffe}\u{10ffff}".to_owned(),
        String::new(),
        zalgo,
    ];
    let mut feed = Feed::default();
    for (seq, text) in texts.iter().enumerate() {
        feed.said(&said(seq as u64, "Ada", text), None);
        feed.notice(text, true);
    }
    let begun = Instant::now();
    shown(feed, |harness, transcript| {
        for _ in 0..60 {
            wheel(harness, -120.0);
            drag(harness, (200.0, 50.0), (400.0, 350.0), 2);
        }
        let all = Selection::all(&harness.data().feed.log());
        transcript.borrow_mut().selection = all;
        harness.paint();
        assert!(!all.copied(&harness.data().feed.log()).contains(['\0', '\u{202e}', '\u{200b}']));
    });
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
}

#[test]
fn ones_own_messages_stand_at_the_other_side() {
    let mut feed = Feed::default();
    feed.said(&said(1, "Ben", "theirs"), None);
    feed.said(&crate::conversation::Said { own: true, ..said(2, "Ada", "mine") }, None);
    shown(feed, |_, transcript| {
        let transcript = transcript.borrow();
        let [theirs, own] = [1, 2].map(|row| Rc::clone(&transcript.laid[&row]));
        let [left, right] = [80.0, 560.0].map(|x| Point::new(x, 20.0));
        assert!(theirs.is_text(left) && !theirs.is_text(right));
        assert!(own.is_text(right) && !own.is_text(left));
    });
}

#[test]
fn what_is_on_its_way_stands_below_everything() {
    let mut feed = feed(50);
    let me: crate::identity::Name = "Ada".parse().unwrap();
    feed.saying(1, "on its way", &me, None);
    let mut later = feed.clone();
    shown(feed, |harness, transcript| {
        let top = transcript.borrow().scroll.tail_top().expect("it is in view");
        let height = transcript.borrow().tail[0].height;
        assert!((top + height - transcript.borrow().view()).abs() < 0.01, "it ends where the view does");
        assert_eq!(rows_in_view(transcript).last(), Some(&50));
        wheel(harness, -2000.0);
        assert_eq!(transcript.borrow().scroll.tail_top(), None);
        later.failed(1, "the host is gone");
        harness.submit_command(SHOW.with(later.clone()));
        harness.submit_command(crate::gui::command::TO_END);
        harness.paint();
        assert!(transcript.borrow().scroll.tail_top().is_some());
        assert_eq!(transcript.borrow().tail_of, [(1, true)]);
    });
}

#[test]
fn a_click_on_a_link_shows_where_it_leads_before_it_opens_it() {
    let mut feed = Feed::default();
    feed.said(&said(1, "Ada", "https://example.org/"), None);
    shown(feed, |harness, transcript| {
        let top = transcript.borrow().placed[1].1;
        let on = (140.0, top + 34.0);
        harness.event(Event::MouseMove(mouse(on.0, on.1, 0)));
        let Some(Rest::Link { row: 1, index: 0, since }) = transcript.borrow().rest else {
            panic!("its target is shown")
        };
        // Too soon to have read it: the click changes nothing.
        drag(harness, on, on, 1);
        assert!(matches!(transcript.borrow().rest, Some(Rest::Link { since: still, .. }) if still >= since));
        harness.event(Event::MouseMove(mouse(300.0, 390.0, 0)));
        assert_eq!(transcript.borrow().rest, None);
    });
}

#[test]
fn what_is_found_is_brought_into_view() {
    let feed = feed(1000);
    shown(feed, |harness, transcript| {
        harness.submit_command(crate::gui::command::REVEAL.with(400));
        harness.paint();
        assert!(rows_in_view(transcript).contains(&400));
        let before = rows_in_view(transcript);
        harness.submit_command(crate::gui::command::REVEAL.with(401));
        harness.paint();
        assert_eq!(rows_in_view(transcript), before, "what is in view already does not move");
    });
}

/// A changed row kept the height that it had.
#[test]
fn notices_that_join_a_row_make_it_taller() {
    let mut feed = feed(3);
    feed.notice("one", false);
    let mut longer = feed.clone();
    shown(feed, |harness, transcript| {
        let height = |transcript: &Rc<RefCell<Transcript>>| transcript.borrow().laid[&4].height;
        let before = height(transcript);
        longer.notice("two", false);
        harness.submit_command(SHOW.with(longer.clone()));
        harness.paint();
        assert!(height(transcript) > before);
    });
}

/// The number on the pill was counted anew in every frame.
#[test]
fn what_is_new_is_counted_once() {
    let mut feed = feed(10);
    let mut news = News::default();
    assert_eq!(news.count(4, &feed.log()), 7, "one row is the day");
    feed.notice("no message", true);
    feed.said(&said(10, "Ada", "a message"), None);
    assert_eq!(news.count(4, &feed.log()), 8);
    assert_eq!(news.count(4, &feed.log()), 8);
    assert_eq!(news.count(12, &feed.log()), 1, "the rest has been seen");
    assert_eq!(news.count(2, &Feed::default().log()), 0, "another transcript");
}

#[test]
fn a_change_of_the_width_is_followed_to_the_end() {
    shown(feed(9_000), |harness, transcript| {
        harness.event(Event::WindowSize(Size::new(500.0, 400.0)));
        harness.paint();
        assert!(transcript.borrow().scroll.is_stale());
        for _ in 0..5 {
            harness.event(Event::AnimFrame(16_000_000));
        }
        assert!(!transcript.borrow().scroll.is_stale());
        assert_eq!(rows_in_view(transcript).last(), Some(&9_000));
    });
}

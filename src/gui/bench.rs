//! The window without a display, to be measured: for `benches/transcript` and `tests/window`, and no interface of this crate.
//!
//! A [`Stage`] draws one of three scenes, by druid's own harness, into a picture in memory: the transcript alone, the whole
//! window around it, or druid's stock `List` of the same messages. Everything goes the way that it goes in the window:
//! messages into the model, changes of it through druid's update, wheel and frames as events, and then the picture.

mod trips;

use std::{cell::RefCell, rc::Rc};

pub use trips::round_trips;

use druid::{
    ArcStr, Data, Env, Event, Modifiers, MouseButton, MouseButtons, MouseEvent, Point, Selector, SingleUse, Size, Vec2,
    Widget, WidgetExt, lens,
    tests::harness::Harness,
    widget::{Controller, LineBreaking, List, ListIter, RawLabel, Scroll, prelude::*},
};

use jiff::{SignedDuration, Timestamp};

use super::{
    command,
    model::{Model, selection::Selection},
    screen, theme,
    widget::transcript::Transcript,
};
use crate::{
    conversation::{Event as Happened, Said, Welcomed},
    identity::{Fingerprint, Name, RoomName},
    transport::Kind,
    wire::{Member, MemberId, Security},
};

/// How large the window is that is measured: as it opens.
const SIZE: Size = Size::new(960.0, 680.0);

/// What is drawn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scene {
    /// The transcript alone.
    Transcript,
    /// The whole window: header, transcript, members, composer.
    Window,
    /// The same messages in druid's stock `Scroll<List<RawLabel<_>>>`.
    List,
}

/// The data of all scenes, so that each is changed and compared in the same way.
#[derive(Clone, Data)]
struct Shown {
    model: Model,
    lines: Lines,
}

/// What the list shows: a handle, as the transcript has one, so that the list pays for its widgets and not for copies.
#[derive(Clone, Default)]
struct Lines {
    lines: Rc<RefCell<Vec<ArcStr>>>,
    revision: u64,
}

impl Data for Lines {
    fn same(&self, other: &Self) -> bool {
        self.revision == other.revision
    }
}

impl ListIter<ArcStr> for Lines {
    fn for_each(&self, cb: impl FnMut(&ArcStr, usize)) {
        let mut cb = cb;
        self.lines.borrow().iter().enumerate().for_each(|(at, line)| cb(line, at));
    }

    fn for_each_mut(&mut self, cb: impl FnMut(&mut ArcStr, usize)) {
        let mut cb = cb;
        self.lines.borrow_mut().iter_mut().enumerate().for_each(|(at, line)| cb(line, at));
    }

    fn data_len(&self) -> usize {
        self.lines.borrow().len()
    }
}

type Change = SingleUse<Box<dyn FnOnce(&mut Shown)>>;

/// Change the data: the harness, as druid, lets events alone do that.
const CHANGE: Selector<Change> = Selector::new("parlor.bench.change");

struct Changed;

impl<W: Widget<Shown>> Controller<Shown, W> for Changed {
    fn event(&mut self, child: &mut W, ctx: &mut EventCtx, event: &Event, shown: &mut Shown, env: &Env) {
        if let Event::Command(told) = event
            && let Some(change) = told.get(CHANGE).and_then(SingleUse::take)
        {
            return change(shown);
        }
        child.event(ctx, event, shown, env);
    }
}

fn widget(scene: Scene) -> impl Widget<Shown> {
    let widget = match scene {
        Scene::Transcript => Transcript::default().lens(lens!(Model, room)).lens(lens!(Shown, model)).boxed(),
        Scene::Window => screen::root().lens(lens!(Shown, model)).boxed(),
        Scene::List => {
            let row = || RawLabel::new().with_line_break_mode(LineBreaking::WordWrap).with_text_size(15.0).padding(4.0);
            Scroll::new(List::new(row)).vertical().expand().lens(lens!(Shown, lines)).boxed()
        }
    };
    widget.env_scope(|env, _| theme::set(env, true, 1.0)).controller(Changed)
}

/// A scene with messages in it, drawn into a picture in memory.
pub struct Stage<'a, 'b> {
    harness: &'a mut Harness<'b, Shown>,
    scene: Scene,
    /// The number of the next message.
    next: u64,
    text: fn(u64) -> String,
    /// The number of whoever comes in next.
    come: MemberId,
}

impl std::fmt::Debug for Stage<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage").field("scene", &self.scene).field("next", &self.next).finish_non_exhaustive()
    }
}

/// Sets up a scene with so many messages, of which `text` gives each, draws it once, and hands it to `play`. It is at the
/// end, as a window is.
pub fn stage(scene: Scene, messages: u64, text: fn(u64) -> String, play: impl FnMut(&mut Stage<'_, '_>)) {
    let mut play = play;
    let mut shown = Shown { model: room(), lines: Lines::default() };
    for number in 0..messages {
        said(&mut shown, scene, number, text(number));
    }
    Harness::create_with_render(
        shown,
        widget(scene),
        SIZE,
        |harness| {
            harness.send_initial_events();
            let mut stage = Stage { harness, scene, next: messages, text, come: NAMES.len() as MemberId };
            stage.draw();
            if scene == Scene::List {
                stage.wheel(1e9);
                stage.draw();
            }
            play(&mut stage);
        },
        |_| {},
    );
}

impl Stage<'_, '_> {
    fn change(&mut self, change: impl FnOnce(&mut Shown) + 'static) {
        let change: Box<dyn FnOnce(&mut Shown)> = Box::new(change);
        self.harness.submit_command(CHANGE.with(SingleUse::new(change)));
    }

    /// One more message arrives.
    pub fn say(&mut self) {
        let (scene, number, text) = (self.scene, self.next, (self.text)(self.next));
        self.next += 1;
        self.change(move |shown| said(shown, scene, number, text));
    }

    /// So many people more come in.
    pub fn come(&mut self, people: u16) {
        let first = self.come;
        self.come += MemberId::from(people);
        self.change(move |shown| (first..first + MemberId::from(people)).for_each(|id| shown.model.apply(joined(id))));
    }

    /// Only members with this in their name are shown; all of them without.
    pub fn filter(&mut self, words: &'static str) {
        self.change(move |shown| words.clone_into(&mut shown.model.room.filter));
    }

    /// Draws a frame: the whole picture.
    pub fn draw(&mut self) {
        self.harness.paint();
    }

    /// Turns the wheel by so many points; down is positive. A frame later, it has begun to move.
    pub fn wheel(&mut self, down: f64) {
        let at = Point::new(300.0, 300.0);
        self.harness.event(Event::Wheel(MouseEvent {
            pos: at,
            window_pos: at,
            buttons: MouseButtons::new(),
            mods: Modifiers::default(),
            count: 0,
            focus: false,
            button: MouseButton::None,
            wheel_delta: Vec2::new(0.0, down),
        }));
        if self.scene != Scene::List {
            self.harness.event(Event::AnimFrame(16_666_667));
        }
    }

    /// Goes to a message that is nowhere near. The list has no such thing, and turns its wheel as far.
    pub fn jump(&mut self, to: u64) {
        if self.scene == Scene::List {
            self.wheel(-1e9);
            return self.wheel(to as f64 * 25.0);
        }
        self.harness.submit_command(command::REVEAL.with(usize::try_from(to).unwrap_or_default()));
    }

    /// The window gets another width, up to that of the picture.
    pub fn resize(&mut self, narrower: f64) {
        self.harness.event(Event::WindowSize(Size::new(SIZE.width - narrower, SIZE.height)));
    }

    /// Looks for words, and shows where they are.
    pub fn find(&mut self, words: &'static str) {
        self.change(move |shown| _ = shown.model.room.look_for(words));
        let row = self.harness.data().model.room.find.as_ref().and_then(|find| find.row());
        if let Some(row) = row {
            self.harness.submit_command(command::REVEAL.with(row));
        }
    }

    /// Selects everything.
    pub fn select_all(&mut self) {
        self.harness.submit_command(command::SELECT_ALL);
    }

    /// What a copy of everything is, in bytes. It is put on no clipboard.
    #[must_use]
    pub fn copied(&self) -> usize {
        let log = self.harness.data().model.room.feed.log();
        Selection::all(&log).copied(&log).len()
    }
}

/// Who is in the room: the host, oneself, somebody else.
const NAMES: [&str; 3] = ["Ada", "Benedict", "Chiara"];

#[expect(clippy::expect_used, reason = "these are names")]
fn name(member: usize) -> Name {
    NAMES[member % NAMES.len()].parse().expect("a name")
}

/// A conversation that has just begun.
fn room() -> Model {
    let key = |member: usize| Fingerprint::from_bytes([member as u8; 32]);
    let members = (0..NAMES.len()).map(|member| Member {
        id: member as MemberId,
        name: name(member),
        fingerprint: Some(key(member)),
        security: Security::Pinned,
        away: false,
    });
    let mut model = Model::new(&name(1), key(1));
    model.apply(Happened::Welcomed(Welcomed {
        room: RoomName::of(&name(0)),
        name: name(1),
        member: 1,
        transport: Some(Kind::Quic),
        security: Security::Pinned,
        fingerprint: Some(key(0)),
        key_exchange: None,
        saved: false,
        members: members.collect(),
    }));
    model
}

/// Somebody comes in.
#[expect(clippy::expect_used, reason = "it is a name")]
fn joined(id: MemberId) -> Happened {
    let mut key = [7; 32];
    key.iter_mut().zip(id.to_le_bytes()).for_each(|(of_key, of_id)| *of_key = of_id);
    Happened::Joined(Member {
        id,
        name: format!("{} {id}", NAMES[id as usize % NAMES.len()]).parse().expect("a name"),
        fingerprint: Some(Fingerprint::from_bytes(key)),
        security: Security::Pinned,
        away: false,
    })
}

/// A message arrives: three at a time from each, one every twenty seconds.
fn said(shown: &mut Shown, scene: Scene, number: u64, text: String) {
    let member = (number / 3) as usize % NAMES.len();
    if scene == Scene::List {
        shown.lines.lines.borrow_mut().push(format!("{}: {text}", NAMES[member]).into());
        shown.lines.revision += 1;
        return;
    }
    shown.model.apply(Happened::Said(Said {
        seq: number,
        member: member as MemberId,
        from: name(member),
        own: member == 1,
        tag: None,
        history: false,
        text,
        at: Timestamp::UNIX_EPOCH + SignedDuration::from_secs(number as i64 * 20),
    }));
}

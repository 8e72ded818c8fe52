//! A flat button that is painted in the window's own colours and works with pointer and keyboard alike.

use std::time::{Duration, Instant};

use druid::{
    ArcStr, Color, Cursor, Data, Env, FontDescriptor, KbKey, Key, TextAlignment, TextLayout, TimerToken,
    piet::RenderContext, widget::prelude::*,
};

use crate::gui::{command, theme};

/// How long a button says what it has done.
const SAID: Duration = Duration::from_millis(1800);

/// How much a button asks to be pressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Weight {
    /// The likely next step.
    Primary,
    /// Another one.
    Secondary,
    /// Something on the side: no ground of its own.
    Bare,
    /// A step that one may regret.
    Danger,
    /// One of several of which one is chosen.
    Choice,
}

type Words<T> = Box<dyn Fn(&T) -> String>;
type Choice<T> = Option<Box<dyn Fn(&T) -> bool>>;
type Action<T> = Box<dyn FnMut(&mut EventCtx, &mut T)>;

/// How long after it has appeared, with the focus, a button takes an Enter or a space for one that came too late.
const TAKEN_FOR_THE_LAST: Duration = Duration::from_millis(500);

/// The button.
pub(crate) struct Button<T> {
    words: Words<T>,
    action: Action<T>,
    weight: Weight,
    chosen: Choice<T>,
    /// What it says for a moment after it was pressed.
    done: Option<&'static str>,
    done_until: TimerToken,
    says_done: bool,
    first: bool,
    /// When it appeared under somebody's fingers. An Enter that soon after was meant for what was there before.
    appeared: Instant,
    layout: TextLayout<ArcStr>,
    font: Key<FontDescriptor>,
    inset: (f64, f64),
}

impl<T: Data> Button<T> {
    pub(crate) fn new(
        words: impl Into<String>,
        weight: Weight,
        action: impl FnMut(&mut EventCtx, &mut T) + 'static,
    ) -> Self {
        let words = words.into();
        Self::dynamic(move |_| words.clone(), weight, action)
    }

    /// A button whose words depend on the data.
    pub(crate) fn dynamic(
        words: impl Fn(&T) -> String + 'static,
        weight: Weight,
        action: impl FnMut(&mut EventCtx, &mut T) + 'static,
    ) -> Self {
        Self {
            words: Box::new(words),
            action: Box::new(action),
            weight,
            chosen: None,
            done: None,
            done_until: TimerToken::INVALID,
            says_done: false,
            first: false,
            appeared: Instant::now(),
            layout: TextLayout::new(),
            font: theme::STRONG,
            inset: (16.0, 9.0),
        }
    }

    /// Drawn as chosen while this is true: one of several, or a switch.
    pub(crate) fn chosen(mut self, chosen: impl Fn(&T) -> bool + 'static) -> Self {
        self.chosen = Some(Box::new(chosen));
        self
    }

    /// Says this for a moment after it was pressed.
    pub(crate) fn then_says(mut self, done: &'static str) -> Self {
        self.done = Some(done);
        self
    }

    /// Has the focus when it appears, so that Enter presses it.
    pub(crate) fn focused_first(mut self) -> Self {
        self.first = true;
        self
    }

    /// In smaller type.
    pub(crate) fn small(mut self) -> Self {
        self.font = theme::SMALL_STRONG;
        self.inset = (10.0, 6.0);
        self
    }

    fn press(&mut self, ctx: &mut EventCtx, data: &mut T) {
        (self.action)(ctx, data);
        if self.done.is_some() {
            self.says_done = true;
            self.done_until = ctx.request_timer(SAID);
            ctx.request_layout();
        }
    }

    fn resolve(&mut self, data: &T) {
        let words = match self.done.filter(|_| self.says_done) {
            Some(done) => done.to_owned(),
            None => (self.words)(data),
        };
        if self.layout.text().is_none_or(|text| **text != *words) {
            self.layout.set_text(words.into());
        }
    }

    fn colors(&self, ctx: &PaintCtx, data: &T) -> (Option<Key<Color>>, Key<Color>) {
        let hot = ctx.is_hot() && !ctx.is_disabled();
        let chosen = self.chosen.as_ref().is_some_and(|chosen| chosen(data));
        match self.weight {
            _ if ctx.is_disabled() => (Some(theme::BUTTON), theme::QUIET),
            Weight::Primary => (Some(if hot { theme::ACCENT_HOT } else { theme::ACCENT }), theme::ON_ACCENT),
            Weight::Danger => (Some(theme::DANGER), theme::ON_ACCENT),
            Weight::Secondary => (Some(if hot { theme::BUTTON_HOT } else { theme::BUTTON }), theme::TEXT),
            Weight::Choice if chosen => (Some(theme::CHOSEN), theme::TEXT),
            Weight::Choice => (None, if hot { theme::TEXT } else { theme::QUIET }),
            Weight::Bare if hot => (Some(theme::BUTTON), theme::TEXT),
            Weight::Bare => (None, theme::QUIET),
        }
    }
}

/// Draws the ring of the focus around a part.
pub(crate) fn focus_ring(ctx: &mut PaintCtx, env: &Env) {
    if ctx.is_focused() {
        let ring = ctx.size().to_rect().inset(-1.0).to_rounded_rect(theme::RADIUS - 1.0);
        ctx.stroke(ring, &env.get(theme::FOCUS), 2.0);
    }
}

/// Draws the ring of the focus into a part that has a strong colour itself.
fn focus_ring_within(ctx: &mut PaintCtx, env: &Env) {
    if ctx.is_focused() {
        let ring = ctx.size().to_rect().inset(-4.0).to_rounded_rect(theme::RADIUS - 3.0);
        ctx.stroke(ring, &env.get(theme::ON_ACCENT), 2.0);
    }
}

/// Asks for the focus from a place that cannot take it itself: a widget that has just been added.
pub(crate) const TAKE_FOCUS: druid::Selector = druid::Selector::new("parlor.take-focus");

impl<T: Data> Widget<T> for Button<T> {
    fn event(&mut self, ctx: &mut EventCtx, event: &Event, data: &mut T, _env: &Env) {
        match event {
            Event::Timer(token) if *token == self.done_until => {
                self.says_done = false;
                ctx.request_layout();
            }
            Event::Command(told) if told.is(TAKE_FOCUS) => ctx.request_focus(),
            Event::Command(told) if self.first && told.is(command::FOCUS_AGAIN) && !ctx.is_disabled() => {
                ctx.request_focus();
            }
            _ if ctx.is_disabled() => {}
            Event::MouseDown(mouse) if mouse.button.is_left() => {
                ctx.set_active(true);
                ctx.request_paint();
                ctx.set_handled();
            }
            Event::MouseUp(_) if ctx.is_active() => {
                ctx.set_active(false);
                if ctx.is_hot() {
                    self.press(ctx, data);
                }
                ctx.request_paint();
                ctx.set_handled();
            }
            Event::MouseMove(_) => ctx.set_cursor(&Cursor::Pointer),
            Event::KeyDown(key) if ctx.is_focused() => match &key.key {
                KbKey::Enter => {
                    if !key.repeat && self.appeared.elapsed() > TAKEN_FOR_THE_LAST {
                        self.press(ctx, data);
                    }
                    ctx.set_handled();
                }
                KbKey::Character(c) if c == " " => {
                    if !key.repeat && self.appeared.elapsed() > TAKEN_FOR_THE_LAST {
                        self.press(ctx, data);
                    }
                    ctx.set_handled();
                }
                KbKey::Tab if key.mods.shift() => {
                    ctx.focus_prev();
                    ctx.set_handled();
                }
                KbKey::Tab => {
                    ctx.focus_next();
                    ctx.set_handled();
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn lifecycle(&mut self, ctx: &mut LifeCycleCtx, event: &LifeCycle, data: &T, _env: &Env) {
        match event {
            LifeCycle::WidgetAdded => {
                self.layout.set_font(self.font.clone());
                self.resolve(data);
                if self.first {
                    self.appeared = Instant::now();
                    ctx.submit_command(TAKE_FOCUS.to(ctx.widget_id()));
                }
            }
            LifeCycle::BuildFocusChain => ctx.register_for_focus(),
            LifeCycle::FocusChanged(on) => {
                if *on {
                    ctx.scroll_to_view();
                }
                ctx.request_paint();
            }
            LifeCycle::HotChanged(_) | LifeCycle::DisabledChanged(_) => ctx.request_paint(),
            _ => {}
        }
    }

    fn update(&mut self, ctx: &mut UpdateCtx, old: &T, data: &T, _env: &Env) {
        // A layout draws the whole window anew: it is for words that have changed, and not for each message.
        let words = self.layout.text().cloned();
        self.resolve(data);
        if self.layout.needs_rebuild_after_update(ctx) || self.layout.text() != words.as_ref() {
            ctx.request_layout();
        } else if !old.same(data) {
            ctx.request_paint();
        }
    }

    fn layout(&mut self, ctx: &mut LayoutCtx, bc: &BoxConstraints, data: &T, env: &Env) -> Size {
        self.resolve(data);
        let (x, y) = (theme::points(env, self.inset.0), theme::points(env, self.inset.1));
        // Large words in a narrow place take another line.
        self.layout.set_wrap_width((bc.max().width - 2.0 * x).max(1.0));
        self.layout.set_text_alignment(TextAlignment::Center);
        self.layout.rebuild_if_needed(ctx.text(), env);
        let text = self.layout.size();
        ctx.set_baseline_offset(text.height + y - self.layout.layout_metrics().first_baseline);
        bc.constrain(Size::new(text.width + 2.0 * x, text.height + 2.0 * y).ceil())
    }

    fn paint(&mut self, ctx: &mut PaintCtx, data: &T, env: &Env) {
        let (ground, text) = self.colors(ctx, data);
        let shape = ctx.size().to_rect().to_rounded_rect(theme::RADIUS);
        if let Some(ground) = ground {
            ctx.fill(shape, &env.get(ground));
        }
        self.layout.set_text_color(text);
        self.layout.rebuild_if_needed(ctx.text(), env);
        let free = ctx.size() - self.layout.size();
        ctx.with_save(|ctx| {
            ctx.clip(shape);
            self.layout.draw(ctx, (free.width.max(0.0) / 2.0, free.height / 2.0));
        });
        match self.weight {
            Weight::Primary | Weight::Danger if !ctx.is_disabled() => focus_ring_within(ctx, env),
            _ => focus_ring(ctx, env),
        }
    }
}

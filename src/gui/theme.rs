//! The colours, sizes and fonts of the window, dark and light.
//!
//! Every colour is a key of druid's environment, set for a whole tree by [`Themed`]; a test holds each pair of text and
//! ground to a contrast of 4.5:1.

use druid::{Color, Env, FontDescriptor, FontFamily, FontWeight, Insets, Key, WidgetPod, theme, widget::prelude::*};

use super::model::{Model, people::TINTS, security::Tone};

/// Behind everything.
pub(crate) const GROUND: Key<Color> = Key::new("parlor.ground");
/// Bars, columns and cards.
pub(crate) const SURFACE: Key<Color> = Key::new("parlor.surface");
/// Where one writes.
pub(crate) const FIELD: Key<Color> = Key::new("parlor.field");
/// Between surfaces.
pub(crate) const BORDER: Key<Color> = Key::new("parlor.border");
/// Text.
pub(crate) const TEXT: Key<Color> = Key::new("parlor.text");
/// Text that should not be in the way.
pub(crate) const QUIET: Key<Color> = Key::new("parlor.quiet");
/// The ground of what one is most likely to press.
pub(crate) const ACCENT: Key<Color> = Key::new("parlor.accent");
/// The same under the pointer.
pub(crate) const ACCENT_HOT: Key<Color> = Key::new("parlor.accent-hot");
/// Text on [`ACCENT`] and [`DANGER`].
pub(crate) const ON_ACCENT: Key<Color> = Key::new("parlor.on-accent");
/// The ground of other buttons.
pub(crate) const BUTTON: Key<Color> = Key::new("parlor.button");
/// The same under the pointer.
pub(crate) const BUTTON_HOT: Key<Color> = Key::new("parlor.button-hot");
/// Behind a row of choices.
pub(crate) const CHOICE: Key<Color> = Key::new("parlor.choice");
/// The one that is chosen.
pub(crate) const CHOSEN: Key<Color> = Key::new("parlor.chosen");
/// The ring around what has the focus.
pub(crate) const FOCUS: Key<Color> = Key::new("parlor.focus");
/// One's own messages.
pub(crate) const OWN: Key<Color> = Key::new("parlor.own");
/// Messages of others.
pub(crate) const OTHER: Key<Color> = Key::new("parlor.other");
/// Behind selected text.
pub(crate) const SELECTED: Key<Color> = Key::new("parlor.selected");
/// Behind code, in a message of somebody else's.
pub(crate) const CODE: Key<Color> = Key::new("parlor.code");
/// Behind code, in one's own message.
pub(crate) const OWN_CODE: Key<Color> = Key::new("parlor.own-code");
/// Behind what was looked for.
pub(crate) const FOUND: Key<Color> = Key::new("parlor.found");
/// The same where one is.
pub(crate) const FOUND_HERE: Key<Color> = Key::new("parlor.found-here");
/// Text about what is right.
pub(crate) const GOOD: Key<Color> = Key::new("parlor.good");
/// Text about what deserves a look.
pub(crate) const WARN: Key<Color> = Key::new("parlor.warn");
/// Text about what is wrong.
pub(crate) const ALARM: Key<Color> = Key::new("parlor.alarm");
/// The ground of what must not be overlooked.
pub(crate) const DANGER: Key<Color> = Key::new("parlor.danger");
/// People.
const TINT: [Key<Color>; TINTS] = [
    Key::new("parlor.tint-0"),
    Key::new("parlor.tint-1"),
    Key::new("parlor.tint-2"),
    Key::new("parlor.tint-3"),
    Key::new("parlor.tint-4"),
    Key::new("parlor.tint-5"),
    Key::new("parlor.tint-6"),
    Key::new("parlor.tint-7"),
];

/// Space between things that belong together, and its multiples.
pub(crate) const GAP: f64 = 8.0;
/// Rounding of fields and buttons.
pub(crate) const RADIUS: f64 = 8.0;

/// Body text.
pub(crate) const BODY: Key<FontDescriptor> = Key::new("parlor.font.body");
/// Body text that stands out.
pub(crate) const STRONG: Key<FontDescriptor> = Key::new("parlor.font.strong");
/// Explanations and times.
pub(crate) const SMALL: Key<FontDescriptor> = Key::new("parlor.font.small");
/// Headings of small parts.
pub(crate) const SMALL_STRONG: Key<FontDescriptor> = Key::new("parlor.font.small-strong");
/// A room's name, a card's heading.
pub(crate) const TITLE: Key<FontDescriptor> = Key::new("parlor.font.title");
/// The name of the house.
pub(crate) const DISPLAY: Key<FontDescriptor> = Key::new("parlor.font.display");
/// Keys and invites.
pub(crate) const MONO: Key<FontDescriptor> = Key::new("parlor.font.mono");

/// How wide a card is, in a window that is wide enough.
pub(crate) const CARD: Key<f64> = Key::new("parlor.card");
/// How wide the column at the side is.
pub(crate) const SIDE: Key<f64> = Key::new("parlor.side");
/// The same while it explains something.
pub(crate) const WIDE_SIDE: Key<f64> = Key::new("parlor.wide-side");

/// How much larger or smaller than usual everything that is read is drawn.
pub(crate) const SCALE: Key<f64> = Key::new("parlor.scale");

/// A size at the usual scale, in display points, as it is to be drawn.
pub(crate) fn points(env: &Env, size: f64) -> f64 {
    size * env.get(SCALE)
}

/// The colour of a person.
pub(crate) fn tint(env: &Env, tint: usize) -> Color {
    env.get(&TINT[tint % TINTS])
}

/// The colour of text of this tone.
pub(crate) fn tone(tone: Tone) -> Key<Color> {
    match tone {
        Tone::Good => GOOD,
        Tone::Warn => WARN,
        Tone::Alarm => ALARM,
    }
}

type Palette = [(Key<Color>, u32); 25];

const DARK: Palette = [
    (GROUND, 0x14161b),
    (SURFACE, 0x1c1f26),
    (FIELD, 0x252932),
    (BORDER, 0x333843),
    (TEXT, 0xe9ebf1),
    (QUIET, 0xb4bbc9),
    (ACCENT, 0x2f62d6),
    (ACCENT_HOT, 0x3b6ddc),
    (ON_ACCENT, 0xffffff),
    (BUTTON, 0x2b303a),
    (BUTTON_HOT, 0x373d4a),
    (CHOICE, 0x121419),
    (CHOSEN, 0x323845),
    (FOCUS, 0xa3c2ff),
    (OWN, 0x1b2f5a),
    (OTHER, 0x242831),
    (SELECTED, 0x2c4780),
    (CODE, 0x171a20),
    (OWN_CODE, 0x16274c),
    (FOUND, 0x3d3212),
    (FOUND_HERE, 0x4b3a00),
    (GOOD, 0x62d08c),
    (WARN, 0xf2bd4b),
    (ALARM, 0xff8a80),
    (DANGER, 0xb3261e),
];

const LIGHT: Palette = [
    (GROUND, 0xffffff),
    (SURFACE, 0xf4f5f8),
    (FIELD, 0xffffff),
    (BORDER, 0xd3d8e0),
    (TEXT, 0x1a1e26),
    (QUIET, 0x535c6b),
    (ACCENT, 0x245ad0),
    (ACCENT_HOT, 0x1c4db8),
    (ON_ACCENT, 0xffffff),
    (BUTTON, 0xe5e8ee),
    (BUTTON_HOT, 0xd8dde6),
    (CHOICE, 0xe4e7ed),
    (CHOSEN, 0xffffff),
    (FOCUS, 0x1c4db8),
    (OWN, 0xe6eeff),
    (OTHER, 0xf0f2f5),
    (SELECTED, 0xbfd8ff),
    (CODE, 0xe2e6ec),
    (OWN_CODE, 0xc9daf9),
    (FOUND, 0xffeeb0),
    (FOUND_HERE, 0xffe08a),
    (GOOD, 0x117039),
    (WARN, 0x7d5100),
    (ALARM, 0xb0221a),
    (DANGER, 0xb3261e),
];

const DARK_TINTS: [u32; TINTS] = [0xff9d95, 0x9bc0ff, 0xf5c96b, 0x8adba4, 0xd2b2ff, 0x6cd9de, 0xffa8d4, 0xc8dc70];
const LIGHT_TINTS: [u32; TINTS] = [0xab221a, 0x1a55b4, 0x7d4a00, 0x146834, 0x702fab, 0x005f68, 0x9e1667, 0x4b5f00];

fn rgb(number: u32) -> Color {
    Color::from_rgba32_u32(number << 8 | 0xff)
}

/// Sets all keys, ours and those of druid's own widgets. `scale` is how much larger than usual text is.
pub(crate) fn set(env: &mut Env, dark: bool, scale: f64) {
    let (palette, tints) = if dark { (DARK, DARK_TINTS) } else { (LIGHT, LIGHT_TINTS) };
    for (key, number) in palette {
        env.set(key, rgb(number));
    }
    for (key, number) in TINT.into_iter().zip(tints) {
        env.set(key, rgb(number));
    }
    for (theirs, ours) in [
        (theme::WINDOW_BACKGROUND_COLOR, GROUND),
        (theme::TEXT_COLOR, TEXT),
        (theme::DISABLED_TEXT_COLOR, QUIET),
        (theme::PLACEHOLDER_COLOR, QUIET),
        (theme::BACKGROUND_LIGHT, FIELD),
        (theme::BACKGROUND_DARK, GROUND),
        (theme::BORDER_DARK, BORDER),
        (theme::BORDER_LIGHT, BORDER),
        (theme::PRIMARY_LIGHT, FOCUS),
        (theme::PRIMARY_DARK, ACCENT),
        (theme::FOREGROUND_LIGHT, TEXT),
        (theme::FOREGROUND_DARK, TEXT),
        (theme::CURSOR_COLOR, TEXT),
        (theme::SELECTED_TEXT_BACKGROUND_COLOR, SELECTED),
        (theme::SELECTED_TEXT_INACTIVE_BACKGROUND_COLOR, BORDER),
        (theme::SELECTION_TEXT_COLOR, TEXT),
        (theme::SCROLLBAR_COLOR, QUIET),
        (theme::SCROLLBAR_BORDER_COLOR, QUIET),
    ] {
        let color = env.get(ours);
        env.set(theirs, color);
    }
    set_fonts(env, scale);
    env.set(theme::TEXTBOX_BORDER_RADIUS, RADIUS);
    env.set(theme::TEXTBOX_BORDER_WIDTH, 1.0);
    env.set(theme::SCROLLBAR_WIDTH, 6.0);
    env.set(theme::SCROLLBAR_EDGE_WIDTH, 0.0);
}

fn set_fonts(env: &mut Env, scale: f64) {
    env.set(SCALE, scale);
    let sans = FontDescriptor::new(FontFamily::SYSTEM_UI);
    for (key, font, size, weight) in [
        (BODY, &sans, 15.0, FontWeight::REGULAR),
        (theme::UI_FONT, &sans, 15.0, FontWeight::REGULAR),
        (STRONG, &sans, 15.0, FontWeight::SEMI_BOLD),
        (SMALL, &sans, 13.0, FontWeight::REGULAR),
        (SMALL_STRONG, &sans, 13.0, FontWeight::SEMI_BOLD),
        (TITLE, &sans, 20.0, FontWeight::BOLD),
        (DISPLAY, &sans, 34.0, FontWeight::BOLD),
        (MONO, &FontDescriptor::new(FontFamily::MONOSPACE), 13.0, FontWeight::REGULAR),
    ] {
        env.set(key, font.clone().with_size(size * scale).with_weight(weight));
    }
    env.set(theme::TEXT_SIZE_NORMAL, 15.0 * scale);
    env.set(theme::TEXTBOX_INSETS, Insets::uniform_xy(12.0 * scale, 9.0 * scale));
    // A line should hold about as many words as before, but a column must leave room for what is beside it.
    env.set(CARD, 520.0 * scale.max(1.0));
    let side = 1.0 + (scale - 1.0) / 3.0;
    env.set(SIDE, 208.0 * side);
    env.set(WIDE_SIDE, 312.0 * side);
}

/// A tree in the colours and sizes that the model asks for. The environment is made once a change, not once an event.
pub(crate) struct Themed<W> {
    child: WidgetPod<Model, W>,
    env: Option<(Look, Env)>,
}

/// Dark or light, and how large.
type Look = (bool, f64);

fn look(data: &Model) -> Look {
    (data.is_dark(), data.settings.scale())
}

impl<W: Widget<Model>> Themed<W> {
    pub(crate) fn new(child: W) -> Self {
        Self { child: WidgetPod::new(child), env: None }
    }

    fn env(&mut self, data: &Model, env: &Env) -> Env {
        let look = look(data);
        match &self.env {
            Some((last, made)) if *last == look => made.clone(),
            _ => {
                let mut made = env.clone();
                set(&mut made, look.0, look.1);
                self.env = Some((look, made.clone()));
                made
            }
        }
    }
}

impl<W: Widget<Model>> Widget<Model> for Themed<W> {
    fn event(&mut self, ctx: &mut EventCtx, event: &Event, data: &mut Model, env: &Env) {
        let env = self.env(data, env);
        self.child.event(ctx, event, data, &env);
    }

    fn lifecycle(&mut self, ctx: &mut LifeCycleCtx, event: &LifeCycle, data: &Model, env: &Env) {
        let env = self.env(data, env);
        self.child.lifecycle(ctx, event, data, &env);
    }

    fn update(&mut self, ctx: &mut UpdateCtx, old: &Model, data: &Model, env: &Env) {
        let env = self.env(data, env);
        if look(old) != look(data) {
            ctx.request_layout();
            ctx.request_paint();
        }
        self.child.update(ctx, data, &env);
    }

    fn layout(&mut self, ctx: &mut LayoutCtx, bc: &BoxConstraints, data: &Model, env: &Env) -> Size {
        let env = self.env(data, env);
        let size = self.child.layout(ctx, bc, data, &env);
        self.child.set_origin(ctx, druid::Point::ZERO);
        size
    }

    fn paint(&mut self, ctx: &mut PaintCtx, data: &Model, env: &Env) {
        let env = self.env(data, env);
        let all = ctx.size().to_rect();
        ctx.fill(all, &env.get(GROUND));
        self.child.paint(ctx, data, &env);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(color: &Color) -> f64 {
        let (red, green, blue, _) = color.as_rgba();
        let linear = |value: f64| if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) };
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    fn contrast(one: &Color, two: &Color) -> f64 {
        let (one, two) = (luminance(one), luminance(two));
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    #[test]
    fn every_text_can_be_read_on_its_ground() {
        let mut pairs: Vec<(Key<Color>, Key<Color>)> = Vec::new();
        for ground in [GROUND, SURFACE, FIELD, OWN, OTHER, CHOICE, SELECTED] {
            pairs.extend([TEXT, QUIET].into_iter().chain(TINT).map(|text| (text, ground.clone())));
        }
        for ground in [GROUND, SURFACE, OTHER] {
            pairs.extend([GOOD, WARN, ALARM, FOCUS].map(|text| (text, ground.clone())));
        }
        pairs.extend([ACCENT, ACCENT_HOT, DANGER].map(|ground| (ON_ACCENT, ground)));
        for ground in [OWN, OTHER] {
            pairs.extend([ALARM, FOCUS].map(|text| (text, ground.clone())));
        }
        pairs.extend([CODE, OWN_CODE, FOUND, FOUND_HERE].map(|ground| (TEXT, ground)));
        pairs.extend([CODE, OWN_CODE].map(|ground| (QUIET, ground)));
        pairs.extend([FOUND, FOUND_HERE, SELECTED].map(|ground| (FOCUS, ground)));
        pairs.extend([BUTTON, BUTTON_HOT, CHOSEN].map(|ground| (TEXT, ground)));
        pairs.push((QUIET, BUTTON));
        for dark in [true, false] {
            let mut env = Env::empty();
            set(&mut env, dark, 1.0);
            for (text, ground) in &pairs {
                let contrast = contrast(&env.get(text), &env.get(ground));
                assert!(contrast >= 4.5, "dark: {dark}, {text:?} on {ground:?}: {contrast:.2}");
            }
        }
    }

    /// WCAG asks for 3:1 where something is seen and not read.
    #[test]
    fn the_ring_of_the_focus_is_seen_wherever_it_is() {
        for dark in [true, false] {
            let mut env = Env::empty();
            set(&mut env, dark, 1.0);
            let rings = [GROUND, SURFACE, FIELD, BUTTON, BUTTON_HOT, CHOICE, CHOSEN].map(|ground| (FOCUS, ground));
            for (ring, ground) in rings.into_iter().chain([ACCENT, ACCENT_HOT, DANGER].map(|it| (ON_ACCENT, it))) {
                let contrast = contrast(&env.get(&ring), &env.get(&ground));
                assert!(contrast >= 3.0, "dark: {dark}, {ring:?} on {ground:?}: {contrast:.2}");
            }
        }
    }

    #[test]
    fn everything_that_is_read_grows() {
        let at = |scale: f64| {
            let mut env = Env::empty();
            set(&mut env, true, scale);
            env
        };
        let (usual, large) = (at(1.0), at(2.0));
        for font in [BODY, STRONG, SMALL, SMALL_STRONG, TITLE, DISPLAY, MONO, theme::UI_FONT] {
            assert_eq!(large.get(&font).size, 2.0 * usual.get(&font).size, "{font:?}");
        }
        assert_eq!(points(&large, 12.0), 24.0);
        assert!(large.get(SIDE) > usual.get(SIDE) && large.get(SIDE) < 2.0 * usual.get(SIDE));
    }
}

//! A labelled place to write in, and below it the verdict on what is written.

use druid::{
    Lens, Widget, WidgetExt,
    widget::{CrossAxisAlignment, Either, Flex, SizedBox, TextBox},
};

use super::{words::Words, writing::Writing};
use crate::gui::{
    model::{Model, start::Verdict},
    theme,
};

/// A place for one line of text.
pub(crate) fn text_box<L: Lens<Model, String> + 'static>(
    placeholder: &str,
    text: L,
    first: bool,
) -> impl Widget<Model> + use<L> {
    TextBox::new()
        .with_placeholder(placeholder.to_owned())
        .controller(Writing::one_line(first))
        .lens(text)
        .expand_width()
}

/// The words above a field.
pub(crate) fn label(words: &str) -> impl Widget<Model> + use<> {
    let words = words.to_owned();
    Words::paragraph(theme::SMALL_STRONG, theme::QUIET, move |_| words.clone())
}

/// A verdict, which takes no room while there is none.
pub(crate) fn verdict(get: impl Fn(&Model) -> Verdict + Clone + 'static) -> impl Widget<Model> {
    let line = |good: bool| {
        let get = get.clone();
        let mark = if good { "✓" } else { "!" };
        let color = if good { theme::GOOD } else { theme::ALARM };
        Words::paragraph(theme::SMALL, color, move |data: &Model| format!("{mark}  {}", get(data).words()))
            .padding((0.0, 5.0, 0.0, 0.0))
    };
    let (none, good) = (get.clone(), get.clone());
    Either::new(
        move |data, _| none(data) == Verdict::None,
        SizedBox::empty(),
        Either::new(move |data, _| matches!(good(data), Verdict::Good(_)), line(true), line(false)),
    )
}

/// A labelled field with its verdict.
pub(crate) fn field<W: Widget<Model> + 'static, V: Fn(&Model) -> Verdict + Clone + 'static>(
    words: &str,
    text: W,
    get: V,
) -> impl Widget<Model> + use<W, V> {
    Flex::column()
        .cross_axis_alignment(CrossAxisAlignment::Start)
        .with_child(label(words))
        .with_spacer(4.0)
        .with_child(text)
        .with_child(verdict(get))
}

//! The list of keys.

use druid::{
    Insets, Widget, WidgetExt,
    widget::{CrossAxisAlignment, Flex},
};

use super::{
    super::{
        model::{Model, keys},
        theme,
        widget::{card, field, words::Words},
    },
    settings::{close_button, heading},
};

pub(super) fn screen() -> impl Widget<Model> {
    let mut content = card::column().with_child(heading("Keys", close_button()));
    for (part, keys) in keys::ALL {
        content = content.with_spacer(18.0).with_child(field::label(part));
        for (key, does) in *keys {
            content = content.with_child(row(key, does));
        }
    }
    card::card(content)
}

fn row(key: &'static str, does: &'static str) -> impl Widget<Model> {
    Flex::row()
        .cross_axis_alignment(CrossAxisAlignment::Start)
        .with_flex_child(Words::paragraph(theme::STRONG, theme::TEXT, move |_| key.to_owned()).expand_width(), 2.0)
        .with_spacer(theme::GAP)
        .with_flex_child(Words::paragraph(theme::BODY, theme::TEXT, move |_| does.to_owned()).expand_width(), 3.0)
        .padding(Insets::new(0.0, 6.0, 0.0, 0.0))
}

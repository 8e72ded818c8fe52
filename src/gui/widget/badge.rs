//! The round badge of a person: their initial in their colour.

use druid::{
    Env, FontFamily, FontWeight,
    kurbo::Circle,
    piet::{RenderContext, Text, TextAttribute, TextLayout, TextLayoutBuilder},
    widget::prelude::*,
};

use crate::gui::theme;

/// Draws one.
pub(crate) fn draw(ctx: &mut PaintCtx, circle: Circle, initial: &str, tint: usize, env: &Env) {
    let color = theme::tint(env, tint);
    ctx.fill(circle, &color.with_alpha(0.2));
    let layout = ctx
        .text()
        .new_text_layout(initial.to_owned())
        .font(FontFamily::SYSTEM_UI, circle.radius * 0.9)
        .default_attribute(TextAttribute::Weight(FontWeight::BOLD))
        .text_color(color)
        .build();
    // An initial that has no layout leaves an empty badge.
    if let Ok(layout) = layout {
        let half = layout.size().to_vec2() / 2.0;
        ctx.draw_text(&layout, circle.center - half);
    }
}

//! Bars that come up in a conversation: words to be found, and what was not sent.

use druid::{
    Env, Event, EventCtx, Insets, KbKey, Lens, Widget, WidgetExt,
    widget::{Controller, Either, Flex, SizedBox, ViewSwitcher, prelude::*},
};

use super::super::{
    command,
    model::Model,
    theme,
    widget::{
        button::{Button, Weight},
        field,
        words::Words,
    },
};

/// The words that are looked for, while some are.
struct Looked;

impl Lens<Model, String> for Looked {
    fn with<V, F: FnOnce(&String) -> V>(&self, model: &Model, read: F) -> V {
        read(model.room.find.as_ref().map_or(&String::new(), |find| &find.words))
    }

    fn with_mut<V, F: FnOnce(&mut String) -> V>(&self, model: &mut Model, change: F) -> V {
        let Some(find) = &model.room.find else { return change(&mut String::new()) };
        let mut words = find.words.clone();
        let value = change(&mut words);
        if words != find.words {
            model.room.look_for(&words);
        }
        value
    }
}

/// Enter goes to an older place, Shift+Enter to a newer one; Escape ends it. What is found is brought into view.
struct Finding;

impl<W: Widget<Model>> Controller<Model, W> for Finding {
    fn event(&mut self, child: &mut W, ctx: &mut EventCtx, event: &Event, model: &mut Model, env: &Env) {
        child.event(ctx, event, model, env);
        if ctx.is_handled() {
            return;
        }
        if let Event::KeyDown(key) = event {
            let told: Option<druid::Command> = match key.key {
                KbKey::Enter => Some(command::FIND_STEP.with(key.mods.shift())),
                KbKey::Escape => Some(command::FIND_END.into()),
                _ => None,
            };
            if let Some(told) = told {
                ctx.submit_command(told);
                ctx.set_handled();
            }
        }
    }

    fn update(&mut self, child: &mut W, ctx: &mut UpdateCtx, old: &Model, model: &Model, env: &Env) {
        let row = |model: &Model| model.room.find.as_ref().and_then(|find| Some((find.row()?, find.words.clone())));
        let (before, now) = (row(old), row(model));
        if before != now
            && let Some((row, _)) = now
        {
            ctx.submit_command(command::REVEAL.with(row));
        }
        child.update(ctx, old, model, env);
    }
}

/// Words to be found: as one types, with their number, and on to the next.
pub(super) fn find() -> impl Widget<Model> {
    let step = move |words: &str, newer: bool| {
        Button::new(words, Weight::Secondary, move |ctx, _| ctx.submit_command(command::FIND_STEP.with(newer))).small()
    };
    let count = || {
        Words::line(theme::SMALL, theme::QUIET, |model: &Model| {
            model.room.find.as_ref().map(|find| find.count()).unwrap_or_default()
        })
    };
    // Made anew each time it comes up, so that it has the focus then.
    let shown = move || {
        Flex::row()
            .with_flex_child(field::text_box("Find in what was said", Looked, true), 1.0)
            .with_spacer(theme::GAP)
            .with_child(count())
            .with_spacer(theme::GAP)
            .with_child(step("Older ↑", false))
            .with_spacer(4.0)
            .with_child(step("Newer ↓", true))
            .with_spacer(4.0)
            .with_child(Button::new("Close", Weight::Bare, |ctx, _| ctx.submit_command(command::FIND_END)).small())
            .controller(Finding)
            .padding(Insets::uniform_xy(16.0, 8.0))
            .background(theme::SURFACE)
    };
    ViewSwitcher::new(
        |model: &Model, _| model.room.find.is_some(),
        move |is_finding, _, _| if *is_finding { shown().boxed() } else { SizedBox::empty().boxed() },
    )
}

/// What was not sent, the oldest first: to be said again, or thrown away.
pub(super) fn failed() -> impl Widget<Model> {
    let words = Words::paragraph(theme::SMALL, theme::ALARM, |model: &Model| {
        let Some((_, text, why, more)) = model.room.oldest_failed() else { return String::new() };
        let begin: String = text.chars().take(60).collect();
        let dots = if begin.len() < text.len() { "…" } else { "" };
        let more = if more > 0 { format!(" And {more} more.") } else { String::new() };
        format!("Not sent: “{begin}{dots}” {why}{more}")
    });
    let tag = |model: &Model| model.room.oldest_failed().map(|(tag, ..)| tag);
    let act = move |ctx: &mut EventCtx, model: &Model, selector: druid::Selector<u64>| {
        if let Some(tag) = tag(model) {
            ctx.submit_command(selector.with(tag));
        }
    };
    let again = Button::new("Try again", Weight::Secondary, move |ctx, model: &mut Model| {
        act(ctx, model, command::SAY_AGAIN);
    });
    let away = Button::new("Discard", Weight::Bare, move |ctx, model: &mut Model| act(ctx, model, command::DISCARD));
    let bar = Flex::row()
        .with_flex_child(words.expand_width(), 1.0)
        .with_spacer(theme::GAP)
        .with_child(again.small().disabled_if(|model: &Model, _| !model.room.open()))
        .with_spacer(4.0)
        .with_child(away.small())
        .padding(Insets::new(16.0, 8.0, 16.0, 0.0))
        .background(theme::SURFACE);
    Either::new(move |model: &Model, _| tag(model).is_some(), bar, SizedBox::empty())
}

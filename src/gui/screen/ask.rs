//! Getting there, and what has to be decided on the way. One thing at a time, in a card; what is safe has the focus.

use druid::{
    EventCtx, Key, Widget, WidgetExt, lens,
    widget::{Flex, MainAxisAlignment},
};

use super::super::{
    command,
    model::{Model, Refusal, security, start::Verdict},
    theme,
    widget::{
        button::{Button, Weight},
        card::{self, OnEscape},
        field,
    },
};

fn back(ctx: &mut EventCtx) {
    ctx.submit_command(command::BACK);
}

fn answer(ctx: &mut EventCtx, yes: bool) {
    ctx.submit_command(command::ANSWER.with(yes));
}

/// Buttons at the end of a card.
fn buttons() -> Flex<Model> {
    Flex::row().main_axis_alignment(MainAxisAlignment::End)
}

fn key(
    get: impl Fn(&Model) -> Option<crate::identity::Fingerprint> + 'static,
    color: Key<druid::Color>,
) -> impl Widget<Model> {
    card::code(move |model| get(model).map(|key| security::in_lines(&key)).unwrap_or_default(), color)
}

/// What is being done, and a way out.
pub(super) fn dialling() -> impl Widget<Model> {
    let cancel = Button::new("Cancel", Weight::Secondary, |ctx, _| back(ctx)).focused_first();
    let content = card::column()
        .with_child(card::heading(|model| model.way.title.clone(), theme::TEXT))
        .with_spacer(12.0)
        .with_child(card::paragraph(|model| match model.way.detail.as_str() {
            "" => "One moment…".to_owned(),
            detail => detail.to_owned(),
        }))
        .with_spacer(24.0)
        .with_child(buttons().with_child(cancel).align_right());
    card::card(content).controller(OnEscape(back))
}

/// First contact: is it theirs?
pub(super) fn contact() -> impl Widget<Model> {
    let cancel = Button::new("Cancel", Weight::Secondary, |ctx, _| answer(ctx, false)).focused_first();
    let trust = Button::new("It is theirs: trust and join", Weight::Primary, |ctx, _| answer(ctx, true))
        // What was pasted and does not fit is not overruled by a click.
        .disabled_if(|model: &Model, _| matches!(model.way.verdict(), Verdict::Bad(_)));
    let compare = field::field(
        "Or paste the fingerprint they sent you, and let the machine compare",
        field::text_box("Paste it here", lens!(Model, way.pasted), false),
        |model: &Model| model.way.verdict(),
    );
    let content = card::column()
        .with_child(card::heading(
            |model| match model.way.known_as.is_empty() {
                true => "You have not met this host before".to_owned(),
                false => "A key you know, at a new address".to_owned(),
            },
            theme::TEXT,
        ))
        .with_spacer(12.0)
        .with_child(card::paragraph(|model| {
            let known = match model.way.known_as.as_str() {
                "" => String::new(),
                names => format!(" You know it from {names}; go on if that is who you mean."),
            };
            format!(
                "{} answers with the key below.{known} Compare it with the fingerprint that the host's own window shows: \
                 ask them to read it to you. If it is the same, nobody is in between.",
                model.way.address
            )
        }))
        .with_spacer(16.0)
        .with_child(key(|model| model.way.found, theme::TEXT))
        .with_spacer(16.0)
        .with_child(compare)
        .with_spacer(16.0)
        .with_child(card::remark(|_| {
            "Nothing was sent yet. Once you trust the key it must be the same every time you join.".to_owned()
        }))
        .with_spacer(24.0)
        .with_child(buttons().with_child(cancel).with_spacer(theme::GAP).with_child(trust).align_right());
    card::card(content).controller(OnEscape(|ctx| answer(ctx, false)))
}

/// Talk in the clear?
pub(super) fn plaintext() -> impl Widget<Model> {
    let no = Button::new("No, stop here", Weight::Primary, |ctx, _| answer(ctx, false)).focused_first();
    let yes = Button::new("Join without encryption", Weight::Danger, |ctx, _| answer(ctx, true));
    let content = card::column()
        .with_child(card::heading(|_| "Join without encryption?".to_owned(), theme::ALARM))
        .with_spacer(12.0)
        .with_child(card::paragraph(|model| format!("No encrypted connection to {} came about.", model.way.address)))
        .with_spacer(theme::GAP)
        .with_child(card::remark(|model| model.way.detail.clone()))
        .with_spacer(16.0)
        .with_child(card::paragraph(|_| {
            "Over plain TCP, everybody on the way can read all that is said, change it, and pretend to be the host. \
             Everybody in the room will see that you are not encrypted."
                .to_owned()
        }))
        .with_spacer(24.0)
        .with_child(buttons().with_child(yes).with_spacer(theme::GAP).with_child(no).align_right());
    card::card(content).controller(OnEscape(|ctx| answer(ctx, false)))
}

/// It did not come about: the cause, and the next step.
pub(super) fn refused(refusal: &Refusal) -> impl Widget<Model> + use<> {
    let mut content = card::column()
        .with_child(card::heading(
            |model| model.refusal.title.clone(),
            if refusal.serious { theme::ALARM } else { theme::TEXT },
        ))
        .with_spacer(12.0)
        .with_child(card::paragraph(|model| model.refusal.detail.clone()));
    if refusal.keys.is_some() {
        content = content
            .with_spacer(16.0)
            .with_child(field::label("The key you expect"))
            .with_spacer(4.0)
            .with_child(key(|model| model.refusal.keys.map(|(expected, _)| expected), theme::TEXT))
            .with_spacer(12.0)
            .with_child(field::label("The key that answered"))
            .with_spacer(4.0)
            .with_child(key(|model| model.refusal.keys.map(|(_, found)| found), theme::ALARM));
    }
    let mut row = buttons();
    if let Some(name) = refusal.suggestion.clone() {
        let words = format!("Join as {}", name.as_str());
        let retry = Button::new(words, Weight::Primary, move |ctx, _| {
            ctx.submit_command(command::RETRY_AS.with(name.clone()));
        });
        let back = Button::new("Back", Weight::Secondary, |ctx, _| back(ctx));
        row = row.with_child(back).with_spacer(theme::GAP).with_child(retry.focused_first());
    } else {
        let words = if refusal.serious { "Stop here" } else { "Back" };
        row = row.with_child(Button::new(words, Weight::Primary, |ctx, _| back(ctx)).focused_first());
    }
    let content = content.with_spacer(24.0).with_child(row.align_right());
    card::card(content).controller(OnEscape(back))
}

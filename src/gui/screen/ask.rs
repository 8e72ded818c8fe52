//! Getting there, and what has to be decided on the way. One thing at a time, in a card; what is safe has the focus.

use druid::{
    Env, EventCtx, Key, Lens, Widget, WidgetExt, lens,
    widget::{Either, Flex, MainAxisAlignment, SizedBox, ViewSwitcher},
};

use crate::reach::doctor::Mark;

use super::super::{
    command,
    model::{
        Model,
        changed::Changed,
        examination::{Examination, Found},
        refusal::{Refusal, Remedy},
        security,
        start::Verdict,
    },
    theme,
    widget::{
        button::{Button, Weight},
        card::{self, OnEnter, OnEscape},
        field,
        known::{KnownRooms, Listed},
        words::Words,
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
        .with_child(card::heading(|model| model.way.contact_title().to_owned(), theme::TEXT))
        .with_spacer(12.0)
        .with_child(card::paragraph(|model| model.way.contact_words()))
        .with_spacer(16.0)
        .with_child(key(|model| model.way.found, theme::TEXT))
        .with_spacer(16.0)
        .with_child(compare)
        .with_spacer(16.0)
        .with_child(card::remark(|_| {
            "Nothing was sent yet. You are asked this once: from then on parlor compares by itself, each time you join."
                .to_owned()
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

/// Several rooms have the name that was asked for: which of them?
pub(super) fn which() -> impl Widget<Model> {
    let content = card::column()
        .with_child(card::heading(|model| model.way.title.clone(), theme::TEXT))
        .with_spacer(12.0)
        .with_child(card::paragraph(|_| {
            "Anybody on this network can announce a room under any name. If you are not sure which one is your host's, ask \
             them for an invite."
                .to_owned()
        }))
        .with_spacer(16.0)
        .with_child(KnownRooms::new(Listed::Choices))
        .with_spacer(24.0)
        .with_child(
            buttons().with_child(Button::new("Cancel", Weight::Secondary, |ctx, _| back(ctx)).focused_first()).align_right(),
        );
    card::card(content).controller(OnEscape(back))
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
    if refusal.changed.is_some() {
        content = content.with_spacer(16.0).with_child(two_keys()).with_spacer(16.0).with_child(replacing());
    } else {
        content = content.with_spacer(12.0).with_child(found_out());
    }
    if refusal.remedy == Remedy::Rename {
        let name = field::text_box("Ada", lens!(Model, refusal.name), false);
        let verdict = |model: &Model| match model.refusal.chosen() {
            Err(why) if !model.refusal.name.is_empty() => Verdict::Bad(why),
            _ => Verdict::None,
        };
        content = content.with_spacer(12.0).with_child(field::field("Your name", name, verdict));
    }
    let back = |words: &str, weight| Button::new(words, weight, |ctx, _| back(ctx));
    let buttons = || find_out(refusal, buttons());
    let row = match refusal.button() {
        None => {
            let words = if refusal.serious { "Stop here" } else { "Back" };
            buttons().with_child(back(words, Weight::Primary).focused_first())
        }
        Some(_) => {
            let words = |model: &Model| model.refusal.button().unwrap_or_default();
            let again = |weight| Button::dynamic(words, weight, |ctx, _| ctx.submit_command(command::RETRY));
            let ready = |model: &Model, _: &Env| !model.refusal.is_ready();
            let row = buttons();
            if refusal.cautious {
                let back = back("Back", Weight::Primary).focused_first();
                row.with_child(again(Weight::Secondary)).with_spacer(theme::GAP).with_child(back)
            } else {
                let again = again(Weight::Primary).focused_first().disabled_if(ready);
                row.with_child(back("Back", Weight::Secondary)).with_spacer(theme::GAP).with_child(again)
            }
        }
    };
    let content = content.with_spacer(24.0).with_child(row.align_right());
    card::card(content)
        .controller(OnEscape(super::ask::back))
        .controller(OnEnter(|ctx| ctx.submit_command(command::RETRY)))
}

/// The buttons, and before them the one that finds out why, where that can be found out.
fn find_out(refusal: &Refusal, buttons: Flex<Model>) -> Flex<Model> {
    if refusal.examination == Examination::None {
        return buttons;
    }
    let find_out = Button::new("Find out why", Weight::Secondary, |ctx, _| ctx.submit_command(command::FIND_OUT))
        .disabled_if(|model: &Model, _| !matches!(model.refusal.examination, Examination::Offered(_)));
    buttons.with_child(find_out).with_spacer(theme::GAP)
}

/// The next step; or, once it was found out, why it did not come about.
fn found_out() -> impl Widget<Model> {
    ViewSwitcher::new(
        |model: &Model, _| model.refusal.examination.clone(),
        |examination, _, _| match examination {
            Examination::None | Examination::Offered(_) => card::paragraph(|model| model.refusal.step.clone()).boxed(),
            Examination::Looking(_) => card::paragraph(|_| {
                "Looking at each step of the way there. This takes some seconds, and half a minute at most.".to_owned()
            })
            .boxed(),
            Examination::Found(findings) => {
                let mut all = card::column();
                for finding in findings {
                    all = all.with_child(one_found(finding.clone())).with_spacer(theme::GAP);
                }
                all.boxed()
            }
        },
    )
}

/// One finding: its mark in a word, what is the case, what that means and what to do.
fn one_found(Found { mark, what, means, todo }: Found) -> impl Widget<Model> {
    let color = match mark {
        Mark::Stop | Mark::Failed => theme::ALARM,
        Mark::Unknown | Mark::Note => theme::WARN,
        Mark::Ok => theme::GOOD,
    };
    let word = match mark {
        Mark::Stop => "Stop",
        Mark::Failed => "This fails",
        Mark::Unknown => "Not known",
        Mark::Note => "To know",
        Mark::Ok => "This works",
    };
    let mut all = card::column()
        .with_child(Words::paragraph(theme::SMALL_STRONG, color, move |_: &Model| word.to_owned()))
        .with_child(card::paragraph(move |_| what.clone()));
    if !means.is_empty() {
        all = all.with_spacer(2.0).with_child(card::remark(move |_| means.clone()));
    }
    if !todo.is_empty() {
        all = all.with_spacer(2.0).with_child(card::paragraph(move |_| todo.clone()));
    }
    all.padding((0.0, 4.0))
}

/// The key that should have answered, and the one that did.
fn two_keys() -> impl Widget<Model> {
    let changed = |model: &Model| model.refusal.changed.clone();
    card::column()
        .with_child(field::label("The key you expect"))
        .with_spacer(4.0)
        .with_child(key(move |model| changed(model).map(|changed| changed.expected), theme::TEXT))
        .with_spacer(12.0)
        .with_child(field::label("The key that answered"))
        .with_spacer(4.0)
        .with_child(key(move |model| changed(model).map(|changed| changed.found), theme::ALARM))
}

/// A text of [`Changed`], which is there as long as this card is.
fn of_changed(text: fn(&mut Changed) -> &mut String) -> impl Lens<Model, String> {
    lens::Map::new(
        move |model: &Model| {
            model.refusal.changed.clone().map(|mut changed| std::mem::take(text(&mut changed))).unwrap_or_default()
        },
        move |model: &mut Model, written| {
            if let Some(changed) = &mut model.refusal.changed {
                *text(changed) = written;
            }
        },
    )
}

/// The one way past a changed key: folded away, and nothing that a habit would press.
fn replacing() -> impl Widget<Model> {
    let of = |get: fn(&Changed) -> bool| move |model: &Model, _: &Env| model.refusal.changed.as_ref().is_some_and(get);
    let fold = Button::dynamic(
        |model: &Model| match model.refusal.changed.as_ref().is_some_and(|changed| changed.unfolded) {
            true => "Leave the key as it is".to_owned(),
            false => "The host really has a new key…".to_owned(),
        },
        Weight::Bare,
        |_, model: &mut Model| {
            if let Some(changed) = &mut model.refusal.changed {
                changed.unfolded = !changed.unfolded;
            }
        },
    );
    let pasted = field::field(
        "Paste the new fingerprint that the host has told you",
        field::text_box(
            "From the host themselves, not from this window",
            of_changed(|changed| &mut changed.pasted),
            false,
        ),
        |model: &Model| model.refusal.changed.as_ref().map_or(Verdict::None, Changed::verdict),
    );
    let name = |model: &Model| model.refusal.changed.as_ref().and_then(Changed::name);
    let typed = card::column()
        .with_spacer(12.0)
        .with_child(Words::paragraph(theme::SMALL_STRONG, theme::QUIET, move |model: &Model| {
            format!(
                "Or, if they have told you only that it is new: type the room's name, {}",
                name(model).unwrap_or_default()
            )
        }))
        .with_spacer(4.0)
        .with_child(field::text_box("The room's name", of_changed(|changed| &mut changed.typed), false));
    let typed = Either::new(move |model: &Model, _| name(model).is_some(), typed, SizedBox::empty());
    let replace =
        Button::new("Replace the key and join", Weight::Danger, |ctx, _| ctx.submit_command(command::REPLACE_KEY))
            .disabled_if(|model: &Model, _| !model.refusal.changed.as_ref().is_some_and(Changed::may_replace));
    let unfolded = card::column()
        .with_spacer(12.0)
        .with_child(pasted)
        .with_child(typed)
        .with_spacer(16.0)
        .with_child(replace)
        .with_child(field::verdict(|model: &Model| match &model.refusal.changed {
            Some(changed) if !changed.complaint.is_empty() => Verdict::Bad(changed.complaint.clone()),
            _ => Verdict::None,
        }));
    let offered = card::column().with_child(fold.small()).with_child(Either::new(
        of(|changed| changed.unfolded),
        unfolded,
        SizedBox::empty(),
    ));
    Either::new(of(Changed::is_pinned), offered, SizedBox::empty())
}

//! What one can set.

use druid::{
    Application, EventCtx, FileDialogOptions, Widget, WidgetExt, commands, lens,
    widget::{CrossAxisAlignment, Either, Flex, SizedBox},
};

use super::super::{
    command,
    model::{
        Model,
        adjust::Overlay,
        settings::{Telling, Theme, folder},
        text,
    },
    theme,
    widget::{
        button::{Button, Weight},
        card, field,
        words::Words,
    },
};

pub(super) fn screen() -> impl Widget<Model> {
    let keys = Button::new("Keys", Weight::Bare, |ctx: &mut EventCtx, _: &mut Model| {
        ctx.submit_command(command::SHOW.with(Overlay::Keys));
    });
    let buttons = Flex::row().with_child(keys.small()).with_spacer(4.0).with_child(close_button());
    let word = Either::new(
        |model: &Model, _| model.adjusting.word.is_empty(),
        SizedBox::empty(),
        Words::paragraph(theme::SMALL, theme::WARN, |model: &Model| model.adjusting.word.clone()).padding((
            0.0,
            theme::GAP,
            0.0,
            0.0,
        )),
    );
    let content = card::column()
        .with_child(heading("Settings", buttons))
        .with_child(word)
        .with_spacer(18.0)
        .with_child(name())
        .with_spacer(18.0)
        .with_child(field::label("Colours"))
        .with_spacer(4.0)
        .with_child(choice(Theme::ALL.map(|theme| {
            Button::new(theme.words(), Weight::Choice, move |_, model: &mut Model| model.settings.theme = theme)
                .chosen(move |model: &Model| model.settings.theme == theme)
        })))
        .with_spacer(18.0)
        .with_child(field::label("Text"))
        .with_spacer(4.0)
        .with_child(text_size())
        .with_spacer(18.0)
        .with_child(field::label("Notifications while you look elsewhere"))
        .with_spacer(4.0)
        .with_child(choice(Telling::ALL.map(|telling| {
            Button::new(telling.words(), Weight::Choice, move |_, model: &mut Model| model.settings.telling = telling)
                .chosen(move |model: &Model| model.settings.telling == telling)
        })))
        .with_spacer(6.0)
        .with_child(mute())
        .with_spacer(18.0)
        .with_child(field::label("Rooms on this network"))
        .with_spacer(4.0)
        .with_child(choice([("Look for them", true), ("Do not look", false)].map(|(words, on)| {
            Button::new(words, Weight::Choice, move |_, model: &mut Model| model.settings.looks_around = on)
                .chosen(move |model: &Model| model.settings.looks_around == on)
        })))
        .with_spacer(18.0)
        .with_child(saved())
        .with_spacer(18.0)
        .with_child(kept());
    card::card(content)
}

/// The heading of what is over a screen, and what is beside it.
pub(super) fn heading(words: &'static str, beside: impl Widget<Model> + 'static) -> impl Widget<Model> {
    Flex::row()
        .with_flex_child(Words::line(theme::TITLE, theme::TEXT, move |_| words.to_owned()).expand_width(), 1.0)
        .with_child(beside)
}

/// The way back to the screen.
pub(super) fn close_button() -> impl Widget<Model> {
    Button::new("Close", Weight::Secondary, |ctx, _: &mut Model| ctx.submit_command(command::HIDE))
        .focused_first()
        .small()
}

/// A row of buttons of which one is chosen.
fn choice<const N: usize>(buttons: [Button<Model>; N]) -> impl Widget<Model> {
    let row = buttons.into_iter().fold(Flex::row().cross_axis_alignment(CrossAxisAlignment::Fill), |row, button| {
        row.with_flex_child(button.expand_width(), 1.0)
    });
    row.padding(4.0).background(theme::CHOICE).rounded(theme::RADIUS + 3.0)
}

fn name() -> impl Widget<Model> {
    let text = field::text_box("Ada", lens!(Model, adjusting.name), false);
    card::column()
        .with_child(field::field("Your name", text, |model: &Model| model.name_verdict()))
        .with_spacer(5.0)
        .with_child(card::remark(|_| {
            "In a room you keep the name that you came with; the next one sees this.".to_owned()
        }))
}

fn text_size() -> impl Widget<Model> {
    let step = |words: &str, action: fn(&mut Model)| {
        Button::new(words, Weight::Secondary, move |_, model: &mut Model| action(model))
    };
    let smaller = step("−", |model| model.settings.smaller())
        .disabled_if(|model: &Model, _| !model.settings.can_grow_and_shrink().1);
    let larger = step("+", |model| model.settings.larger())
        .disabled_if(|model: &Model, _| !model.settings.can_grow_and_shrink().0);
    let size = Words::line(theme::STRONG, theme::TEXT, |model: &Model| format!("{} %", model.settings.text_size()));
    Flex::row()
        .with_child(smaller)
        .with_spacer(12.0)
        .with_child(size)
        .with_spacer(12.0)
        .with_child(larger)
        .with_spacer(12.0)
        .with_child(step("Usual size", |model| model.settings.usual_size()).small())
}

fn mute() -> impl Widget<Model> {
    let words = |model: &Model| match model.settings.muted {
        true => "Muted: hear of messages again".to_owned(),
        false => "Mute for now".to_owned(),
    };
    Button::dynamic(words, Weight::Secondary, |_, model: &mut Model| model.mute())
        .small()
        .disabled_if(|model: &Model, _| model.settings.telling == Telling::Nothing)
}

fn saved() -> impl Widget<Model> {
    let shown = |model: &Model| match folder(&model.settings) {
        Some(folder) => path(&folder),
        None => "No folder yet: choose one".to_owned(),
    };
    let choose = Button::new("Choose…", Weight::Secondary, |ctx: &mut EventCtx, model: &mut Model| {
        let mut options = FileDialogOptions::new()
            .select_directories()
            .title("Where to save transcripts")
            .button_text("Choose")
            .accept_command(command::FOLDER);
        if let Some(folder) = folder(&model.settings) {
            options = options.force_starting_directory(folder);
        }
        ctx.submit_command(commands::SHOW_OPEN_PANEL.with(options));
    });
    let usual = Button::new("The usual one", Weight::Bare, |_, model: &mut Model| model.settings.folder = None);
    let usual = Either::new(|model: &Model, _| model.settings.folder.is_some(), usual.small(), SizedBox::empty());
    let buttons = Flex::row().with_child(choose.small()).with_spacer(4.0).with_child(usual);
    card::column()
        .with_child(field::label("Transcripts are saved in"))
        .with_spacer(4.0)
        .with_child(Words::paragraph(theme::BODY, theme::TEXT, shown))
        .with_spacer(6.0)
        .with_child(buttons)
}

/// Where parlor keeps what outlives it.
fn kept() -> impl Widget<Model> {
    card::column()
        .with_child(place("Your key, your pins and these settings", |model| path(&model.adjusting.dir)))
        .with_spacer(18.0)
        .with_child(log())
}

fn log() -> impl Widget<Model> {
    let written = |model: &Model| model.log().0.is_some();
    let shown = place("The log", |model| model.log().0.map(path).unwrap_or_default());
    let words = |model: &Model| match model.settings.log {
        Some(_) => "Write none any more".to_owned(),
        None => "Write a log".to_owned(),
    };
    let toggle = Button::dynamic(words, Weight::Secondary, |_, model: &mut Model| model.toggle_log());
    let elsewhere = Button::new("Choose where…", Weight::Bare, |ctx: &mut EventCtx, _: &mut Model| {
        let options = FileDialogOptions::new()
            .title("Where to write the log")
            .button_text("Choose")
            .default_name("parlor.log")
            .accept_command(command::LOG);
        ctx.submit_command(commands::SHOW_SAVE_PANEL.with(options));
    });
    let buttons = Flex::row().with_child(toggle.small()).with_spacer(4.0).with_child(elsewhere.small());
    card::column()
        .with_child(Either::new(move |model: &Model, _| written(model), shown, field::label("The log")))
        .with_spacer(2.0)
        .with_child(card::remark(|model: &Model| model.log().1.to_owned()))
        .with_spacer(6.0)
        .with_child(buttons)
}

/// A path, and a button that copies it.
fn place(words: &'static str, shown: impl Fn(&Model) -> String + Clone + 'static) -> impl Widget<Model> {
    let copied = shown.clone();
    let copy = Button::new("Copy", Weight::Bare, move |_, model: &mut Model| {
        Application::global().clipboard().put_string(text::unfit(&copied(model)));
    });
    let row = Flex::row()
        .cross_axis_alignment(CrossAxisAlignment::Center)
        .with_flex_child(Words::paragraph(theme::SMALL, theme::TEXT, shown).expand_width(), 1.0)
        .with_spacer(theme::GAP)
        .with_child(copy.then_says("Copied").small());
    card::column().with_child(field::label(words)).with_spacer(2.0).with_child(row)
}

fn path(path: &std::path::Path) -> String {
    text::label(&path.display().to_string())
}

//! The conversation: who and what at the top, the transcript, the box to write in, and a column at the side.

use druid::{
    Application, Insets, Widget, WidgetExt, lens,
    widget::{CrossAxisAlignment, Either, Flex, SizedBox, ViewSwitcher},
};

use super::{
    super::{
        command,
        model::{Model, addresses::Place, composer as draft, people, room::Side, security, start::Verdict, text},
        theme,
        widget::{
            beside::Beside,
            button::{Button, Weight},
            card,
            composer::composer,
            field,
            members::Members,
            qr::QrCode,
            security::SecurityBar,
            suggestions::Suggestions,
            transcript::Transcript,
            words::Words,
        },
    },
    bars, settings_button,
};

pub(super) fn screen() -> impl Widget<Model> {
    let conversation = Flex::column()
        .with_child(bars::find())
        .with_flex_child(Transcript::default().lens(lens!(Model, room)), 1.0)
        .with_child(line_across())
        .with_child(bars::failed())
        .with_child(writing());
    Flex::column()
        .cross_axis_alignment(CrossAxisAlignment::Fill)
        .with_child(header())
        .with_child(SecurityBar)
        .with_child(line_across())
        .with_flex_child(Beside::new(conversation, side()), 1.0)
}

fn line_across() -> impl Widget<Model> {
    SizedBox::empty().height(1.0).expand_width().background(theme::BORDER)
}

fn header() -> impl Widget<Model> {
    let who = Flex::column()
        .cross_axis_alignment(CrossAxisAlignment::Start)
        .with_child(Words::line(theme::TITLE, theme::TEXT, |model: &Model| model.room.name.clone()))
        .with_child(Words::line(theme::SMALL, theme::QUIET, |model: &Model| {
            let muted = if model.settings.muted { " · notifications muted" } else { "" };
            format!("{}{muted}", model.room.count())
        }));
    let invite = Either::new(
        |model: &Model, _| model.room.door.is_some(),
        Button::new("Invite", Weight::Secondary, |_, model: &mut Model| model.room.toggle_side(Side::Invite))
            .small()
            .padding((0.0, 0.0, theme::GAP, 0.0)),
        SizedBox::empty(),
    );
    let leave = Button::dynamic(
        |model: &Model| model.room.way_out().to_owned(),
        Weight::Secondary,
        |ctx, _| ctx.submit_command(command::LEAVE),
    );
    Flex::row()
        .with_flex_child(who.expand_width(), 1.0)
        .with_spacer(theme::GAP)
        .with_child(settings_button())
        .with_spacer(theme::GAP)
        .with_child(invite)
        .with_child(leave.small())
        .padding(Insets::new(16.0, 10.0, 16.0, 8.0))
        .background(theme::SURFACE)
}

/// The box to write in, or why there is none.
fn writing() -> impl Widget<Model> {
    let send = Button::new("Send", Weight::Primary, |ctx, _| ctx.submit_command(command::SEND))
        .disabled_if(|model: &Model, _| !draft::verdict(&model.room.draft).sendable() || !model.room.open());
    let row = Flex::row()
        .cross_axis_alignment(CrossAxisAlignment::End)
        .with_flex_child(composer().disabled_if(|model: &Model, _| !model.room.open()), 1.0)
        .with_spacer(theme::GAP)
        .with_child(send);
    let over = || {
        Flex::row()
            .with_flex_child(
                Words::paragraph(theme::STRONG, theme::TEXT, |model: &Model| {
                    model.room.over.clone().unwrap_or_default()
                })
                .expand_width(),
                1.0,
            )
            .with_spacer(theme::GAP)
            .with_child(join_again())
            .with_child(
                Button::new("Back to start", Weight::Primary, |ctx, _| ctx.submit_command(command::LEAVE))
                    .small()
                    .focused_first(),
            )
            .padding((0.0, 0.0, 0.0, 10.0))
    };
    // Made when it is over: the box to write in has just lost the focus, and this takes it.
    let over = ViewSwitcher::new(
        |model: &Model, _| model.room.open(),
        move |open, _, _| if *open { SizedBox::empty().boxed() } else { over().boxed() },
    );
    let hint =
        |color| Words::paragraph(theme::SMALL, color, |model: &Model| model.room.hint()).padding((0.0, 6.0, 0.0, 0.0));
    let hint = Either::new(
        |model: &Model, _| model.room.hint().is_empty(),
        SizedBox::empty(),
        Either::new(|model: &Model, _| model.room.is_hint_alarming(), hint(theme::ALARM), hint(theme::QUIET)),
    );
    Flex::column()
        .cross_axis_alignment(CrossAxisAlignment::Start)
        .with_child(over)
        .with_child(Suggestions::default())
        .with_child(row)
        .with_child(hint)
        .padding(Insets::new(16.0, 12.0, 16.0, 12.0))
        .background(theme::SURFACE)
}

/// The way back in, where there may be one.
fn join_again() -> impl Widget<Model> {
    Either::new(
        |model: &Model, _| model.room.can_join_again(),
        Button::new("Join again", Weight::Secondary, |ctx, _| ctx.submit_command(command::RETRY)).small().padding((
            0.0,
            0.0,
            theme::GAP,
            0.0,
        )),
        SizedBox::empty(),
    )
}

fn side() -> impl Widget<Model> {
    ViewSwitcher::new(
        |model: &Model, _| (model.room.side, model.room.door.is_some()),
        |(side, _), _, _| match side {
            Side::Members => members().fix_width(theme::SIDE).boxed(),
            Side::Security => scrolled(explanation()).fix_width(theme::WIDE_SIDE).boxed(),
            Side::Invite => scrolled(letting_in()).fix_width(theme::WIDE_SIDE).boxed(),
        },
    )
    .background(theme::SURFACE)
}

fn scrolled(content: impl Widget<Model> + 'static) -> impl Widget<Model> {
    content.padding(16.0).scroll().vertical().expand_height()
}

fn members() -> impl Widget<Model> {
    Flex::column()
        .cross_axis_alignment(CrossAxisAlignment::Fill)
        .with_child(field::label("In the room").padding(Insets::new(16.0, 14.0, 16.0, 4.0)))
        .with_child(filter())
        .with_flex_child(Members::default(), 1.0)
}

/// A box to find somebody among many.
fn filter() -> impl Widget<Model> {
    Either::new(
        |model: &Model, _| people::are_many(model.room.members.len()) || !model.room.filter.is_empty(),
        field::text_box("Find by name", lens!(Model, room.filter), false).padding(Insets::new(12.0, 4.0, 12.0, 6.0)),
        SizedBox::empty(),
    )
}

/// Each address, and what it is good for.
fn explained(places: &[Place]) -> Flex<Model> {
    places.iter().fold(card::column(), |column, place| {
        let (address, words) = (place.address.clone(), place.reach.words());
        column
            .with_child(Words::paragraph(theme::MONO, theme::TEXT, move |_: &Model| text::wrapped(&address)))
            .with_child(card::remark(move |_| words.to_owned()))
            .with_spacer(theme::GAP)
    })
}

/// The heading of the column, and the way back to the members.
fn side_heading(words: &'static str) -> impl Widget<Model> {
    Flex::row()
        .with_flex_child(Words::line(theme::STRONG, theme::TEXT, move |_| words.to_owned()).expand_width(), 1.0)
        .with_child(
            Button::new("Close", Weight::Bare, |_, model: &mut Model| {
                let side = model.room.side;
                model.room.toggle_side(side);
            })
            .small(),
        )
}

fn copy_button(words: &str, copied: impl Fn(&Model) -> String + 'static) -> Button<Model> {
    Button::new(words, Weight::Secondary, move |_, model: &mut Model| {
        Application::global().clipboard().put_string(copied(model));
    })
    .then_says("Copied ✓")
    .small()
}

fn explanation() -> impl Widget<Model> {
    let shown = |model: &Model| model.room.standing.fingerprint;
    let compare = field::field(
        "Or paste what they sent you",
        field::text_box("Their fingerprint", lens!(Model, room.compare), false),
        |model: &Model| model.room.standing.compared(&model.room.compare),
    )
    .padding((0.0, 12.0, 0.0, 0.0));
    let key = card::column()
        .with_spacer(16.0)
        .with_child(field::label("The host's fingerprint"))
        .with_spacer(4.0)
        .with_child(card::code(
            move |model| shown(model).map(|key| security::in_narrow_lines(&key)).unwrap_or_default(),
            theme::TEXT,
        ))
        .with_spacer(theme::GAP)
        .with_child(card::remark(move |model| shown(model).map(|key| key.sha256_base64()).unwrap_or_default()))
        .with_spacer(theme::GAP)
        .with_child(copy_button("Copy fingerprint", move |model| {
            shown(model).map(|key| key.to_string()).unwrap_or_default()
        }))
        .with_spacer(12.0)
        .with_child(card::remark(|model| model.room.standing.comparing().to_owned()))
        .with_child(Either::new(|model: &Model, _| model.room.standing.can_compare(), compare, SizedBox::empty()));
    let exchange = card::column()
        .with_spacer(16.0)
        .with_child(field::label("Key exchange"))
        .with_spacer(4.0)
        .with_child(card::remark(|model| model.room.standing.exchange().unwrap_or_default()));
    card::column()
        .with_child(side_heading("How safe is this?"))
        .with_spacer(theme::GAP)
        .with_child(card::paragraph(|model| model.room.standing.explanation(model.room.unencrypted())))
        .with_child(Either::new(move |model, _| shown(model).is_some(), key, SizedBox::empty()))
        .with_child(Either::new(
            |model: &Model, _| model.room.standing.exchange().is_some(),
            exchange,
            SizedBox::empty(),
        ))
}

/// What has become of a way in from outside, when one was asked for.
fn outside() -> impl Widget<Model> {
    let of = |model: &Model| model.room.door.as_ref().map(|door| (door.asking.clone(), door.outside.clone()));
    let asking = move |model: &Model| of(model).map(|(asking, _)| asking).unwrap_or_default();
    let verdict = move |model: &Model| of(model).map_or(Verdict::None, |(_, verdict)| verdict);
    let shown =
        card::column().with_spacer(20.0).with_child(field::label("From outside your network")).with_child(Either::new(
            move |model, _| asking(model).is_empty(),
            field::verdict(verdict),
            card::remark(asking).padding((0.0, 5.0, 0.0, 0.0)),
        ));
    Either::new(move |model, _| asking(model).is_empty() && verdict(model) == Verdict::None, SizedBox::empty(), shown)
}

fn letting_in() -> impl Widget<Model> {
    let door = |model: &Model| model.room.door.clone();
    let invite = move |model: &Model| door(model).and_then(|door| door.invite.clone()).unwrap_or_default();
    let places = move |model: &Model| door(model).map(|door| door.places.clone()).unwrap_or_default();
    let addresses =
        move |model: &Model| places(model).iter().map(|place| place.address.as_str()).collect::<Vec<_>>().join("\n");
    let qr = |model: &Model| model.room.door.as_ref().and_then(|door| door.qr.clone());
    let key = move |model: &Model| door(model).and_then(|door| door.fingerprint);
    let handed_out = card::column()
        .with_child(card::paragraph(|_| {
            "Send this invite to whoever should come in. It says where the room is, and which key must answer."
                .to_owned()
        }))
        .with_spacer(12.0)
        .with_child(card::code(move |model| text::wrapped(&invite(model)), theme::TEXT))
        .with_spacer(theme::GAP)
        .with_child(
            Button::new("Copy invite", Weight::Primary, move |_, model: &mut Model| {
                Application::global().clipboard().put_string(invite(model));
            })
            .then_says("Copied ✓")
            .expand_width(),
        )
        .with_spacer(12.0)
        .with_child(QrCode(qr).center())
        .with_spacer(6.0)
        .with_child(card::remark(move |model| match qr(model) {
            Some(_) => "The same for a camera: whoever is in the room can take it from your screen.".to_owned(),
            None => String::new(),
        }))
        .with_spacer(20.0);
    let no_invite = card::paragraph(|_| "There is no invite to this room: tell the others its address.".to_owned())
        .padding((0.0, 0.0, 0.0, 20.0));
    let safe = card::column()
        .with_spacer(20.0)
        .with_child(field::label("Your fingerprint"))
        .with_spacer(4.0)
        .with_child(card::code(
            move |model| key(model).map(|key| security::in_narrow_lines(&key)).unwrap_or_default(),
            theme::TEXT,
        ))
        .with_spacer(theme::GAP)
        .with_child(card::remark(|_| {
            "Who joins by address sees this key: read it to them, so that they know it is yours.".to_owned()
        }))
        .with_spacer(theme::GAP)
        .with_child(copy_button("Copy fingerprint", move |model| {
            key(model).map(|key| key.to_string()).unwrap_or_default()
        }));
    card::column()
        .with_child(side_heading("Let others in"))
        .with_spacer(theme::GAP)
        .with_child(Either::new(move |model, _| invite(model).is_empty(), no_invite, handed_out))
        .with_child(field::label("Where the room is"))
        .with_spacer(4.0)
        .with_child(ViewSwitcher::new(
            |model: &Model, _| model.room.door.clone(),
            |door, _, _| explained(door.as_ref().map_or(&[], |door| &door.places)).boxed(),
        ))
        .with_child(copy_button("Copy addresses", addresses))
        .with_child(outside())
        .with_child(Either::new(move |model, _| key(model).is_some(), safe, SizedBox::empty()))
}

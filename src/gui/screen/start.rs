//! Host a room, or join one.

use druid::{
    Application, UnitPoint, Widget, WidgetExt, lens,
    widget::{CrossAxisAlignment, Either, Flex, SizedBox, ViewSwitcher},
};

use super::{
    super::{
        command,
        model::{
            Model,
            start::{Doing, Protection, Verdict},
        },
        theme,
        widget::{
            button::{Button, Weight},
            card, field,
            known::{KnownRooms, Listed},
            words::Words,
        },
    },
    settings_button,
};

pub(super) fn screen() -> impl Widget<Model> {
    let form = ViewSwitcher::new(
        |model: &Model, _| model.start.doing,
        |doing, _, _| match doing {
            Doing::Join => join().boxed(),
            Doing::Host => host().boxed(),
        },
    );
    let content = card::column()
        .with_child(
            Flex::row()
                .with_flex_child(Words::line(theme::DISPLAY, theme::TEXT, |_| "parlor".to_owned()).align_left(), 1.0)
                .with_child(settings_button())
                .expand_width(),
        )
        .with_spacer(2.0)
        .with_child(card::remark(|_| {
            "Talk in private with the people on your network: no account, no server, nothing in between.".to_owned()
        }))
        .with_spacer(20.0)
        .with_child(choice())
        .with_spacer(20.0)
        .with_child(form)
        .with_spacer(24.0)
        .with_child(own_key());
    card::card(content).controller(card::OnEnter(|ctx| ctx.submit_command(command::START)))
}

fn choice() -> impl Widget<Model> {
    let one = |words: &str, doing: Doing| {
        Button::new(words, Weight::Choice, move |_, model: &mut Model| {
            model.start.doing = doing;
            model.start.complaint.clear();
        })
        .chosen(move |model| model.start.doing == doing)
        .expand_width()
    };
    Flex::row()
        .with_flex_child(one("Join a room", Doing::Join), 1.0)
        .with_spacer(4.0)
        .with_flex_child(one("Host a room", Doing::Host), 1.0)
        .padding(4.0)
        .background(theme::CHOICE)
        .rounded(theme::RADIUS + 3.0)
}

fn name() -> impl Widget<Model> {
    field::field("Your name", field::text_box("Ada", lens!(Model, start.name), false), |model: &Model| {
        model.start.name_verdict()
    })
}

/// What starts, and why it does not.
fn go(words: &str, weight: Weight) -> impl Widget<Model> + use<> {
    let complaint = field::verdict(|model: &Model| match model.start.complaint.as_str() {
        "" => Verdict::None,
        complaint => Verdict::Bad(complaint.to_owned()),
    });
    card::column()
        .with_child(Button::new(words, weight, |ctx, _| ctx.submit_command(command::START)).expand_width())
        .with_child(complaint)
}

fn join() -> impl Widget<Model> {
    card::column()
        .with_child(field::field(
            "Invite, address or name of a room",
            field::text_box("parlor://…  or  192.168.1.20  or  Kitchen", lens!(Model, start.place), true),
            |model: &Model| model.start.place_verdict(),
        ))
        .with_spacer(16.0)
        .with_child(field::field(
            "The host's fingerprint, if you were given one",
            field::text_box("Not needed with an invite", lens!(Model, start.fingerprint), false),
            |model: &Model| model.start.fingerprint_verdict(),
        ))
        .with_spacer(16.0)
        .with_child(name())
        .with_spacer(24.0)
        .with_child(go("Join", Weight::Primary))
        .with_spacer(24.0)
        .with_child(here())
        .with_child(Either::new(|model: &Model, _| model.known.entries().is_empty(), SizedBox::empty(), known()))
}

/// The rooms that are announced on this network, as they come and go.
fn here() -> impl Widget<Model> {
    card::column().with_child(field::label("On this network")).with_spacer(4.0).with_child(Either::new(
        |model: &Model, _| model.here.entries().is_empty(),
        card::remark(|model| model.around().to_owned()),
        KnownRooms::new(Listed::Here),
    ))
}

/// The rooms one has been in, to be joined once more.
fn known() -> impl Widget<Model> {
    card::column()
        .with_spacer(24.0)
        .with_child(field::label("Rooms you have been in"))
        .with_spacer(4.0)
        .with_child(KnownRooms::new(Listed::Been))
}

fn host() -> impl Widget<Model> {
    let room = field::field("Room", field::text_box("Kitchen", lens!(Model, start.room), true), |model: &Model| {
        model.start.room_verdict()
    });
    let port = field::field("Port", field::text_box("7275", lens!(Model, start.port), false), |model: &Model| {
        model.start.port_verdict()
    });
    let one = |words: &str, protection: Protection| {
        Button::new(words, Weight::Choice, move |_, model: &mut Model| model.start.protection = protection)
            .chosen(move |model: &Model| model.start.protection == protection)
            .expand_width()
    };
    let protection = Flex::row()
        .with_flex_child(one("Encrypted (recommended)", Protection::Encrypted), 1.4)
        .with_spacer(4.0)
        .with_flex_child(one("Plain TCP", Protection::Plain), 1.0)
        .padding(4.0)
        .background(theme::CHOICE)
        .rounded(theme::RADIUS + 3.0);
    let from = |words: &str, outside: bool| {
        Button::new(words, Weight::Choice, move |_, model: &mut Model| model.start.outside = outside)
            .chosen(move |model: &Model| model.start.outside == outside)
            .expand_width()
    };
    let reach = Flex::row()
        .with_flex_child(from("People on this network", false), 1.2)
        .with_spacer(4.0)
        .with_flex_child(from("Also from outside", true), 1.0)
        .padding(4.0)
        .background(theme::CHOICE)
        .rounded(theme::RADIUS + 3.0);
    card::column()
        .with_child(
            Flex::row()
                .cross_axis_alignment(CrossAxisAlignment::Start)
                .with_flex_child(room, 1.0)
                .with_spacer(16.0)
                .with_child(port.fix_width(100.0)),
        )
        .with_spacer(16.0)
        .with_child(name())
        .with_spacer(16.0)
        .with_child(field::field("Connection", protection, |model: &Model| model.start.protection_verdict()))
        .with_spacer(16.0)
        .with_child(field::field("Who can come in", reach, |model: &Model| model.start.outside_verdict()))
        .with_spacer(24.0)
        .with_child(Either::new(
            |model: &Model, _| model.start.protection == Protection::Encrypted,
            go("Open the room", Weight::Primary),
            go("Open the room, unencrypted", Weight::Danger),
        ))
}

fn own_key() -> impl Widget<Model> {
    let words = |model: &Model| format!("Your key: {}", model.own);
    Flex::row()
        .with_flex_child(Words::line(theme::SMALL, theme::QUIET, words).align_horizontal(UnitPoint::LEFT), 1.0)
        .with_child(SizedBox::empty().width(theme::GAP))
        .with_child(
            Button::new("Copy", Weight::Bare, |_, model: &mut Model| {
                Application::global().clipboard().put_string(model.own.to_string());
            })
            .then_says("Copied")
            .small(),
        )
        .expand_width()
}

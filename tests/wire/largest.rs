//! Every message fits its frame, however much is in it.

use parlor::wire::{
    CloseCode, Message, Secret, Ticket, limits,
    message::{Away, Back, Close, Departure, Joined, Left, Refusal, Refused, Roster, Said, Say, Welcome},
};

use crate::harness::{largest_member, longest_name};

fn fits(message: &impl Message) -> usize {
    let bytes = message.encode();
    assert!(bytes.len() <= 4 + limits::FRAME);
    bytes.len()
}

#[test]
fn every_message_fits_its_frame() {
    let ticket = Some(Ticket { session: [0xff; 16], token: Secret::from([0xff; 16]) });
    let room = "𝕒".repeat(64).parse().expect("a name");
    let (epoch, first, head) = (u64::MAX, u64::MAX, u64::MAX);
    fits(&Welcome {
        room,
        epoch,
        member: u32::MAX,
        first,
        head,
        members: u32::MAX,
        ticket,
        pass: Some(Secret::from([0xff; 16])),
        saved: true,
    });
    let largest = fits(&Roster { members: vec![largest_member(); limits::ROSTER_BATCH] });
    assert!(largest > limits::FRAME / 2, "the batch is made to fill a frame: {largest}");
    let text = "ä".repeat(limits::TEXT / 2);
    fits(&Say { nonce: u64::MAX, text: text.clone() });
    let (seq, at, nonce) = (u64::MAX, u64::MAX, u64::MAX);
    fits(&Said { seq, at, by: u32::MAX, name: longest_name(), nonce, text });
    fits(&Joined { seq, at, member: largest_member() });
    fits(&Back { seq, at, member: largest_member() });
    fits(&Away { seq, at, member: u32::MAX, name: longest_name() });
    fits(&Left { seq, at, member: u32::MAX, name: longest_name(), how: Departure::Removed });
    let detail = "ä".repeat(limits::REASON / 2);
    fits(&Refused { refusal: Refusal::NoSuchRoom, detail, suggestion: Some(longest_name()) });
}

#[test]
fn the_largest_member_takes_what_the_limits_say() {
    let one = Roster { members: vec![largest_member()] }.encode().len();
    let two = Roster { members: vec![largest_member(); 2] }.encode().len();
    assert_eq!(two - one, 169);
}

#[test]
fn a_reason_is_cut_where_a_character_ends() {
    let close = Close::new(CloseCode::Other(u16::MAX), &format!("a{}", "€".repeat(1_000)));
    assert_eq!(close.reason.len(), 511);
    fits(&close);
}

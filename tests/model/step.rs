//! What may happen, one step at a time, and how likely it is.

use proptest::{collection::vec, prelude::*};

/// Members beside the host.
pub(crate) const MEMBERS: usize = 3;

/// Steps of one case, at most.
const STEPS: usize = 80;

/// In which direction: up to the host, or down from it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Way {
    Up,
    Down,
}

/// Which end of a wire.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    Member,
    Host,
    Both,
}

/// What becomes of bytes that do not get through.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// Both ends learn that the wire is cut.
    Cut,
    /// They wait until they are let through.
    Hold,
    /// They are gone, and nobody learns of it.
    Swallow,
}

/// Where a host's log is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kept {
    /// In memory: it is a new one, and is gone with its host.
    Not,
    /// In a new file.
    Anew,
    /// In the file of the host before, if it had one: the same log goes on.
    On,
}

/// How somebody leaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Leave {
    /// Through the exit.
    Exit,
    /// Once everything has been acknowledged.
    Finish,
    /// Their front end is gone.
    Drop,
}

/// One thing that happens. `member` counts from 0.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    /// With a key and a name of their own; once more, if they are there.
    Join {
        member: usize,
    },
    /// So many messages of so many bytes, at once.
    Say {
        member: usize,
        messages: usize,
        bytes: usize,
    },
    HostSays {
        messages: usize,
    },
    Leave {
        member: usize,
        how: Leave,
    },
    /// On the newest wire of a member after so many more bytes, or so on the `next` that they have.
    Fault {
        member: usize,
        way: Way,
        after: usize,
        fault: Fault,
        next: bool,
    },
    /// All wires of a member at once. At one end, the other learns nothing, and what is under way to it still comes.
    Cut {
        member: usize,
        end: End,
    },
    /// What was held goes on.
    Release {
        member: usize,
    },
    /// From now on everything takes so long, either way.
    Delay {
        member: usize,
        ms: u64,
    },
    /// No new wires...
    Unplug {
        member: usize,
    },
    /// ... and again.
    Plug {
        member: usize,
    },
    /// One of the last attempts of a member comes once more, byte by byte.
    Again {
        member: usize,
        back: usize,
    },
    /// A member's front end takes no more events...
    Stall {
        member: usize,
    },
    /// ... and again.
    Read {
        member: usize,
    },
    /// The host says more than the log keeps.
    Flood,
    /// The host leaves.
    Stop,
    /// The host's machine is gone after so many more bytes.
    Kill {
        after: usize,
    },
    /// A host begins, if there is none.
    Start {
        kept: Kept,
    },
    Wait {
        ms: u64,
    },
}

/// Any steps, after a first host has begun; of about a thousand, `floods` are floods.
pub(crate) fn steps(floods: u32) -> impl Strategy<Value = Vec<Step>> {
    let kept = prop_oneof![Just(Kept::Not), Just(Kept::Anew)];
    let steps = vec(step(floods), 1..=STEPS);
    (kept, steps).prop_map(|(kept, steps)| [Step::Start { kept }].into_iter().chain(steps).collect())
}

fn step(floods: u32) -> impl Strategy<Value = Step> {
    let member = || 0..MEMBERS;
    let way = prop_oneof![Just(Way::Up), Just(Way::Down)];
    let end = prop_oneof![Just(End::Both), Just(End::Member), Just(End::Host)];
    let fault = prop_oneof![3 => Just(Fault::Cut), 3 => Just(Fault::Hold), 1 => Just(Fault::Swallow)];
    let leave = prop_oneof![Just(Leave::Exit), Just(Leave::Finish), Just(Leave::Drop)];
    let messages = prop_oneof![8 => 1..=4_usize, 1 => 5..=200_usize];
    let bytes = prop_oneof![8 => Just(0_usize), 1 => 0..=8_000_usize];
    // A greeting takes some 150 bytes, a message some 40.
    let after = || prop_oneof![2 => Just(0_usize), 5 => 1..=250_usize, 1 => 250..=5_000_usize];
    let burns = prop_oneof![2 => Just(0_usize), 5 => 1..=250_usize, 5 => 250..=20_000_usize];
    let kept = prop_oneof![1 => Just(Kept::Not), 1 => Just(Kept::Anew), 8 => Just(Kept::On)];
    let waits = prop_oneof![4 => 0..=500_u64, 3 => 500..=12_000_u64, 1 => 12_000..=45_000_u64];
    prop_oneof![
        110 => member().prop_map(|member| Step::Join { member }),
        250 => (member(), messages, bytes).prop_map(|(member, messages, bytes)| Step::Say { member, messages, bytes }),
        60 => (1..=4_usize).prop_map(|messages| Step::HostSays { messages }),
        20 => (member(), leave).prop_map(|(member, how)| Step::Leave { member, how }),
        150 => (member(), way, after(), fault, any::<bool>())
            .prop_map(|(member, way, after, fault, next)| Step::Fault { member, way, after, fault, next }),
        70 => (member(), end).prop_map(|(member, end)| Step::Cut { member, end }),
        70 => member().prop_map(|member| Step::Release { member }),
        15 => (member(), prop_oneof![Just(0), 1..=2_000_u64]).prop_map(|(member, ms)| Step::Delay { member, ms }),
        10 => member().prop_map(|member| Step::Unplug { member }),
        25 => member().prop_map(|member| Step::Plug { member }),
        40 => (member(), 0..4_usize).prop_map(|(member, back)| Step::Again { member, back }),
        15 => member().prop_map(|member| Step::Stall { member }),
        15 => member().prop_map(|member| Step::Read { member }),
        floods => Just(Step::Flood),
        6 => Just(Step::Stop),
        20 => burns.prop_map(|after| Step::Kill { after }),
        70 => kept.prop_map(|kept| Step::Start { kept }),
        130 => waits.prop_map(|ms| Step::Wait { ms }),
    ]
}

//! A listing is what its rosters are.

use std::collections::BTreeMap;

use parlor::wire::{Listing, Member, Message, limits, message::Roster};

use crate::harness::{ana, ben, largest_member};

/// However it came about: members come, change, and go.
#[test]
fn a_listing_is_sent_as_the_rosters_of_its_members() {
    for count in [0, 1, 250, 251, limits::ROSTER_BATCH, limits::ROSTER_BATCH + 1, limits::MEMBERS] {
        let (mut listing, mut members) = (Listing::default(), BTreeMap::new());
        let member = |id: u32, away| Member { id, away, ..[ana(), ben()][id as usize % 2].clone() };
        // Each third one comes later, each fifth is somebody else for a while, and each fourth goes.
        for id in (0..count as u32).filter(|id| id % 3 > 0).chain((0..count as u32).step_by(3)) {
            members.insert(id, member(id, id % 7 == 0));
            listing.set(&members[&id]);
        }
        for id in (0..count as u32).step_by(5) {
            listing.set(&Member { id, ..largest_member() });
        }
        for id in (0..count as u32).step_by(5) {
            listing.set(&members[&id]);
        }
        for id in (0..count as u32).filter(|id| id % 4 == 1).chain([u32::MAX]) {
            listing.remove(id);
            members.remove(&id);
        }
        let members: Vec<_> = members.into_values().collect();
        let whole = members.chunks(limits::ROSTER_BATCH).map(|some| Roster { members: some.to_vec() }.encode());
        assert_eq!(listing.frames(), whole.collect::<Vec<_>>());
    }
}

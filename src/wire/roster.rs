//! Who is in a room, encoded as newcomers are told.

use std::ops::Range;

use bytes::Bytes;

use super::{Member, MemberId, Message, codec::encode_part, frame, limits, message::Roster};

/// The members of a room in the order of their numbers, encoded one after the other: where hundreds come at once, each is sent a
/// copy, and nothing has to be gathered for it.
#[derive(Debug, Default)]
pub struct Listing {
    ids: Vec<MemberId>,
    /// Where each of them ends in `bytes`.
    ends: Vec<usize>,
    bytes: Vec<u8>,
}

impl Listing {
    /// Lists a member, in place of what was listed under their number.
    pub fn set(&mut self, member: &Member) {
        let listed = encode_part(member);
        let index = self.ids.binary_search(&member.id).unwrap_or_else(|index| {
            self.ids.insert(index, member.id);
            self.ends.insert(index, self.range(0..index).end);
            index
        });
        self.replace(index, &listed);
    }

    /// Lists somebody no more.
    pub fn remove(&mut self, id: MemberId) {
        if let Ok(index) = self.ids.binary_search(&id) {
            self.replace(index, &[]);
            self.ids.remove(index);
            self.ends.remove(index);
        }
    }

    /// All of them, in as many frames as it takes.
    pub fn frames(&self) -> Vec<Bytes> {
        let starts = (0..self.ids.len()).step_by(limits::ROSTER_BATCH);
        let frame = |start| {
            let members = start..self.ids.len().min(start + limits::ROSTER_BATCH);
            // The encoding of a list: how many there are, and each of them.
            let count = encode_part(&(members.len() as u64));
            frame::write_parts(Roster::KIND, [&count, &self.bytes[self.range(members)]])
        };
        starts.map(frame).collect()
    }

    fn replace(&mut self, index: usize, listed: &[u8]) {
        let range = self.range(index..index + 1);
        for end in &mut self.ends[index..] {
            *end = *end - range.len() + listed.len();
        }
        self.bytes.splice(range, listed.iter().copied());
    }

    /// Where these members are in `bytes`.
    fn range(&self, members: Range<usize>) -> Range<usize> {
        let end_of = |count: usize| if count == 0 { 0 } else { self.ends[count - 1] };
        end_of(members.start)..end_of(members.end)
    }
}

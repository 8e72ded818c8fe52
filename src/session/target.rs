//! Whom to join: addresses, and the key that must answer there if it is known.

use crate::identity::{Address, AddressError, Fingerprint, Invite, InviteError, ParseFingerprintError, RoomName};

/// Whom to join.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    /// Where, in the order in which to try; never empty.
    pub addresses: Vec<Address>,
    /// The key that must answer. Without it the saved pins are asked, and then the person.
    pub fingerprint: Option<Fingerprint>,
    /// The room that must be there, if a certain one is meant.
    pub room: Option<RoomName>,
}

/// What was typed says not whom to join.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The invite is damaged.
    #[error(transparent)]
    Invite(#[from] InviteError),
    /// The address is none.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The fingerprint is none.
    #[error(transparent)]
    Fingerprint(#[from] ParseFingerprintError),
    /// Two different keys were given.
    #[error("the invite names one key and the fingerprint another; ask the host which of them is theirs")]
    TwoKeys,
}

impl Target {
    /// The host as the person knows it.
    pub(super) fn place(&self) -> String {
        self.addresses.first().map(Address::to_string).unwrap_or_default()
    }

    /// Reads an address or an invite, and a fingerprint if one was pasted beside it.
    ///
    /// # Errors
    ///
    /// The first thing that cannot be read, or an invite and a fingerprint that name different keys.
    pub fn parse(place: &str, fingerprint: Option<&str>, default_port: u16) -> Result<Self, TargetError> {
        let fingerprint = fingerprint.map(str::parse::<Fingerprint>).transpose()?;
        if !Invite::is_in(place) {
            let address = Address::parse(place, default_port)?;
            return Ok(Self { addresses: vec![address], fingerprint, room: None });
        }
        let invite: Invite = place.parse()?;
        let key = invite.fingerprint();
        if fingerprint.is_some_and(|given| given != key) {
            return Err(TargetError::TwoKeys);
        }
        Ok(Self { addresses: invite.addresses().to_vec(), fingerprint: Some(key), room: Some(invite.room().clone()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Its name was taken for the beginning of an invite.
    #[test]
    fn a_host_may_be_called_parlor() {
        for place in ["parlor:7275", "my-parlor:7391"] {
            let target = Target::parse(place, None, 1).unwrap();
            assert_eq!(target.addresses[0].to_string(), place);
        }
    }
}

//! Events as JSON, one object a line: the interface for scripts and bots. README.md describes it; it only grows.

use serde::Serialize;

use crate::{
    conversation::{Closed, Event},
    reach::mapping,
    transport::Kind,
    wire::{Member, Security, message::Departure},
};

/// The line of an event, without its line break; none for one that only a person could answer.
pub(super) fn line(event: &Event) -> Option<String> {
    // These types have nothing in them that JSON could not hold.
    json(event).and_then(|json| serde_json::to_string(&json).ok())
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Json {
    Listening {
        room: String,
        transports: Vec<Kind>,
        port: u16,
        addresses: Vec<String>,
        fingerprint: String,
        id: String,
        invite: Option<String>,
    },
    State {
        state: &'static str,
        detail: String,
    },
    Welcomed {
        room: String,
        name: String,
        transport: Option<Kind>,
        security: Security,
        fingerprint: Option<String>,
        key_exchange: Option<String>,
        saved: bool,
        members: Vec<String>,
    },
    Said {
        seq: u64,
        from: String,
        own: bool,
        history: bool,
        text: String,
        at: String,
    },
    Joined {
        name: String,
        security: Security,
    },
    Left {
        name: String,
        how: Departure,
    },
    Away {
        name: String,
    },
    Back {
        name: String,
        security: Security,
    },
    Members {
        members: Vec<String>,
    },
    Resumed {
        transport: Option<Kind>,
        security: Security,
        saved: bool,
        anew: bool,
    },
    Gap {
        missed: u64,
    },
    Unannounced {
        detail: String,
    },
    Saving {
        trouble: Option<String>,
    },
    Mapped {
        state: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'static str>,
        detail: String,
        outside: Vec<String>,
        addresses: Vec<String>,
        invite: Option<String>,
    },
    Unsent {
        text: String,
        detail: String,
    },
    Refused {
        reason: &'static str,
        detail: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        suggestion: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        expected: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        found: Option<String>,
    },
    Closed {
        reason: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
}

fn json(event: &Event) -> Option<Json> {
    Some(match event {
        Event::Listening(listening) => Json::Listening {
            room: listening.room.to_string(),
            transports: listening.transports.clone(),
            port: listening.port,
            addresses: listening.addresses.clone(),
            fingerprint: listening.fingerprint.sha256_base64(),
            id: listening.fingerprint.base32(),
            invite: listening.invite.as_ref().map(ToString::to_string),
        },
        Event::State { state, detail } => Json::State { state: state.as_str(), detail: detail.clone() },
        Event::Asked(_) | Event::Delivered { .. } => return None,
        Event::Welcomed(welcomed) => Json::Welcomed {
            room: welcomed.room.to_string(),
            name: welcomed.name.to_string(),
            transport: welcomed.transport,
            security: welcomed.security,
            fingerprint: welcomed.fingerprint.map(|key| key.sha256_base64()),
            key_exchange: welcomed.key_exchange.clone(),
            saved: welcomed.saved,
            members: names(&welcomed.members),
        },
        Event::Said(said) => Json::Said {
            seq: said.seq,
            from: said.from.to_string(),
            own: said.own,
            history: said.history,
            text: said.text.clone(),
            at: said.at.to_string(),
        },
        Event::Joined(member) => Json::Joined { name: member.name.to_string(), security: member.security },
        Event::Left { name, how, .. } => Json::Left { name: name.to_string(), how: *how },
        Event::Away { name, .. } => Json::Away { name: name.to_string() },
        Event::Back(member) => Json::Back { name: member.name.to_string(), security: member.security },
        Event::Members(members) => Json::Members { members: names(members) },
        Event::Resumed { welcomed, anew } => Json::Resumed {
            transport: welcomed.transport,
            security: welcomed.security,
            saved: welcomed.saved,
            anew: *anew,
        },
        Event::Gap { missed } => Json::Gap { missed: *missed },
        Event::Unannounced { detail } => Json::Unannounced { detail: detail.clone() },
        Event::Saving { trouble } => Json::Saving { trouble: trouble.clone() },
        Event::Mapped { report, listening } => Json::Mapped {
            state: report.as_str(),
            reason: match &report.state {
                mapping::State::Shut(why) => Some(why.as_str()),
                _ => None,
            },
            detail: report.words(),
            outside: report.places().iter().map(ToString::to_string).collect(),
            addresses: listening.addresses.clone(),
            invite: listening.invite.as_ref().map(ToString::to_string),
        },
        Event::Unsent { text, why, .. } => Json::Unsent { text: text.clone(), detail: why.clone() },
        Event::Refused(refused) => Json::Refused {
            reason: refused.reason.as_str(),
            detail: refused.detail.clone(),
            suggestion: refused.suggestion.as_ref().map(ToString::to_string),
            expected: refused.keys.as_deref().map(|(expected, _)| expected.sha256_base64()),
            found: refused.keys.as_deref().map(|(_, found)| found.sha256_base64()),
        },
        Event::Closed(closed) => Json::Closed {
            reason: closed.as_str(),
            detail: match closed {
                Closed::Lost { detail } | Closed::Violation { detail } | Closed::Removed { detail, .. } => {
                    Some(detail.clone())
                }
                Closed::Left | Closed::HostLeft | Closed::Replaced => None,
            },
        },
    })
}

fn names(members: &[Member]) -> Vec<String> {
    members.iter().map(|member| member.name.to_string()).collect()
}

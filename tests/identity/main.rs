//! What `parlor::identity` promises, a file for each of its parts.

mod address;
mod fingerprint;
mod invite;
mod key;
mod name;
mod pins;

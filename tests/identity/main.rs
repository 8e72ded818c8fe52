//! What `parlor::identity` promises, a file for each of its parts.

mod address;
mod fingerprint;
mod home;
mod invite;
mod key;
mod name;
mod pins;

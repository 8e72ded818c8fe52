//! parlor
#![forbid(unsafe_code)]

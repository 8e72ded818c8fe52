//! What `parlor::identity` promises, a file for each of its parts.

mod name;

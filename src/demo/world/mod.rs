//! The embedded district.

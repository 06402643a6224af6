//! How large a filter may be.

/// How long the text of a filter is at most, in bytes.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;

/// How many terms a filter has at most.
pub const TERMS_MAX: usize = 256;

/// How many values the terms of a filter have at most, together.
pub const VALUES_MAX: usize = 4096;

/// How many values of one term may be others than whole texts and addresses: those are looked at one by one.
pub const PATTERNS_MAX: usize = 256;

/// How deep parentheses and negations are nested at most.
pub const DEPTH_MAX: usize = 16;

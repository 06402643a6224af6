//! House rules as a program: `cargo xtask tidy` fails when the source breaks one of them.
//!
//! A rule worth having is a test. Each rule is a pure function from text to findings, so that a
//! test of its own can break it; this crate only reads files and prints.

pub mod tidy;

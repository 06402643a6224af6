//! What is told on the terminal while it runs.

use std::io::Write;

/// Shows progress on the terminal.
pub(crate) fn say(line: &str) {
    // Nobody has to read it.
    drop(writeln!(std::io::stderr(), "{line}"));
}

//! How far something is, on standard error: one line that changes on a terminal, a line for each change elsewhere.

use std::io::{self, IsTerminal, Write};

/// What was told last.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    last: String,
}

impl Progress {
    /// Tells how far it is, if that is new.
    pub(crate) fn tell(&mut self, line: &str) {
        if line == self.last {
            return;
        }
        line.clone_into(&mut self.last);
        let mut stderr = io::stderr().lock();
        let _gone = if stderr.is_terminal() {
            write!(stderr, "\r\u{1b}[2K{line}").and_then(|()| stderr.flush())
        } else {
            writeln!(stderr, "{line}")
        };
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let mut stderr = io::stderr().lock();
        if !self.last.is_empty() && stderr.is_terminal() {
            let _gone = writeln!(stderr);
        }
    }
}

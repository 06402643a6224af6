//! What an installation is made of: steps of commands.

use super::files;
use crate::command::Invocation;

/// Where the new root file system is mounted.
pub(super) const ROOT: &str = "/target";

/// A named group of actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// For people: `making file systems`.
    pub title: String,
    /// In this order.
    pub actions: Vec<Action>,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// A command that must succeed.
    Run(Invocation),
    /// A command that may fail because there is nothing to do.
    Attempt(Invocation),
    /// Download, check and unpack the image.
    Unpack,
}

/// A step of this title.
pub(super) fn step(title: &str, actions: Vec<Action>) -> Step {
    Step { title: title.to_owned(), actions }
}

/// A command that must succeed.
pub(super) fn run(program: &str, arguments: &[&str]) -> Action {
    Action::Run(Invocation::new(program, arguments.iter().copied()))
}

/// A command that may fail.
pub(super) fn attempt(program: &str, arguments: &[&str]) -> Action {
    Action::Attempt(Invocation::new(program, arguments.iter().copied()))
}

/// Writes a file inside the new root: there, the image's symbolic links mean what they should.
pub(super) fn write(path: &str, content: &str) -> Action {
    let script = "mkdir -p \"${1%/*}\" && cat >\"$1\" && chmod \"$2\" \"$1\"";
    let arguments = [ROOT, "/bin/sh", "-c", script, "sh", path, files::mode(path)];
    Action::Run(Invocation::new("chroot", arguments).stdin(content))
}

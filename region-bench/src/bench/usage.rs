//! CPU time and memory of the regions.

use std::io::Write;

use anyhow::Context;
pub(super) use store_node::bench::machine::{cpu_time, resident_kib};

/// Forgets how much memory a process held at most until now.
///
/// # Errors
/// When it is gone.
pub(super) fn reset_peak(pid: u32) -> anyhow::Result<()> {
    let path = format!("/proc/{pid}/clear_refs");
    std::fs::write(&path, "5").with_context(|| format!("cannot write {path}"))
}

/// The most memory that a process held, KiB.
///
/// # Errors
/// When it is gone.
pub(super) fn peak_kib(pid: u32) -> anyhow::Result<u64> {
    let path = format!("/proc/{pid}/status");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    number.with_context(|| format!("{path} has no VmHWM"))
}

/// Shows progress on the terminal.
pub(super) fn say(line: &str) {
    // Nobody has to read it.
    drop(writeln!(std::io::stderr(), "{line}"));
}

//! The end of the process when the disk cannot be trusted any more.
//!
//! After a failed write or fsync nobody knows what is on disk: retrying is unsound, and so is going
//! on. The process ends at once; after the restart the write-ahead log says what is true.

/// Logs what failed and ends the process without running anything else.
pub(crate) fn end_process(what: &str, error: &dyn std::fmt::Display) -> ! {
    tracing::error!(%error, "{what} failed: the process ends, restart it to recover from its log");
    std::process::abort()
}

//! The end of the process when the disk cannot be trusted any more.
//!
//! After a failed write or fsync nobody knows what is on disk: retrying is unsound, and so is going
//! on. The process ends at once; after the restart the write-ahead log says what is true.

/// The exit code of a process that stopped in good order because it could not go on.
const EXIT_TEMPFAIL: i32 = 75;

/// Logs why a node that finished its writes cannot go on, and ends the process.
#[expect(clippy::disallowed_methods, reason = "everything is on disk and nothing may follow")]
pub(crate) fn leave_process(why: &str) -> ! {
    tracing::error!("{why}");
    std::process::exit(EXIT_TEMPFAIL)
}

/// Logs what failed and ends the process without running anything else.
pub(crate) fn end_process(what: &str, error: &dyn std::fmt::Display) -> ! {
    report(what, error);
    abort_process()
}

/// Logs what failed and that the process ends: [`abort_process`] is to follow. A simulated process
/// ends here.
pub(crate) fn report(what: &str, error: &dyn std::fmt::Display) {
    #[cfg(feature = "testing")]
    crate::sim::process::end_current(format!("{what} failed: {error}"));
    tracing::error!(%error, "{what} failed: the process ends, restart it to recover from its log");
}

/// Ends the process without running anything else.
pub(crate) fn abort_process() -> ! {
    std::process::abort()
}

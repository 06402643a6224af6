//! The log of one job: every step and what its tools printed, for the console and for the report.
//!
//! It also holds the current step, which the session reports as progress while the job runs.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::watch;

/// More than this is cut from the middle of the log that is reported.
const LOG_BYTES_MAX: usize = 256 * 1024;

/// A job's log and its current step. Clones share it.
#[derive(Debug, Clone)]
pub struct Journal {
    started: Instant,
    log: Arc<Mutex<String>>,
    step: Arc<watch::Sender<String>>,
}

impl Journal {
    /// An empty log that starts now.
    #[must_use]
    pub fn new() -> Self {
        let (step, _) = watch::channel(String::new());
        Self { started: Instant::now(), log: Arc::default(), step: Arc::new(step) }
    }

    /// Begins a step: it is logged, printed and reported as progress.
    pub fn step(&self, title: &str) {
        let seconds = self.started.elapsed().as_secs_f32();
        tracing::info!("[{seconds:7.1}] {title}");
        self.append(&format!("[{seconds:7.1}] {title}\n"));
        self.progress(title);
    }

    /// Changes the progress message without a line in the log.
    pub fn progress(&self, message: &str) {
        self.step.send_replace(message.to_owned());
    }

    /// Adds lines that belong to the current step; they are not printed on the console.
    pub fn detail(&self, text: &str) {
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            self.append(&format!("          {line}\n"));
        }
    }

    /// Adds a line and prints it: something went wrong and is being dealt with.
    pub fn warn(&self, text: &str) {
        tracing::warn!("{text}");
        self.detail(text);
    }

    /// A receiver of the progress messages.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<String> {
        self.step.subscribe()
    }

    /// The whole log; a very long one without its middle.
    #[must_use]
    pub fn text(&self) -> String {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        shorten(&log, LOG_BYTES_MAX)
    }

    fn append(&self, text: &str) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
    }
}

impl Default for Journal {
    fn default() -> Self {
        Self::new()
    }
}

/// Keeps the beginning and the end of a text that is longer than `bytes_max`.
fn shorten(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let head = text.floor_char_boundary(bytes_max / 2);
    let tail = text.ceil_char_boundary(text.len() - bytes_max / 2);
    format!("{}\n… {} bytes left out …\n{}", &text[..head], tail - head, &text[tail..])
}

#[cfg(test)]
mod tests {
    use super::{Journal, shorten};

    #[test]
    fn steps_and_details_are_in_the_log_and_progress_is_the_last_step() {
        let journal = Journal::new();
        journal.step("partitioning vda");
        journal.detail("one\n\ntwo");
        journal.step("unpacking image");
        let text = journal.text();
        assert!(text.contains("partitioning vda\n          one\n          two\n"), "{text}");
        assert_eq!(*journal.watch().borrow(), "unpacking image");
    }

    #[test]
    fn long_text_keeps_both_ends() {
        let text = format!("begin{}end", "ö".repeat(100));
        let short = shorten(&text, 40);
        assert!(short.starts_with("begin") && short.ends_with("end"), "{short}");
        assert!(short.len() < 80);
    }
}

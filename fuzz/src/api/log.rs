//! What the region logs meanwhile: nothing secret.

use std::io::{self, Write};
use std::sync::{Mutex, Once, PoisonError};

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::requests::Request;
use super::secrets::Secrets;

/// What is kept at most, in bytes.
const BYTES_MAX: usize = 1 << 20;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static BEGIN: Once = Once::new();

/// Begins to keep what is logged, once in a process.
pub(crate) fn begin() {
    BEGIN.call_once(|| {
        let lines = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::DEBUG)
            .with_ansi(false)
            .with_writer(Kept)
            .finish();
        // Whoever logs elsewhere already is not disturbed.
        let _ = tracing::subscriber::set_global_default(lines);
    });
}

/// Nothing secret was logged since the last check.
///
/// # Panics
/// When something was.
pub(crate) fn check(secrets: &Secrets, request: &Request) {
    let lines = std::mem::take(&mut *LINES.lock().unwrap_or_else(PoisonError::into_inner));
    let text = String::from_utf8_lossy(&lines);
    for secret in secrets.all().chain(request.secrets()) {
        assert!(!text.contains(secret), "{secret} was logged: {text}");
    }
}

/// Writes to what is kept.
struct Kept;

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() < BYTES_MAX {
            lines.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Kept {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}

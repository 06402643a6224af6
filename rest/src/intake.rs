//! Reads the bodies of requests: up to a limit, and only while they make progress.
//!
//! Nothing of a body is read before it is known who sends it, and what has no limit (contents)
//! goes to disk piece by piece. A client that sends nothing, or hardly anything, keeps no memory
//! and no place for long.

use std::time::{Duration, Instant};

use axum::body::{Body, HttpBody};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use model::error::Kind;

use crate::problem::Problem;

/// The largest body of a caller who has shown no key yet.
pub const ANONYMOUS_BYTES_MAX: usize = 64 * 1024;

/// The largest form of a user: user data and small contents go in forms.
pub const FORM_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How long a body may take for [`PROGRESS_BYTES`], or until its end.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// What a body has to bring while patience lasts.
pub const PROGRESS_BYTES: usize = 4 * 1024;

/// Whether a body makes progress. Pure: the caller says how long it waited for how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    patience: Duration,
    waited: Duration,
    bytes: usize,
}

impl Pace {
    /// The pace of a body that is about to begin.
    #[must_use]
    pub fn new(patience: Duration) -> Self {
        Self { patience, waited: Duration::ZERO, bytes: 0 }
    }

    /// How long the next bytes may still take.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.patience.saturating_sub(self.waited)
    }

    /// Takes in that so many bytes came after so long. Patience begins anew with every
    /// [`PROGRESS_BYTES`], so that a byte now and then is no progress.
    pub fn received(&mut self, waited: Duration, bytes: usize) {
        self.waited += waited;
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes >= PROGRESS_BYTES {
            *self = Self::new(self.patience);
        }
    }
}

/// Why a body was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// It is larger than allowed.
    #[error("Request body is too large: the limit is {limit} bytes{}.", whose(*.limit))]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// It did not go on.
    #[error("Request body makes no progress: {PROGRESS_BYTES} bytes may take {} seconds.", .patience.as_secs())]
    Stalled {
        /// How long was waited.
        patience: Duration,
    },
    /// The connection broke, or its framing is wrong.
    #[error("Request body: {0}")]
    Broken(String),
}

fn whose(limit: usize) -> &'static str {
    if limit == ANONYMOUS_BYTES_MAX { " without a key in the header or the query" } else { "" }
}

impl From<IntakeError> for Problem {
    fn from(error: IntakeError) -> Self {
        match &error {
            IntakeError::TooLarge { .. } => Self::status(413, error.to_string()),
            IntakeError::Stalled { .. } => {
                Self::status(408, error.to_string()).with_header("Connection", "close")
            }
            IntakeError::Broken(_) => Self::text(Kind::Invalid, error.to_string()),
        }
    }
}

/// The body of a request, not read yet.
#[derive(Debug)]
pub struct Intake {
    body: Body,
    pace: Pace,
}

impl Intake {
    /// A body that may make pauses of [`PATIENCE`].
    #[must_use]
    pub fn new(body: Body) -> Self {
        Self::with_patience(body, PATIENCE)
    }

    /// A body that may make pauses of that length.
    #[must_use]
    pub fn with_patience(body: Body, patience: Duration) -> Self {
        Self { body, pace: Pace::new(patience) }
    }

    /// The next piece; none at the end.
    ///
    /// # Errors
    /// See [`IntakeError`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, IntakeError> {
        loop {
            let asked = Instant::now();
            let stalled = || IntakeError::Stalled { patience: self.pace.patience };
            let frame = tokio::time::timeout(self.pace.left(), self.body.frame());
            let Some(frame) = frame.await.map_err(|_| stalled())? else { return Ok(None) };
            let frame = frame.map_err(|error| IntakeError::Broken(error.to_string()))?;
            let Ok(bytes) = frame.into_data() else { continue };
            self.pace.received(asked.elapsed(), bytes.len());
            return Ok(Some(bytes));
        }
    }

    /// All of it.
    ///
    /// # Errors
    /// See [`IntakeError`]; a body that announces more than `limit` is not read at all.
    pub async fn gather(mut self, limit: usize) -> Result<Bytes, IntakeError> {
        let too_large = || IntakeError::TooLarge { limit };
        let announced = self.body.size_hint().lower();
        if announced > limit as u64 {
            return Err(too_large());
        }
        let Some(first) = self.chunk().await? else { return Ok(Bytes::new()) };
        let mut all = BytesMut::from(first);
        while all.len() <= limit {
            match self.chunk().await? {
                Some(bytes) => all.extend_from_slice(&bytes),
                None => return Ok(all.freeze()),
            }
        }
        Err(too_large())
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;

    use super::*;

    #[test]
    fn a_byte_now_and_then_is_no_progress() {
        let second = Duration::from_secs(1);
        let mut pace = Pace::new(10 * second);
        pace.received(6 * second, 1);
        pace.received(3 * second, 1);
        assert_eq!(pace.left(), second);
        pace.received(second, 1);
        assert_eq!(pace.left(), Duration::ZERO);
    }

    #[test]
    fn a_slow_line_that_goes_on_has_all_the_time_it_needs() {
        let second = Duration::from_secs(1);
        let mut pace = Pace::new(10 * second);
        for _ in 0..1_000 {
            pace.received(4 * second, PROGRESS_BYTES / 2);
            pace.received(5 * second, PROGRESS_BYTES / 2);
            assert_eq!(pace.left(), 10 * second);
        }
    }

    /// A body of pieces, with no announced length; it never ends when `open`.
    fn body(pieces: &[&'static [u8]], open: bool) -> Body {
        let pieces: Vec<_> =
            pieces.iter().map(|piece| Ok::<_, std::io::Error>(Bytes::from_static(piece))).collect();
        let pieces = futures::stream::iter(pieces);
        if open {
            Body::from_stream(pieces.chain(futures::stream::pending()))
        } else {
            Body::from_stream(pieces)
        }
    }

    #[tokio::test]
    async fn bodies_are_gathered_up_to_their_limit() {
        let gathered = Intake::new(body(&[b"ab", b"cd"], false)).gather(4).await;
        assert_eq!(gathered.unwrap(), "abcd");
        let gathered = Intake::new(body(&[b"ab", b"cde"], true)).gather(4).await;
        assert_eq!(gathered, Err(IntakeError::TooLarge { limit: 4 }));
        let announced = Intake::new(Body::from("abcde")).gather(4).await;
        assert_eq!(announced, Err(IntakeError::TooLarge { limit: 4 }));
    }

    #[tokio::test]
    async fn a_body_that_stops_is_given_up() {
        let patience = Duration::from_millis(20);
        let intake = Intake::with_patience(body(&[b"ab"], true), patience);
        assert_eq!(intake.gather(4).await, Err(IntakeError::Stalled { patience }));
        let problem = Problem::from(IntakeError::Stalled { patience });
        assert_eq!(problem.status, 408);
    }

    #[test]
    fn a_body_that_is_too_large_is_told_the_limit() {
        let problem = Problem::from(IntakeError::TooLarge { limit: ANONYMOUS_BYTES_MAX });
        assert_eq!(problem.status, 413);
        let crate::problem::Body::Text(text) = problem.body else { panic!("no text") };
        assert_eq!(
            text,
            "Request body is too large: the limit is 65536 bytes without a key in the header or \
             the query."
        );
    }
}

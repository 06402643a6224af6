//! Who logs in by name and password, whatever it gets for it: a key or a session.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use model::secret::Secret;
use model::user::User;
use ops::access::login::{self, Attempt, LoginError};

use crate::call::Parts;
use crate::params::Params;
use crate::problem::Problem;

/// How logins at this node went since it started.
#[derive(Debug, Default)]
pub struct LoginCounts {
    succeeded: AtomicU64,
    wrong: AtomicU64,
    held: AtomicU64,
}

impl LoginCounts {
    /// The counts by outcome.
    #[must_use]
    pub fn by_outcome(&self) -> [(&'static str, u64); 3] {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        [
            ("succeeded", read(&self.succeeded)),
            ("wrong", read(&self.wrong)),
            ("held", read(&self.held)),
        ]
    }

    fn count(&self, outcome: &Result<User, LoginError>) {
        let count = match outcome {
            Ok(_) => &self.succeeded,
            Err(LoginError::Wrong) => &self.wrong,
            Err(LoginError::Held { .. }) => &self.held,
            Err(LoginError::Refused(_)) => return,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a login at a provider; one that failed says whether somebody did something wrong.
    pub(crate) fn count_external(&self, outcome: Result<(), bool>) {
        let count = match outcome {
            Ok(()) => &self.succeeded,
            Err(true) => &self.wrong,
            Err(false) => return,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// The user whose name and password are among the parameters.
///
/// # Errors
/// See [`LoginError`].
pub(crate) async fn log_in(
    parts: &Parts,
    params: &Params,
    from: Option<IpAddr>,
) -> Result<User, LoginError> {
    let attempt = Attempt {
        username: params.get("username").unwrap_or_default().to_owned(),
        password: Secret::from(params.get("password").unwrap_or_default()),
        from,
    };
    let outcome = login::check(&parts.tables, &attempt).await;
    parts.logins.count(&outcome);
    outcome
}

/// A failed login but a wrong password, for which each door has its own words.
impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Wrong => Self::empty(403),
            LoginError::Held { seconds, .. } => {
                let mut message = error.to_string();
                message.replace_range(..1, "T");
                Self::status(429, format!("{message}."))
                    .with_header("Retry-After", seconds.to_string())
            }
            LoginError::Refused(refusal) => refusal.into(),
        }
    }
}

//! Passwords as argon2id hashes. Hashing takes CPU time on purpose, so it runs on blocking threads,
//! a few at a time, and logins cannot starve the cluster.

use std::sync::LazyLock;

use api::field_errors::FieldErrors;
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use model::error::Kind;
use model::password::weaknesses;
use model::secret::Secret;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::Refusal;

/// How many passwords are hashed at the same time.
static HASHING: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(2));

/// Verified instead of nothing when a user does not exist, so that both take the same time.
static NOBODY: LazyLock<Secret> = LazyLock::new(|| hash_now("").unwrap_or_default());

/// A turn at hashing. Who has one may look again at what was decided while it waited.
#[derive(Debug)]
pub(crate) struct Turn {
    _permit: SemaphorePermit<'static>,
}

impl Turn {
    /// Waits for a turn.
    ///
    /// # Errors
    /// [`Refusal::Message`] when the process is ending.
    pub(crate) async fn wait() -> Result<Self, Refusal> {
        let permit = HASHING.acquire().await.map_err(|error| internal(&error.to_string()))?;
        Ok(Self { _permit: permit })
    }

    /// Whether the password is the one that was hashed; takes as long when there is no hash.
    pub(crate) async fn verify(&self, password: Secret, hash: Option<Secret>) -> bool {
        tokio::task::spawn_blocking(move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| NOBODY.clone());
            let Ok(hash) = PasswordHash::new(hash.expose()) else { return false };
            Argon2::default().verify_password(password.expose().as_bytes(), &hash).is_ok() && known
        })
        .await
        .unwrap_or(false)
    }
}

/// Adds what the rules say against a new password of a user, under the name of the field that it came in.
pub(crate) fn check(
    errors: &mut FieldErrors,
    field: &str,
    password: &Secret,
    (username, email): (&str, &str),
) {
    for weakness in weaknesses(password.expose(), username, email) {
        errors.add(field, weakness.to_string());
    }
}

/// The hash of a password in PHC form; none for an empty one, by which nobody can log in.
///
/// # Errors
/// [`Refusal::Message`] when there is no randomness or the process is ending.
pub(crate) async fn hash(password: &Secret) -> Result<Option<Secret>, Refusal> {
    if password.is_empty() {
        return Ok(None);
    }
    let (password, _turn) = (password.clone(), Turn::wait().await?);
    tokio::task::spawn_blocking(move || hash_now(password.expose()).map(Some))
        .await
        .unwrap_or_else(|error| Err(internal(&error.to_string())))
}

fn hash_now(password: &str) -> Result<Secret, Refusal> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string().into())
        .map_err(|error| internal(&error.to_string()))
}

fn internal(reason: &str) -> Refusal {
    Refusal::with_message(Kind::Internal, format!("password cannot be hashed: {reason}"))
}

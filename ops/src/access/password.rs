//! Passwords as argon2id hashes. Hashing takes CPU time on purpose, so it runs on blocking threads,
//! a few at a time, and logins cannot starve the cluster.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use model::secret::Secret;
use tokio::sync::Semaphore;

/// How many passwords are hashed at the same time.
static HASHING: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(2));

/// Verified instead of nothing when a user does not exist, so that both take the same time.
static NOBODY: LazyLock<Secret> = LazyLock::new(|| hash_now("").unwrap_or_default());

/// Why a password could not be hashed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("password cannot be hashed: {reason}")]
pub struct HashError {
    /// What failed.
    pub reason: String,
}

/// The hash of a password in PHC form.
///
/// # Errors
/// [`HashError`] when there is no randomness or the process is ending.
pub async fn hash(password: Secret) -> Result<Secret, HashError> {
    let _permit = HASHING.acquire().await;
    tokio::task::spawn_blocking(move || hash_now(password.expose()))
        .await
        .unwrap_or_else(|error| Err(HashError { reason: error.to_string() }))
}

/// Whether the password is the one that was hashed; takes as long when there is no hash.
pub async fn verify(password: Secret, hash: Option<Secret>) -> bool {
    let _permit = HASHING.acquire().await;
    tokio::task::spawn_blocking(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.clone());
        let Ok(hash) = PasswordHash::new(hash.expose()) else { return false };
        Argon2::default().verify_password(password.expose().as_bytes(), &hash).is_ok() && known
    })
    .await
    .unwrap_or(false)
}

fn hash_now(password: &str) -> Result<Secret, HashError> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string().into())
        .map_err(|error| HashError { reason: error.to_string() })
}

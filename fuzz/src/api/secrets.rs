//! What nobody is told but who may ask for it.

use super::requests::{Answer, Request};
use super::roles::Role;

/// A power parameter that is a password.
pub(crate) const POWER: &str = "marker-of-a-bmc-password";
/// Everything else that is never told: hashes, user data, keys of agents, passwords on their way.
pub(crate) const NEVER: [&str; 4] = [
    "marker-of-a-password-hash",
    "marker-of-user-data",
    "marker-of-an-agent-token",
    "marker-of-a-pending-password",
];

/// The secrets of a site.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    /// Secrets of API keys, each with whose it is.
    pub(crate) keys: Vec<(Option<String>, String)>,
}

impl Secrets {
    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        let keys = self.keys.iter().map(|(_, secret)| secret.as_str());
        keys.chain(NEVER).chain([POWER])
    }
}

/// No answer has a secret that its caller did not ask for, or may not.
///
/// # Panics
/// When one has.
pub(crate) fn check(secrets: &Secrets, request: &Request, answer: &Answer) {
    let tells = |secret: &str| answer.text.contains(secret);
    for secret in NEVER {
        assert!(!tells(secret), "{secret} in {}", answer.text);
    }
    let is_superuser = request.role == Role::Superuser;
    let asks_for_power = request.action.op == Some("power_parameters");
    if !(is_superuser && asks_for_power) {
        assert!(!tells(POWER), "{POWER} in {}", answer.text);
    }
    for (owner, secret) in &secrets.keys {
        let is_own = owner.is_some()
            && request.role.username().is_some_and(|name| owner.as_deref() == Some(name))
            && request.action.path == "account/";
        let is_of_machine =
            owner.is_none() && is_superuser && request.action.op == Some("get_token");
        assert!(is_own || is_of_machine || !tells(secret), "a key's secret in {}", answer.text);
    }
    if !(is_superuser && asks_for_power) {
        for secret in request.secrets() {
            assert!(!tells(secret), "what was sent as {secret} in {}", answer.text);
        }
    }
}

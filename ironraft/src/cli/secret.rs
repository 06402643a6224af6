//! What is nobody's business, whatever it stands in: by the names of members and parameters, and passwords in addresses.

use model::machine::power::driver::{POWER_DRIVERS, PowerDriver};
use model::secret::HIDDEN;
use serde_json::Value;

/// What the names of members and parameters contain whose values are secret.
const PARTS: &[&str] = &[
    "pass",
    "secret",
    "token",
    "apikey",
    "private",
    "credential",
    "authorization",
    "cookie",
    "csrf",
    "user_data",
    "pem",
];

/// Names that contain such a part and are not secret.
const KNOWN: &[&str] = &["page_token", "next_token", "passed", "bypass"];

/// Whether the value of a member of that name is secret.
pub(crate) fn is_named(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    let sounds_secret = || name.ends_with("_key") || has(PARTS);
    is_marked(&name).unwrap_or_else(|| !KNOWN.contains(&&*name) && sounds_secret())
}

/// Whether power drivers mark a parameter of that name as secret; none when no driver has it.
fn is_marked(name: &str) -> Option<bool> {
    let of = |names: fn(&PowerDriver) -> &'static [&'static str]| {
        POWER_DRIVERS.iter().any(|driver| names(driver).contains(&name))
    };
    if of(|driver| driver.secret) {
        return Some(true);
    }
    of(|driver| driver.public).then_some(false)
}

/// Whether there is a password in a value: `http://user:password@proxy:3128/`.
pub(crate) fn is_in(value: &Value) -> bool {
    match value {
        Value::String(text) => without_passwords(text) != *text,
        Value::Array(items) => items.iter().any(is_in),
        Value::Object(members) => members.values().any(is_in),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A text whose addresses have no user and no password in them.
pub(crate) fn without_passwords(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, behind) = rest.split_at(at + 3);
        shown.push_str(before);
        let is_end = |letter: char| {
            letter.is_whitespace() || matches!(letter, '/' | '?' | '#' | '"' | '\'' | '<' | '>')
        };
        // A password may have a slash in it that should have been written otherwise.
        let word = behind.find(|letter: char| letter.is_whitespace() || letter == '"');
        let word = &behind[..word.unwrap_or(behind.len())];
        let authority = &behind[..behind.find(is_end).unwrap_or(behind.len())];
        rest = match authority.rfind('@').or_else(|| unescaped(word)) {
            Some(end) => {
                shown.push_str(HIDDEN);
                &behind[end..]
            }
            None => behind,
        };
    }
    shown + rest
}

/// Where the user and password of an address end whose password has a slash: before it is a colon and no port.
fn unescaped(word: &str) -> Option<usize> {
    let at = word.rfind('@')?;
    let (_, password) = word[..at].split_once(':')?;
    let first = password.split('/').next().unwrap_or_default();
    let is_port = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit());
    (!is_port).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_drivers_mark_and_what_sounds_like_it_is_secret() {
        for driver in POWER_DRIVERS {
            assert!(driver.secret.iter().all(|name| is_named(name)), "{driver:?}");
            assert!(!driver.public.iter().any(|name| is_named(name)), "{driver:?}");
        }
        for name in
            ["password", "api-key", "IRONRAFT_API_KEY", "user_data", "k_g", "key", "csrfToken"]
        {
            assert!(is_named(name), "{name}");
        }
        for name in ["page_token", "keysource", "keyring_filename", "name", "keys", "kernel_opts"] {
            assert!(!is_named(name), "{name}");
        }
    }

    #[test]
    fn passwords_in_addresses_are_found_wherever_they_stand() {
        for (text, shown) in [
            ("http://u:p@proxy:3128/", "http://***@proxy:3128/"),
            ("deb https://token@archive/x main", "deb https://***@archive/x main"),
            ("http://u:p/q@proxy/", "http://***@proxy/"),
            ("a http://u:p@x b http://v:w@y", "a http://***@x b http://***@y"),
            ("http://proxy:3128/a@b", "http://proxy:3128/a@b"),
            ("http://proxy/?mail=a@b", "http://proxy/?mail=a@b"),
            ("root@localhost", "root@localhost"),
        ] {
            assert_eq!(without_passwords(text), shown, "{text}");
            assert_eq!(is_in(&text.into()), shown != text);
        }
    }
}

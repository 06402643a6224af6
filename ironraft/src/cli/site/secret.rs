//! Values that are secret although their fields are not: addresses with a password in them.

use serde_json::Value;

/// What stands in place of a secret.
pub(crate) const HIDDEN: &str = "***";

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

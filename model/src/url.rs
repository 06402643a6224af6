//! Passwords in URLs: what only those are shown who may change the URL.

use serde_json::Value;

/// What stands in the place of a password.
pub const HIDDEN: &str = "********";

/// A text without the password before the host of a URL in it; a name without a password goes, too, as it may be a token.
#[must_use]
pub fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let host_ends = rest.find(['/', '?', '#', ' ']).unwrap_or(rest.len());
    // A password that should have been encoded may have a `/` in it.
    let ends = if rest[..host_ends].contains(':') { rest.len() } else { host_ends };
    let Some(at) = rest[..ends].rfind('@') else { return text.to_owned() };
    let (user, host) = (&rest[..at], &rest[at..]);
    match user.split_once(':') {
        Some((name, _)) => format!("{scheme}://{name}:{HIDDEN}{host}"),
        None => format!("{scheme}://{HIDDEN}{host}"),
    }
}

/// The same of all texts in a value.
#[must_use]
pub fn without_passwords(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(without_password(&text)),
        Value::Array(items) => Value::Array(items.into_iter().map(without_passwords).collect()),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, without_passwords(value))).collect()
        }
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_hidden_and_the_rest_is_not() {
        for (text, shown) in [
            ("http://proxy:3128/", "http://proxy:3128/"),
            ("http://anna:secret@proxy:3128/", "http://anna:********@proxy:3128/"),
            ("http://anna:se/cr@t@proxy/", "http://anna:********@proxy/"),
            ("http://anna:se:cret@[2001:db8::1]/", "http://anna:********@[2001:db8::1]/"),
            ("https://token@repo.example/x", "https://********@repo.example/x"),
            ("http://proxy/a@b", "http://proxy/a@b"),
            ("ppa:owner/name", "ppa:owner/name"),
            ("", ""),
        ] {
            assert_eq!(without_password(text), shown, "{text}");
            let list = serde_json::json!([text, 1, null]);
            assert_eq!(without_passwords(list), serde_json::json!([shown, 1, null]));
        }
    }
}

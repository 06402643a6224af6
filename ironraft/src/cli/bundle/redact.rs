//! Takes secrets out of what others are given to look at: by the names of members, by what texts look like, and by the
//! secrets that are known. Rather too much than too little.

use model::secret::HIDDEN;
use serde_json::Value;

use crate::cli::secret::{is_named, without_passwords};

/// What is named before an `=` in logs without being secret: the key of a row.
const ROW_KEY: &str = "key";

/// Takes secrets out.
#[derive(Debug, Default)]
pub(crate) struct Redaction {
    /// Texts that are secret wherever they stand.
    known: Vec<String>,
}

impl Redaction {
    /// One that knows these secrets, and the parts of those that have parts.
    pub(crate) fn of(secrets: &[&str]) -> Self {
        let whole = secrets.iter().map(|secret| (*secret).to_owned());
        // The last part of an API key is its secret.
        let parts = secrets.iter().filter_map(|secret| Some(secret.rsplit_once(':')?.1.to_owned()));
        // What is short stands in many texts by chance.
        let known = whole.chain(parts).filter(|secret| secret.len() >= 8).collect();
        Self { known }
    }

    /// A document without secrets.
    pub(crate) fn json(&self, value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                // `{"name": "vcenter_password", "value": "…"}`: a setting, or a note.
                let named = members.get("name").and_then(Value::as_str).is_some_and(is_named);
                let shown = members.iter().map(|(name, value)| {
                    let is_its = named && matches!(name.as_str(), "value" | "default");
                    let is_hidden = (is_its || is_named(name)) && !is_nothing(value);
                    let value = if is_hidden { HIDDEN.into() } else { self.json(value) };
                    (self.text(name), value)
                });
                Value::Object(shown.collect())
            }
            Value::Array(items) => items.iter().map(|item| self.json(item)).collect(),
            Value::String(text) => self.text(text).into(),
            other => other.clone(),
        }
    }

    /// A text without secrets, line by line.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.known {
            text = text.replace(secret, HIDDEN);
        }
        without_keys(&without_values(&without_passwords(&text)))
    }
}

fn is_nothing(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(_)) || value == ""
}

/// Hides what stands behind `password=`, `"api_key": "` and `Bearer `.
fn without_values(text: &str) -> String {
    text.split_inclusive('\n').map(line_without_values).collect()
}

fn line_without_values(line: &str) -> String {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find(is_word) {
        let end = rest[start..].find(|letter| !is_word(letter)).map_or(rest.len(), |at| start + at);
        let word = &rest[start..end];
        shown.push_str(&rest[..end]);
        rest = &rest[end..];
        let sign = rest.find(|letter: char| !matches!(letter, ' ' | '"' | '\'' | '=' | ':' | '\\'));
        let sign = sign.unwrap_or(rest.len());
        let is_given = rest[..sign].contains(['=', ':']) && is_named(word) && word != ROW_KEY;
        let is_bearer = word.eq_ignore_ascii_case("bearer") && rest[..sign] == *" ";
        if !is_given && !is_bearer {
            continue;
        }
        shown.push_str(&rest[..sign]);
        let value = &rest[sign..];
        // In quotation marks it may have blanks in it.
        let quote = rest[..sign].chars().last().filter(|last| matches!(last, '"' | '\''));
        let value_end = match quote {
            Some(quote) => value.find(quote),
            // A scheme stands before what is secret: `Authorization: Bearer …`.
            None if word.eq_ignore_ascii_case("authorization") => value.find(['\n', '"']),
            None => value.find(|letter: char| {
                letter.is_whitespace() || matches!(letter, ',' | ';' | '"' | '}' | ')')
            }),
        };
        let value_end = value_end.unwrap_or_else(|| value.trim_end_matches('\n').len());
        if value_end > 0 {
            shown.push_str(HIDDEN);
        }
        rest = &value[value_end..];
    }
    shown + rest
}

/// Hides private keys (RFC 7468).
fn without_keys(text: &str) -> String {
    const BEGIN: &str = "-----BEGIN ";
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(BEGIN) {
        let (before, block) = rest.split_at(start);
        shown.push_str(before);
        let label = block[BEGIN.len()..].split("-----").next().unwrap_or_default();
        if !label.contains("PRIVATE KEY") {
            shown.push_str(BEGIN);
            rest = &block[BEGIN.len()..];
            continue;
        }
        shown.push_str(HIDDEN);
        let end = format!("-----END {label}-----");
        rest = block.find(&end).map_or("", |at| &block[at + end.len()..]);
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_hidden_by_their_names_and_values_by_what_they_look_like() {
        let redaction = Redaction::of(&["consumer:tokenkey:topsecret1"]);
        let shown = redaction.json(&json!({
            "power_parameters": {"power_pass": "hidden1", "power_address": "10.0.0.1"},
            "webhook": {"secret": "hidden2", "url": "https://u:hidden3@hooks/"},
            "settings": [{"name": "vcenter_password", "value": "hidden4", "default": ""},
                {"name": "http_proxy", "value": "http://u:hidden5@proxy/"}],
            "said": "Authorization: Bearer hidden6 and topsecret1",
            "page_token": "kept", "secret": null,
        }));
        let text = shown.to_string();
        assert!(!text.contains("hidden") && !text.contains("topsecret1"), "{text}");
        assert_eq!(shown["power_parameters"]["power_address"], "10.0.0.1");
        assert_eq!((&shown["page_token"], &shown["secret"]), (&json!("kept"), &Value::Null));
    }

    #[test]
    fn texts_keep_what_is_not_secret() {
        let redaction = Redaction::default();
        for (text, shown) in [
            ("power_pass=abc rest", "power_pass=*** rest"),
            (
                "api_key = \"a:b:c\"\nurl = \"http://r1\"\n",
                "api_key = \"***\"\nurl = \"http://r1\"\n",
            ),
            ("{\"password\": \"a b\", \"x\": 1}", "{\"password\": \"***\", \"x\": 1}"),
            ("token: abc\n", "token: ***\n"),
            ("authorization: Bearer abc", "authorization: ***"),
            ("sent Bearer abc to r1", "sent Bearer *** to r1"),
            ("the password is wrong", "the password is wrong"),
            ("a token that is too old", "a token that is too old"),
            ("x\n-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\ny", "x\n***\ny"),
            ("-----BEGIN CERTIFICATE-----\nabc\n", "-----BEGIN CERTIFICATE-----\nabc\n"),
            ("-----BEGIN EC PRIVATE KEY-----\nabc", "***"),
        ] {
            assert_eq!(redaction.text(text), shown);
        }
    }
}

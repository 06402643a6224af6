//! What an identity token has to say (OpenID Connect Core 1.0 §3.1.3.7): by whom, for whom, until when, for which login.

use model::secret::Secret;
use serde_json::{Map, Value};

use crate::error::ClaimError;

/// How far clocks may be apart, in seconds.
pub const SKEW_S: u64 = 60;

/// The longest name of somebody at an issuer, in bytes (OpenID Connect Core 1.0 §2).
const SUBJECT_MAX: usize = 255;

/// What is expected of a token.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Who makes it.
    pub issuer: &'a str,
    /// What the issuer calls us.
    pub client_id: &'a str,
    /// What was made for this login.
    pub nonce: &'a Secret,
    /// The time, in seconds since the Unix epoch.
    pub now_s: u64,
}

/// The name of whom a token is of.
///
/// # Errors
/// [`ClaimError`], the first that is found.
pub fn check(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<String, ClaimError> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss").ok_or(ClaimError::Missing("iss"))? != expected.issuer {
        return Err(ClaimError::Issuer);
    }
    check_audience(claims, expected.client_id)?;
    check_times(claims, expected.now_s)?;
    let nonce = text("nonce").ok_or(ClaimError::Missing("nonce"))?;
    if !expected.nonce.matches(nonce.as_bytes()) {
        return Err(ClaimError::Nonce);
    }
    let subject = text("sub").filter(|subject| !subject.is_empty() && subject.len() <= SUBJECT_MAX);
    subject.map(str::to_owned).ok_or(ClaimError::Missing("sub"))
}

/// We are meant; and where others are as well, it was us that it was made for.
fn check_audience(claims: &Map<String, Value>, client_id: &str) -> Result<(), ClaimError> {
    let is_us = |value: &Value| value.as_str() == Some(client_id);
    let (is_meant, has_others) = match claims.get("aud") {
        Some(Value::Array(all)) => (all.iter().any(is_us), all.len() > 1),
        Some(one) => (is_us(one), false),
        None => return Err(ClaimError::Missing("aud")),
    };
    if !is_meant {
        return Err(ClaimError::Audience("aud"));
    }
    match claims.get("azp") {
        Some(party) if is_us(party) => Ok(()),
        None if !has_others => Ok(()),
        Some(_) | None => Err(ClaimError::Audience("azp")),
    }
}

fn check_times(claims: &Map<String, Value>, now_s: u64) -> Result<(), ClaimError> {
    let seconds = |name: &'static str| {
        let found = claims.get(name).map(|value| seconds(value).ok_or(ClaimError::Missing(name)));
        found.transpose()
    };
    let expires = seconds("exp")?.ok_or(ClaimError::Missing("exp"))?;
    let issued = seconds("iat")?.ok_or(ClaimError::Missing("iat"))?;
    if now_s >= expires.saturating_add(SKEW_S) {
        return Err(ClaimError::Expired);
    }
    let latest = now_s.saturating_add(SKEW_S);
    if issued > latest || seconds("nbf")?.is_some_and(|begins| begins > latest) {
        return Err(ClaimError::Future);
    }
    Ok(())
}

/// A time of a token. It may have a fraction, which does not matter here.
fn seconds(value: &Value) -> Option<u64> {
    let whole = |text: &str| text.split_once('.').map_or(text, |(whole, _)| whole).parse().ok();
    value.as_u64().or_else(|| whole(&value.as_number()?.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW_S: u64 = 1_800_000_000;

    /// What a good token says, with some claims replaced; those that are null are left out.
    #[track_caller]
    fn check_with(changes: Value, outcome: Result<&str, ClaimError>) {
        let mut claims = json!({
            "iss": "https://id.example.com", "aud": "maas", "sub": "4711", "nonce": "n",
            "iat": NOW_S - 5, "exp": NOW_S + 300,
        });
        let claims = claims.as_object_mut().unwrap();
        for (name, value) in changes.as_object().unwrap() {
            claims.insert(name.clone(), value.clone());
        }
        claims.retain(|_, value| !value.is_null());
        let nonce = Secret::from("n");
        let expected = Expected {
            issuer: "https://id.example.com",
            client_id: "maas",
            nonce: &nonce,
            now_s: NOW_S,
        };
        assert_eq!(check(claims, &expected), outcome.map(str::to_owned), "{changes}");
    }

    #[test]
    fn a_good_token_is_of_somebody() {
        check_with(json!({}), Ok("4711"));
        check_with(json!({ "aud": ["maas"], "nbf": NOW_S }), Ok("4711"));
        check_with(json!({ "aud": ["maas", "other"], "azp": "maas" }), Ok("4711"));
        check_with(json!({ "exp": 1_800_000_300.5 }), Ok("4711"));
    }

    #[test]
    fn a_token_of_or_for_somebody_else_is_refused() {
        check_with(json!({ "iss": "https://id.example.com/" }), Err(ClaimError::Issuer));
        check_with(json!({ "iss": null }), Err(ClaimError::Missing("iss")));
        check_with(json!({ "aud": "other" }), Err(ClaimError::Audience("aud")));
        check_with(json!({ "aud": [] }), Err(ClaimError::Audience("aud")));
        check_with(json!({ "aud": null }), Err(ClaimError::Missing("aud")));
        check_with(json!({ "aud": ["maas", "other"] }), Err(ClaimError::Audience("azp")));
        check_with(json!({ "azp": "other" }), Err(ClaimError::Audience("azp")));
        check_with(json!({ "nonce": "m" }), Err(ClaimError::Nonce));
        check_with(json!({ "nonce": null }), Err(ClaimError::Missing("nonce")));
        for subject in [json!(null), json!(""), json!(7), json!("x".repeat(256))] {
            check_with(json!({ "sub": subject }), Err(ClaimError::Missing("sub")));
        }
    }

    #[test]
    fn a_token_is_good_for_its_time_and_the_skew_of_clocks() {
        check_with(json!({ "exp": NOW_S - SKEW_S + 1 }), Ok("4711"));
        check_with(json!({ "exp": NOW_S - SKEW_S }), Err(ClaimError::Expired));
        check_with(json!({ "iat": NOW_S + SKEW_S }), Ok("4711"));
        check_with(json!({ "iat": NOW_S + SKEW_S + 1 }), Err(ClaimError::Future));
        check_with(json!({ "nbf": NOW_S + SKEW_S + 1 }), Err(ClaimError::Future));
        for wrong in [json!(null), json!("1900000000"), json!(-1), json!(1e300)] {
            check_with(json!({ "exp": wrong }), Err(ClaimError::Missing("exp")));
        }
        check_with(json!({ "nbf": "soon" }), Err(ClaimError::Missing("nbf")));
    }
}

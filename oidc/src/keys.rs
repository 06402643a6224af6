//! The keys that a provider publishes (JWKS, RFC 7517): those that signatures can be verified with.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// How many keys are read.
const KEYS_MAX: usize = 64;

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// Its name.
    pub id: Option<String>,
    /// The one algorithm that it is for, if it is for one.
    pub algorithm: Option<String>,
    /// The key.
    pub material: Material,
}

/// What a key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Material {
    /// Of RSA.
    Rsa {
        /// The modulus, big endian.
        modulus: Vec<u8>,
        /// The exponent, big endian.
        exponent: Vec<u8>,
    },
    /// A point of the curve P-256, uncompressed.
    P256(Vec<u8>),
    /// A point of the curve P-384, uncompressed.
    P384(Vec<u8>),
    /// Of Ed25519.
    Ed25519(Vec<u8>),
}

/// The keys of a set. Those of another kind, for another use, or that cannot be read, are left out.
#[must_use]
pub fn read(set: &Value) -> Vec<PublicKey> {
    let keys = set.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    keys.iter().take(KEYS_MAX).filter_map(read_key).collect()
}

fn read_key(key: &Value) -> Option<PublicKey> {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    if text("use").is_some_and(|used_for| used_for != "sig") {
        return None;
    }
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?.trim_end_matches('=')).ok();
    let point = |length: usize| {
        let (x, y) = (bytes("x")?, bytes("y")?);
        let is_point = x.len() == length && y.len() == length;
        is_point.then(|| [&[4], x.as_slice(), y.as_slice()].concat())
    };
    let material = match (text("kty")?, text("crv")) {
        ("RSA", _) => Material::Rsa { modulus: bytes("n")?, exponent: bytes("e")? },
        ("EC", Some("P-256")) => Material::P256(point(32)?),
        ("EC", Some("P-384")) => Material::P384(point(48)?),
        ("OKP", Some("Ed25519")) => Material::Ed25519(bytes("x")?),
        _ => return None,
    };
    let (id, algorithm) = (text("kid").map(str::to_owned), text("alg").map(str::to_owned));
    Some(PublicKey { id, algorithm, material })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_that_verify_nothing_are_left_out() {
        let set = json!({ "keys": [
            { "kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "a", "alg": "RS256" },
            { "kty": "RSA", "n": "AQAB", "e": "AQAB", "use": "enc" },
            { "kty": "oct", "k": "AQAB" },
            { "kty": "EC", "crv": "P-256", "x": "AQAB", "y": "AQAB" },
            { "kty": "EC", "crv": "P-521", "x": "AQAB", "y": "AQAB" },
            { "kty": "OKP", "crv": "Ed25519", "x": "!" },
            "nothing",
        ] });
        let keys = read(&set);
        assert_eq!(keys.len(), 1, "{keys:?}");
        assert_eq!(keys[0].id.as_deref(), Some("a"));
        assert_eq!(read(&json!({ "keys": {} })), []);
    }

    #[test]
    fn a_set_without_end_is_read_to_a_bound() {
        let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "AQAB" });
        assert_eq!(read(&json!({ "keys": vec![key; 1_000] })).len(), KEYS_MAX);
    }
}

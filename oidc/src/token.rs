//! Signed tokens (JWS in compact form, RFC 7515; algorithms of RFC 7518 and 8037): who signed.
//!
//! What a token says of how it is signed is only believed as far as it fits a key that the provider publishes: a key of RSA
//! verifies RSA and nothing else, and a shared secret signs nothing here.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::{Map, Value};

use crate::error::TokenError;
use crate::keys::{Material, PublicKey};

/// The longest token, in bytes.
const BYTES_MAX: usize = 64 << 10;

/// The longest name of an algorithm that is repeated, in characters.
const NAME_MAX: usize = 16;

/// How a token is signed.
#[derive(Clone, Copy)]
enum Algorithm {
    Rsa(&'static RsaParameters),
    P256(&'static dyn VerificationAlgorithm),
    P384(&'static dyn VerificationAlgorithm),
    Ed25519(&'static dyn VerificationAlgorithm),
}

/// A token that was read and not verified: nothing that it says is to be had before it is.
pub struct Token<'a> {
    name: String,
    algorithm: Algorithm,
    key_id: Option<String>,
    signed: &'a [u8],
    signature: Vec<u8>,
    payload: Vec<u8>,
}

impl std::fmt::Debug for Token<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("algorithm", &self.name).finish_non_exhaustive()
    }
}

impl<'a> Token<'a> {
    /// Reads a token.
    ///
    /// # Errors
    /// [`TokenError`] when it is no token, or is signed in a way that is not accepted.
    pub fn read(text: &'a str) -> Result<Self, TokenError> {
        if text.len() > BYTES_MAX {
            return Err(TokenError::Malformed("it is too long"));
        }
        let (signed, signature) =
            text.rsplit_once('.').ok_or(TokenError::Malformed("it has no signature"))?;
        let (header, payload) =
            signed.split_once('.').ok_or(TokenError::Malformed("it has not three parts"))?;
        let decoded = |part: &str| {
            URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed("it is no base64url"))
        };
        let header: Map<String, Value> = serde_json::from_slice(&decoded(header)?)
            .map_err(|_| TokenError::Malformed("its header is no JSON object"))?;
        if header.contains_key("crit") {
            return Err(TokenError::Malformed("its header has critical extensions"));
        }
        let text = |name: &str| header.get(name).and_then(Value::as_str);
        let name = text("alg").ok_or(TokenError::Malformed("its header names no algorithm"))?;
        Ok(Self {
            name: name.to_owned(),
            algorithm: algorithm(name)?,
            key_id: text("kid").map(str::to_owned),
            signed: signed.as_bytes(),
            signature: decoded(signature)?,
            payload: decoded(payload)?,
        })
    }

    /// What the token says, when one of these keys signed it.
    ///
    /// # Errors
    /// [`TokenError::UnknownKey`] when there is no key that could have, [`TokenError::Signature`] when none has.
    pub fn verified(&self, keys: &[PublicKey]) -> Result<Map<String, Value>, TokenError> {
        let mut candidates = keys.iter().filter(|key| self.may_be_of(key)).peekable();
        if candidates.peek().is_none() {
            return Err(TokenError::UnknownKey);
        }
        if !candidates.any(|key| self.is_of(&key.material)) {
            return Err(TokenError::Signature);
        }
        serde_json::from_slice(&self.payload)
            .map_err(|_| TokenError::Malformed("what it says is no JSON object"))
    }

    /// Whether a key is the one that it names, and is for its algorithm. A key without a name may be any.
    fn may_be_of(&self, key: &PublicKey) -> bool {
        let is_named = match (&self.key_id, &key.id) {
            (Some(wanted), Some(id)) => wanted == id,
            (None, _) | (_, None) => true,
        };
        let is_for = key.algorithm.as_ref().is_none_or(|algorithm| *algorithm == self.name);
        is_named && is_for && self.fits(&key.material)
    }

    fn fits(&self, material: &Material) -> bool {
        matches!(
            (self.algorithm, material),
            (Algorithm::Rsa(_), Material::Rsa { .. })
                | (Algorithm::P256(_), Material::P256(_))
                | (Algorithm::P384(_), Material::P384(_))
                | (Algorithm::Ed25519(_), Material::Ed25519(_))
        )
    }

    fn is_of(&self, material: &Material) -> bool {
        let by = |algorithm: &'static dyn VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(algorithm, key).verify(self.signed, &self.signature).is_ok()
        };
        match (self.algorithm, material) {
            (Algorithm::Rsa(parameters), Material::Rsa { modulus, exponent }) => {
                let key = RsaPublicKeyComponents { n: modulus, e: exponent };
                key.verify(parameters, self.signed, &self.signature).is_ok()
            }
            (Algorithm::P256(algorithm), Material::P256(key))
            | (Algorithm::P384(algorithm), Material::P384(key))
            | (Algorithm::Ed25519(algorithm), Material::Ed25519(key)) => by(algorithm, key),
            _ => false,
        }
    }
}

fn algorithm(name: &str) -> Result<Algorithm, TokenError> {
    Ok(match name {
        "RS256" => Algorithm::Rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        "RS384" => Algorithm::Rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
        "RS512" => Algorithm::Rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
        "PS256" => Algorithm::Rsa(&signature::RSA_PSS_2048_8192_SHA256),
        "PS384" => Algorithm::Rsa(&signature::RSA_PSS_2048_8192_SHA384),
        "PS512" => Algorithm::Rsa(&signature::RSA_PSS_2048_8192_SHA512),
        "ES256" => Algorithm::P256(&signature::ECDSA_P256_SHA256_FIXED),
        "ES384" => Algorithm::P384(&signature::ECDSA_P384_SHA384_FIXED),
        "EdDSA" | "Ed25519" => Algorithm::Ed25519(&signature::ED25519),
        none if none.eq_ignore_ascii_case("none") => return Err(TokenError::Unsigned),
        other => {
            let is_shown = |letter: &char| letter.is_ascii_alphanumeric();
            let shown = other.chars().filter(is_shown).take(NAME_MAX).collect();
            return Err(TokenError::Algorithm(shown));
        }
    })
}

#[cfg(test)]
mod tests;

//! Signatures of deliveries (Standard Webhooks): HMAC-SHA256 over id, timestamp and body, with dots in between.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::secret::Secret;
use ops::site::webhooks::key_of;
use ring::hmac;

/// The header with the name of a delivery, the same however often it is sent.
pub const ID: &str = "webhook-id";

/// The header with the time when it is sent, in seconds since the Unix epoch.
pub const TIMESTAMP: &str = "webhook-timestamp";

/// The header with its signature.
pub const SIGNATURE: &str = "webhook-signature";

/// The signature of a delivery, `v1,` and base64; none when the secret is no key.
#[must_use]
pub fn signature(secret: &Secret, id: &str, timestamp: u64, body: &[u8]) -> Option<String> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key_of(secret)?);
    let mut signing = hmac::Context::with_key(&key);
    signing.update(format!("{id}.{timestamp}.").as_bytes());
    signing.update(body);
    Some(format!("v1,{}", STANDARD.encode(signing.sign())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn the_signature_is_that_of_other_implementations() {
        let secret = Secret::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let body = br#"{"test": 2432232314}"#;
        let made = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(made.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn a_secret_that_is_no_key_signs_nothing() {
        for text in ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!"] {
            let secret = Secret::from(text.to_owned());
            assert_eq!(signature(&secret, "msg_1", 0, b""), None, "{text}");
        }
    }
}

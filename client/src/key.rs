//! An API key, and the header that it signs a request with: OAuth 1.0 with PLAINTEXT signatures
//! (RFC 5849 §3.4.4), as MAAS wants it.

use std::time::SystemTime;

use model::secret::Secret;

/// An API key: `consumer:token:secret`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    consumer: String,
    token: String,
    secret: Secret,
}

/// A text is no API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an API key has the form consumer:token:secret")]
pub struct InvalidKey;

impl ApiKey {
    /// Reads a key as `ironraft region init` prints it.
    ///
    /// # Errors
    /// [`InvalidKey`] when it has not three parts.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let parts: Vec<&str> = text.trim().split(':').collect();
        let [consumer, token, secret] = parts.as_slice() else { return Err(InvalidKey) };
        Ok(Self::new(consumer, token, secret))
    }

    /// A key from its parts.
    #[must_use]
    pub fn new(consumer: &str, token: &str, secret: &str) -> Self {
        Self { consumer: consumer.to_owned(), token: token.to_owned(), secret: secret.into() }
    }

    /// The key as MAAS's clients take it.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}:{}:{}", self.consumer, self.token, self.secret.expose())
    }

    /// The `Authorization` header of one request: it is good for one.
    #[must_use]
    pub fn authorization(&self) -> String {
        let Self { consumer, token, secret } = self;
        let secret = secret.expose();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        format!(
            "OAuth oauth_version=\"1.0\", oauth_signature_method=\"PLAINTEXT\", \
             oauth_consumer_key=\"{consumer}\", oauth_token=\"{token}\", \
             oauth_signature=\"%26{secret}\", oauth_timestamp=\"{}\", oauth_nonce=\"{:032x}\"",
            now.as_secs(),
            rand::random::<u128>(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_signs_as_oauth_plaintext() {
        let key = ApiKey::parse("a:b:c\n").unwrap();
        assert_eq!(key.text(), "a:b:c");
        let header = key.authorization();
        assert!(header.contains("oauth_consumer_key=\"a\""), "{header}");
        assert!(header.contains("oauth_signature=\"%26c\""), "{header}");
        assert_ne!(header, key.authorization(), "a nonce is used once");
        assert_eq!(ApiKey::parse("a:b"), Err(InvalidKey));
    }

    #[test]
    fn a_key_is_not_printed_with_its_secret() {
        assert!(!format!("{:?}", ApiKey::new("a", "b", "hidden")).contains("hidden"));
    }
}

//! OAuth 1.0 with the PLAINTEXT signature method (RFC 5849 §3.4.4), as MAAS's clients send it; HMAC-SHA1 is in
//! `signed.rs`.
//!
//! The six parameters come in the `Authorization` header or among the request's parameters. If one
//! of them is missing, the request is simply not authenticated, as in MAAS. The consumer secret is
//! always empty, so the signature is `&<token secret>`.

use percent_encoding::percent_decode_str;

/// What a caller presents.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The key of the consumer.
    pub consumer_key: String,
    /// The key of the token.
    pub token: String,
    /// `PLAINTEXT` or `HMAC-SHA1`.
    pub signature_method: String,
    /// The signature, decoded: `&<token secret>` when it is plain.
    pub signature: String,
    /// Seconds since the Unix epoch by the caller's clock.
    pub timestamp: String,
    /// A value that is used once.
    pub nonce: String,
    /// `1.0`, when it is sent.
    pub version: Option<String>,
}

impl Credentials {
    /// The credentials in an `Authorization` header.
    #[must_use]
    pub fn from_header(header: &str) -> Option<Self> {
        let (scheme, fields) = header.trim_start().split_once(char::is_whitespace)?;
        if !scheme.eq_ignore_ascii_case("oauth") {
            return None;
        }
        let fields: Vec<(String, String)> = fields
            .split(',')
            .filter_map(|field| field.trim().split_once('='))
            .map(|(name, value)| {
                let value = value.trim().trim_matches('"');
                let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
                (name.trim().to_owned(), value)
            })
            .collect();
        Self::from_fields(|wanted| {
            fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone())
        })
    }

    /// The credentials among named values, such as query parameters.
    pub fn from_fields(value_of: impl Fn(&str) -> Option<String>) -> Option<Self> {
        Some(Self {
            consumer_key: value_of("oauth_consumer_key")?,
            token: value_of("oauth_token")?,
            signature_method: value_of("oauth_signature_method")?,
            signature: value_of("oauth_signature")?,
            timestamp: value_of("oauth_timestamp")?,
            nonce: value_of("oauth_nonce")?,
            version: value_of("oauth_version"),
        })
    }

    /// Whether the signature is an HMAC of the request.
    #[must_use]
    pub fn covers_the_request(&self) -> bool {
        self.signature_method.eq_ignore_ascii_case("hmac-sha1")
    }

    /// The fields that such a signature covers: all but itself.
    #[must_use]
    pub fn fields(&self) -> Vec<(String, String)> {
        let fields = [
            ("oauth_consumer_key", Some(&self.consumer_key)),
            ("oauth_nonce", Some(&self.nonce)),
            ("oauth_signature_method", Some(&self.signature_method)),
            ("oauth_timestamp", Some(&self.timestamp)),
            ("oauth_token", Some(&self.token)),
            ("oauth_version", self.version.as_ref()),
        ];
        let sent = |(name, value): (&str, Option<&String>)| Some((name.to_owned(), value?.clone()));
        fields.into_iter().filter_map(sent).collect()
    }

    /// Whether the plain signature is that of a token with this secret; takes the same time for any
    /// wrong secret of the same length.
    #[must_use]
    pub fn is_signed_with(&self, secret: &str) -> bool {
        use subtle::ConstantTimeEq;
        let presented = self.signature.replace("%26", "&");
        let expected = format!("&{secret}");
        presented.as_bytes().ct_eq(expected.as_bytes()).into()
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("token", &self.token).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(header: &str, signed_with: Option<&str>) {
        let credentials = Credentials::from_header(header);
        match signed_with {
            None => assert_eq!(credentials, None),
            Some(secret) => {
                let credentials = credentials.unwrap();
                assert_eq!(
                    (credentials.consumer_key.as_str(), credentials.token.as_str()),
                    ("c", "t")
                );
                assert!(credentials.is_signed_with(secret));
                assert!(!credentials.is_signed_with("other"));
            }
        }
    }

    #[test]
    fn headers_of_the_known_clients_are_read() {
        check(
            "OAuth oauth_version=\"1.0\", oauth_nonce=\"1\", oauth_timestamp=\"2\", \
             oauth_signature_method=\"PLAINTEXT\", oauth_consumer_key=\"c\", oauth_token=\"t\", \
             oauth_signature=\"%26secret\"",
            Some("secret"),
        );
        check(
            "OAuth realm=\"\",oauth_nonce=1,oauth_timestamp=2,oauth_signature_method=PLAINTEXT,\
             oauth_consumer_key=c,oauth_token=t,oauth_signature=&secret",
            Some("secret"),
        );
    }

    #[test]
    fn other_schemes_and_missing_fields_are_no_credentials() {
        check("Basic dXNlcjpwYXNz", None);
        check("OAuth oauth_token=\"t\", oauth_consumer_key=\"c\"", None);
        check("", None);
    }
}

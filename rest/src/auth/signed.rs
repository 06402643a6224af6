//! OAuth 1.0 with the HMAC-SHA1 signature method (RFC 5849 §3.4.1, §3.4.2), which general OAuth libraries take unless
//! they are told otherwise: the signature covers the method, the URL and all parameters.
//!
//! The key is the token's secret behind the consumer's, which is empty. A form is covered too, so that such a request
//! is only known to be its sender's when its form has been read.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::hmac;

use crate::auth::oauth::Credentials;

/// What is not encoded: letters, digits and these (RFC 5849 §3.6).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a signature covers of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRequest {
    method: String,
    uri: String,
    params: Vec<(String, String)>,
}

impl SignedRequest {
    /// A request to `origin` (scheme and host) and `path`, with the parameters of its query and its form.
    #[must_use]
    pub fn new<'a>(
        method: &str,
        origin: &str,
        path: &str,
        params: impl Iterator<Item = (&'a str, &'a [String])>,
    ) -> Self {
        let origin = origin.to_ascii_lowercase();
        let default_port = if origin.starts_with("https:") { ":443" } else { ":80" };
        let origin = origin.strip_suffix(default_port).unwrap_or(&origin);
        let pairs = params.flat_map(|(name, values)| {
            values.iter().map(move |value| (name.to_owned(), value.clone()))
        });
        Self {
            method: method.to_ascii_uppercase(),
            uri: format!("{origin}{path}"),
            params: pairs.collect(),
        }
    }

    /// Whether the signature is that of a token with this secret, in a time that does not tell how near it is.
    #[must_use]
    pub fn is_signed_with(&self, credentials: &Credentials, secret: &str) -> bool {
        let Ok(signature) = STANDARD.decode(&credentials.signature) else { return false };
        let key = hmac::Key::new(
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            format!("&{}", encoded(secret)).as_bytes(),
        );
        hmac::verify(&key, self.base_string(credentials).as_bytes(), &signature).is_ok()
    }

    fn base_string(&self, credentials: &Credentials) -> String {
        let mut pairs: Vec<(String, String)> = self
            .params
            .iter()
            .filter(|(name, _)| !name.starts_with("oauth_"))
            .chain(&credentials.fields())
            .map(|(name, value)| (encoded(name), encoded(value)))
            .collect();
        pairs.sort_unstable();
        let pairs: Vec<String> =
            pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}&{}&{}", self.method, encoded(&self.uri), encoded(&pairs.join("&")))
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The request of RFC 5849 §1.2, whose signature stands there.
    #[test]
    fn the_signature_of_the_rfc_is_accepted() {
        let header = "OAuth realm=\"Photos\", oauth_consumer_key=\"dpf43f3p2l4k3l03\", \
            oauth_token=\"nnch734d00sl2jdk\", oauth_signature_method=\"HMAC-SHA1\", \
            oauth_timestamp=\"137131202\", oauth_nonce=\"chapoH\", \
            oauth_signature=\"MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D\"";
        let credentials = Credentials::from_header(header).unwrap();
        let params =
            [("file", vec!["vacation.jpg".to_owned()]), ("size", vec!["original".to_owned()])];
        let params = || params.iter().map(|(name, values)| (*name, values.as_slice()));
        let request =
            SignedRequest::new("get", "HTTP://photos.example.net:80", "/photos", params());
        let base = "GET&http%3A%2F%2Fphotos.example.net%2Fphotos&file%3Dvacation.jpg%26\
            oauth_consumer_key%3Ddpf43f3p2l4k3l03%26oauth_nonce%3DchapoH%26\
            oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131202%26\
            oauth_token%3Dnnch734d00sl2jdk%26size%3Doriginal";
        assert_eq!(request.base_string(&credentials), base);
        // The RFC's consumer has a secret: the same with the key that both secrets make.
        let key = hmac::Key::new(
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            b"kd94hf93k423kf44&pfkkdhi9sl3r4s00",
        );
        let signature = STANDARD.decode(&credentials.signature).unwrap();
        assert!(hmac::verify(&key, base.as_bytes(), &signature).is_ok());
        assert!(!request.is_signed_with(&credentials, "pfkkdhi9sl3r4s00"));
    }

    #[test]
    fn a_signature_is_of_one_request_and_one_secret() {
        let request = |method, path, value: &str| {
            let values = [value.to_owned()];
            let params = [("name", values.as_slice())];
            SignedRequest::new(method, "http://r1:5240", path, params.into_iter())
        };
        let signed = request("POST", "/MAAS/api/2.0/zones/", "a b+c~");
        let fields = |signature: &str| {
            let header = format!(
                "OAuth oauth_nonce=\"1\", oauth_timestamp=\"2\", oauth_version=\"1.0\", \
                 oauth_signature_method=\"HMAC-SHA1\", oauth_consumer_key=\"c\", oauth_token=\"t\", \
                 oauth_signature=\"{signature}\""
            );
            Credentials::from_header(&header).unwrap()
        };
        let base = signed.base_string(&fields(""));
        assert!(base.contains("name%3Da%2520b%252Bc~%26oauth_consumer_key"), "{base}");
        assert!(base.ends_with("%26oauth_version%3D1.0"), "{base}");
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"&secret");
        let signature = encoded(&STANDARD.encode(hmac::sign(&key, base.as_bytes())));
        let credentials = fields(&signature);
        assert!(signed.is_signed_with(&credentials, "secret"));
        assert!(!signed.is_signed_with(&credentials, "other"));
        for other in [
            request("PUT", "/MAAS/api/2.0/zones/", "a b+c~"),
            request("POST", "/MAAS/api/2.0/tags/", "a b+c~"),
            request("POST", "/MAAS/api/2.0/zones/", "b"),
        ] {
            assert!(!other.is_signed_with(&credentials, "secret"), "{other:?}");
        }
        assert!(!signed.is_signed_with(&fields("no base64"), "secret"));
    }
}

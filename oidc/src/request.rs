//! What is made for one login: what comes back with the browser, what is in the token, and what only we can show.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::oidc_provider::OidcProvider;
use model::secret::Secret;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::document::Document;

/// How many random bytes each has: 43 characters, the fewest that RFC 7636 allows.
const RANDOM_BYTES: usize = 32;

/// The secrets of a login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginSecrets {
    /// Comes back with the browser.
    pub state: Secret,
    /// Is in the token.
    pub nonce: Secret,
    /// Is shown when the code is exchanged; its hash is shown before.
    pub verifier: Secret,
}

impl LoginSecrets {
    /// New ones; none when there is no randomness.
    #[must_use]
    pub fn new() -> Option<Self> {
        Some(Self { state: random()?, nonce: random()?, verifier: random()? })
    }

    /// What the provider is shown of the verifier before.
    #[must_use]
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.expose()))
    }
}

fn random() -> Option<Secret> {
    let mut bytes = [0; RANDOM_BYTES];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes).into())
}

/// Where a browser is sent to log in.
#[must_use]
pub fn authorization_url(
    document: &Document,
    provider: &OidcProvider,
    secrets: &LoginSecrets,
) -> String {
    let challenge = secrets.challenge();
    let scopes = scopes(provider);
    let query = [
        ("response_type", "code"),
        ("client_id", &provider.client_id),
        ("redirect_uri", &provider.redirect_uri),
        ("scope", &scopes),
        ("state", secrets.state.expose()),
        ("nonce", secrets.nonce.expose()),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    // Texts always have such a form.
    let query = serde_urlencoded::to_string(query).unwrap_or_default();
    let endpoint = &document.authorization_endpoint;
    let (endpoint, _) = endpoint.split_once('#').unwrap_or((endpoint, ""));
    let sign = if endpoint.contains('?') { '&' } else { '?' };
    format!("{endpoint}{sign}{query}")
}

/// What is asked for: always who it is.
fn scopes(provider: &OidcProvider) -> String {
    let others = provider.scopes.split(' ').filter(|scope| !["", "openid"].contains(scope));
    std::iter::once("openid").chain(others).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::document::tests::provider;

    #[test]
    fn a_browser_is_sent_with_hashes_and_without_secrets() {
        let provider = provider("https://id.example.com");
        let document = json!({
            "issuer": "https://id.example.com",
            "authorization_endpoint": "https://id.example.com/authorize?tenant=x#top",
            "token_endpoint": "https://id.example.com/token",
            "jwks_uri": "https://id.example.com/jwks",
        });
        let document = Document::read(document, &provider).unwrap();
        let secrets = LoginSecrets::new().unwrap();
        let url = authorization_url(&document, &provider, &secrets);
        assert!(
            url.starts_with("https://id.example.com/authorize?tenant=x&response_type=code&"),
            "{url}"
        );
        assert!(url.contains("&scope=openid+profile+email&"), "{url}");
        assert!(url.contains(&format!("&state={}&", secrets.state.expose())), "{url}");
        assert!(url.ends_with("&code_challenge_method=S256"), "{url}");
        for hidden in [secrets.verifier.expose(), "hush"] {
            assert!(!url.contains(hidden), "{url}");
        }
        assert_ne!(LoginSecrets::new(), LoginSecrets::new());
    }

    /// RFC 7636, appendix B.
    #[test]
    fn the_challenge_is_that_of_the_standard() {
        let secrets = LoginSecrets {
            verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into(),
            ..LoginSecrets::new().unwrap()
        };
        assert_eq!(secrets.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}

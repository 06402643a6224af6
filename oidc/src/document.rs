//! What a provider says of itself (OpenID Connect Discovery 1.0): where it is asked for what.

use model::oidc_provider::OidcProvider;
use model::web_url::WebUrl;
use serde::Deserialize;
use serde_json::Value;

use crate::error::ProviderError;

/// The method of PKCE that is used.
const PKCE: &str = "S256";

/// What we use of the document.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Document {
    /// Who makes tokens.
    pub issuer: String,
    /// Where browsers are sent.
    pub authorization_endpoint: String,
    /// Where codes are exchanged.
    pub token_endpoint: String,
    /// Where its keys are.
    pub jwks_uri: String,
    /// Where more is told of a user.
    pub userinfo_endpoint: Option<String>,
    /// How clients may show who they are at the token endpoint.
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// The methods of PKCE; unknown where it does not say.
    pub code_challenge_methods_supported: Option<Vec<String>>,
    /// Whether who comes back brings the issuer's name (RFC 9207).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

/// The address of the document of a provider.
#[must_use]
pub fn address(provider: &OidcProvider) -> String {
    let issuer = provider.issuer_url.trim_end_matches('/');
    format!("{issuer}/.well-known/openid-configuration")
}

impl Document {
    /// The document of a provider.
    ///
    /// # Errors
    /// [`ProviderError::Unusable`] when it is of another issuer, or names addresses that are not asked.
    pub fn read(value: Value, provider: &OidcProvider) -> Result<Self, ProviderError> {
        let wrong =
            |reason: String| ProviderError::Unusable { what: "the discovery document", reason };
        let document: Self =
            serde_json::from_value(value).map_err(|error| wrong(error.to_string()))?;
        let wanted = provider.issuer_url.trim_end_matches('/');
        if document.issuer.trim_end_matches('/') != wanted {
            return Err(wrong("it is of another issuer than issuer_url says".to_owned()));
        }
        let asked = [
            ("authorization_endpoint", Some(&document.authorization_endpoint)),
            ("token_endpoint", Some(&document.token_endpoint)),
            ("jwks_uri", Some(&document.jwks_uri)),
            ("userinfo_endpoint", document.userinfo_endpoint.as_ref()),
        ];
        for (name, url) in asked {
            let Some(url) = url else { continue };
            if WebUrl::parse(url).is_none() {
                return Err(wrong(format!("its {name} is no address")));
            }
            if provider.is_open(url) {
                return Err(wrong(format!("its {name} is not asked, because it is not https")));
            }
        }
        if document
            .code_challenge_methods_supported
            .as_ref()
            .is_some_and(|methods| !methods.iter().any(|method| method == PKCE))
        {
            return Err(wrong(format!("the provider does not know PKCE with {PKCE}")));
        }
        Ok(document)
    }

    /// Whether a client shows its password in the form, and not as HTTP's Basic does.
    #[must_use]
    pub fn wants_secret_in_form(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_deref().unwrap_or_default();
        let knows = |name: &str| methods.iter().any(|method| method == name);
        knows("client_secret_post") && !knows("client_secret_basic")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use model::id::OidcProviderId;
    use model::oidc_provider::{AccessTokenType, CALLBACK_PATHS, SESSION_LENGTH_DEFAULT_S};
    use model::time::Timestamp;
    use serde_json::json;

    use super::*;

    /// A provider on this host.
    pub(crate) fn provider(issuer_url: &str) -> OidcProvider {
        OidcProvider {
            id: OidcProviderId(1),
            name: "corp".to_owned(),
            issuer_url: issuer_url.to_owned(),
            client_id: "maas".to_owned(),
            client_secret: "hush".into(),
            enabled: true,
            token_type: AccessTokenType::Jwt,
            redirect_uri: format!("https://maas.example.com{}", CALLBACK_PATHS[0]),
            scopes: "profile email".to_owned(),
            groups_claim: "groups".to_owned(),
            admin_groups: Vec::new(),
            user_groups: Vec::new(),
            username_claim: String::new(),
            session_length_s: SESSION_LENGTH_DEFAULT_S,
            allow_http: false,
            created: Timestamp::default(),
            updated: Timestamp::default(),
        }
    }

    /// A document with some members replaced.
    fn document(changes: &Value) -> Value {
        let mut document = json!({
            "issuer": "https://id.example.com",
            "authorization_endpoint": "https://id.example.com/authorize",
            "token_endpoint": "https://tokens.example.com/token",
            "jwks_uri": "https://id.example.com/jwks",
            "response_types_supported": ["code"],
        });
        for (name, value) in changes.as_object().unwrap() {
            document[name] = value.clone();
        }
        document
    }

    #[track_caller]
    fn check(changes: Value, reason: Option<&str>) {
        let provider = provider("https://id.example.com/");
        let said = Document::read(document(&changes), &provider).map_err(|error| error.to_string());
        match reason {
            None => assert!(said.is_ok(), "{changes}: {said:?}"),
            Some(reason) => {
                assert!(said.as_ref().is_err_and(|said| said.contains(reason)), "{said:?}");
            }
        }
    }

    #[test]
    fn a_document_is_of_its_provider_and_sends_nobody_where_others_listen() {
        check(json!({}), None);
        check(json!({ "code_challenge_methods_supported": ["plain", "S256"] }), None);
        check(json!({ "issuer": "https://evil.example" }), Some("of another issuer"));
        check(
            json!({ "token_endpoint": "http://id.example.com/token" }),
            Some("token_endpoint is not asked"),
        );
        check(json!({ "jwks_uri": "file:///etc/passwd" }), Some("jwks_uri is no address"));
        check(json!({ "token_endpoint": null }), Some("invalid type"));
        check(json!({ "code_challenge_methods_supported": ["plain"] }), Some("S256"));
    }

    #[test]
    fn a_secret_is_shown_where_the_provider_wants_it() {
        let read = |changes| {
            Document::read(document(&changes), &provider("https://id.example.com")).unwrap()
        };
        assert!(!read(json!({})).wants_secret_in_form());
        let key = "token_endpoint_auth_methods_supported";
        assert!(read(json!({ key: ["client_secret_post"] })).wants_secret_in_form());
        assert!(
            !read(json!({ key: ["client_secret_post", "client_secret_basic"] }))
                .wants_secret_in_form()
        );
    }
}

//! OpenID Connect providers (MAAS `oidc-providers`): where users may log in besides here, and what their groups there
//! make them here.
//!
//! Pure: claims are passed once it is known that the provider made them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::OidcProviderId;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::web_url::WebUrl;

/// Where a provider may send browsers back to: MAAS's path, and ours.
pub const CALLBACK_PATHS: [&str; 2] =
    ["/MAAS/r/login/oidc/callback", "/MAAS/accounts/oidc/callback/"];

/// How long a session of its users lasts unless the operator says otherwise, in seconds.
pub const SESSION_LENGTH_DEFAULT_S: u32 = 12 * 3_600;

/// The claim that has a user's groups unless the operator says otherwise.
pub const GROUPS_CLAIM_DEFAULT: &str = "groups";

/// The longest of each text, in characters.
const TEXT_MAX: usize = 1_024;
/// The longest name, in characters.
const NAME_MAX: usize = 255;
/// How many groups a role may have.
const GROUPS_MAX: usize = 256;
/// How long a session may last, in seconds.
const SESSION_LENGTH_S: std::ops::RangeInclusive<u32> = 60..=30 * 24 * 3_600;
/// How many groups of a user are looked at.
const LOOKED_AT_MAX: usize = 4_096;

/// What a provider's access tokens are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccessTokenType {
    /// JSON web tokens: the signed identity token says all that is asked.
    Jwt,
    /// Texts that mean something to the provider only: its userinfo endpoint is asked for what the identity token has not.
    Opaque,
}

/// A provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OidcProvider {
    /// Its id.
    pub id: OidcProviderId,
    /// Its name, which no other one has.
    pub name: String,
    /// Its issuer: where its discovery document is.
    pub issuer_url: String,
    /// What it calls us.
    pub client_id: String,
    /// How we show that it is us; empty for a public client.
    pub client_secret: Secret,
    /// Whether users log in there. One is at most.
    pub enabled: bool,
    /// What its access tokens are.
    pub token_type: AccessTokenType,
    /// Where it sends browsers back to, as it is registered there.
    pub redirect_uri: String,
    /// What is asked for besides `openid`, with blanks in between.
    pub scopes: String,
    /// The claim with a user's groups; with dots, a claim within a claim.
    pub groups_claim: String,
    /// Who is in one of these is a superuser.
    pub admin_groups: Vec<String>,
    /// Who is in one of these is a user; everybody when there are none.
    pub user_groups: Vec<String>,
    /// The claim with a user's name; `preferred_username`, or else `email`, when it is empty.
    pub username_claim: String,
    /// How long a session of its users lasts at most, in seconds.
    pub session_length_s: u32,
    /// Whether it may be asked without TLS.
    pub allow_http: bool,
    /// When it was made.
    pub created: Timestamp,
    /// When it was changed.
    pub updated: Timestamp,
}

/// A value that a provider cannot have: the field, and what is said about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invalid {
    /// The field.
    pub field: &'static str,
    /// What is wrong.
    pub message: &'static str,
}

/// What a user of a provider is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// A superuser.
    Superuser,
    /// A user.
    User,
    /// Nobody: it is in none of the groups.
    Refused,
}

impl OidcProvider {
    /// Everything that is wrong with it.
    #[must_use]
    pub fn check(&self) -> Vec<Invalid> {
        let is_long = |text: &str| text.chars().count() > TEXT_MAX;
        let are_long = |groups: &[String]| {
            groups.len() > GROUPS_MAX || groups.iter().any(|group| is_long(group))
        };
        let is_path = |path: &str| {
            WebUrl::parse(&self.redirect_uri).is_some_and(|url| url.path.ends_with(path))
        };
        let name_length = self.name.chars().count();
        let long = "It is too long.";
        let not_encrypted =
            "Only https is asked, or this host itself; allow_http=true allows http.";
        let checks = [
            (name_length == 0, "name", "This field is required."),
            (name_length > NAME_MAX, "name", long),
            (
                !is_address(&self.issuer_url),
                "issuer_url",
                "Issuer URL must be a valid HTTP or HTTPS address.",
            ),
            (self.is_open(&self.issuer_url), "issuer_url", not_encrypted),
            (
                !is_address(&self.redirect_uri),
                "redirect_uri",
                "Redirect URI must be a valid HTTP or HTTPS address.",
            ),
            (self.is_open(&self.redirect_uri), "redirect_uri", not_encrypted),
            (
                is_address(&self.redirect_uri) && !CALLBACK_PATHS.into_iter().any(is_path),
                "redirect_uri",
                "Its path must be /MAAS/r/login/oidc/callback or /MAAS/accounts/oidc/callback/.",
            ),
            (self.client_id.is_empty(), "client_id", "This field is required."),
            (is_long(&self.client_id), "client_id", long),
            (is_long(self.client_secret.expose()), "client_secret", long),
            (is_long(&self.scopes), "scopes", long),
            (
                !self.scopes.split(' ').all(is_scope),
                "scopes",
                "Scopes are words with blanks in between.",
            ),
            (self.groups_claim.is_empty(), "groups_claim", "This field is required."),
            (is_long(&self.groups_claim), "groups_claim", long),
            (is_long(&self.username_claim), "username_claim", long),
            (are_long(&self.admin_groups), "admin_groups", long),
            (are_long(&self.user_groups), "user_groups", long),
            (
                !SESSION_LENGTH_S.contains(&self.session_length_s),
                "session_length",
                "It is between a minute and 30 days, in seconds.",
            ),
        ];
        let found = checks.into_iter().filter(|(is_wrong, _, _)| *is_wrong);
        found.map(|(_, field, message)| Invalid { field, message }).collect()
    }

    /// Whether others could read what is sent there, and nobody allowed that.
    #[must_use]
    pub fn is_open(&self, url: &str) -> bool {
        !self.allow_http && WebUrl::parse(url).is_some_and(|url| !url.is_private())
    }

    /// What the user is here that these claims are of.
    #[must_use]
    pub fn admit(&self, claims: &Map<String, Value>) -> Admission {
        let groups = texts(claim(claims, &self.groups_claim));
        let is_in = |wanted: &[String]| {
            groups.iter().take(LOOKED_AT_MAX).any(|group| wanted.iter().any(|name| name == group))
        };
        if is_in(&self.admin_groups) {
            Admission::Superuser
        } else if self.user_groups.is_empty() || is_in(&self.user_groups) {
            Admission::User
        } else {
            Admission::Refused
        }
    }

    /// The name that a user has there; none when no claim has one.
    #[must_use]
    pub fn username<'a>(&self, claims: &'a Map<String, Value>) -> Option<&'a str> {
        let usual = ["preferred_username", "email"];
        let own = [self.username_claim.as_str()];
        let names = if self.username_claim.is_empty() { &usual[..] } else { &own[..] };
        let mut found = names.iter().filter_map(|name| claim(claims, name)?.as_str());
        found.find(|name| !name.is_empty())
    }
}

/// The value of a claim; with dots, of a claim within a claim.
fn claim<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(name) {
        return Some(value);
    }
    let (outer, inner) = name.split_once('.')?;
    claim(claims.get(outer)?.as_object()?, inner)
}

fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => {
            Vec::new()
        }
    }
}

fn is_address(url: &str) -> bool {
    WebUrl::parse(url).is_some_and(|url| !url.path.contains(['?', '#']))
}

/// A scope as RFC 6749 §3.3 has it; none at all is none.
fn is_scope(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn provider() -> OidcProvider {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        OidcProvider {
            id: OidcProviderId(1),
            name: "corp".to_owned(),
            issuer_url: "https://id.example.com/realms/site".to_owned(),
            client_id: "maas".to_owned(),
            client_secret: "hush".into(),
            enabled: true,
            token_type: AccessTokenType::Jwt,
            redirect_uri: "https://maas.example.com/MAAS/r/login/oidc/callback".to_owned(),
            scopes: "profile email".to_owned(),
            groups_claim: "realm_access.roles".to_owned(),
            admin_groups: words(&["maas-admins"]),
            user_groups: words(&["maas-users"]),
            username_claim: String::new(),
            session_length_s: SESSION_LENGTH_DEFAULT_S,
            allow_http: false,
            created: Timestamp::default(),
            updated: Timestamp::default(),
        }
    }

    fn claims(value: Value) -> Map<String, Value> {
        value.as_object().expect("an object").clone()
    }

    #[test]
    fn groups_say_who_is_a_superuser_who_a_user_and_who_nobody() {
        let provider = provider();
        for (groups, admission) in [
            (json!(["maas-users", "maas-admins"]), Admission::Superuser),
            (json!("maas-admins"), Admission::Superuser),
            (json!(["maas-users"]), Admission::User),
            (json!(["MAAS-ADMINS", "maas-admins "]), Admission::Refused),
            (json!({ "maas-admins": true }), Admission::Refused),
            (json!(null), Admission::Refused),
        ] {
            let claims = claims(json!({ "realm_access": { "roles": groups } }));
            assert_eq!(provider.admit(&claims), admission, "{claims:?}");
        }
        let nothing = claims(json!({ "groups": ["maas-admins"] }));
        assert_eq!(provider.admit(&nothing), Admission::Refused, "another claim says nothing");
        let open = OidcProvider { user_groups: Vec::new(), ..provider };
        assert_eq!(open.admit(&nothing), Admission::User);
        let named = claims(json!({ "realm_access.roles": ["maas-admins"] }));
        assert_eq!(open.admit(&named), Admission::Superuser);
    }

    #[test]
    fn a_user_is_called_what_its_claims_say() {
        let mut provider = provider();
        let both = claims(
            json!({ "preferred_username": "anna", "email": "anna@example.com", "upn": "a" }),
        );
        assert_eq!(provider.username(&both), Some("anna"));
        let mail = claims(json!({ "preferred_username": "", "email": "anna@example.com" }));
        assert_eq!(provider.username(&mail), Some("anna@example.com"));
        provider.username_claim = "upn".to_owned();
        assert_eq!(provider.username(&both), Some("a"));
        assert_eq!(provider.username(&mail), None, "what is chosen is not made up for");
    }

    #[track_caller]
    fn check(provider: &OidcProvider, fields: &[&str]) {
        let wrong: Vec<&str> = provider.check().iter().map(|wrong| wrong.field).collect();
        assert_eq!(wrong, fields, "{provider:?}");
    }

    #[test]
    fn what_cannot_be_a_provider_is_told_by_field() {
        check(&provider(), &[]);
        let http = "http://id.example.com".to_owned();
        check(&OidcProvider { issuer_url: http.clone(), ..provider() }, &["issuer_url"]);
        check(&OidcProvider { issuer_url: http, allow_http: true, ..provider() }, &[]);
        check(&OidcProvider { issuer_url: "http://127.0.0.1:9400".to_owned(), ..provider() }, &[]);
        for redirect in
            ["https://evil.example/", "x", "https://a.b/MAAS/accounts/oidc/callback/?next=x"]
        {
            check(
                &OidcProvider { redirect_uri: redirect.to_owned(), ..provider() },
                &["redirect_uri"],
            );
        }
        check(&OidcProvider { scopes: "a \"b".to_owned(), ..provider() }, &["scopes"]);
        check(&OidcProvider { session_length_s: 5, ..provider() }, &["session_length"]);
        check(
            &OidcProvider { client_id: String::new(), name: "x".repeat(256), ..provider() },
            &["name", "client_id"],
        );
    }
}

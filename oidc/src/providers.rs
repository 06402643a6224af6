//! Providers as this node knows them. What they publish is kept for a while, so that a login asks no more than it has to;
//! a key that is not known is looked for again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::Full;
use model::oidc_provider::{AccessTokenType, OidcProvider};
use model::secret::Secret;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::claims::{self, Expected};
use crate::document::{self, Document};
use crate::error::{ClaimError, ProviderError, TokenError};
use crate::fetch::Fetcher;
use crate::keys::{self, PublicKey};
use crate::request::LoginSecrets;
use crate::token::Token;

/// How long what a provider publishes is used before it is read again.
const KEPT: Duration = Duration::from_secs(3_600);

/// How long nobody asks again after a failure, or for a key that is not there.
const PAUSE: Duration = Duration::from_secs(5);

/// Of how many providers something is kept.
const PROVIDERS_MAX: usize = 16;

/// The longest reason of a provider that is repeated, in characters.
const REASON_MAX: usize = 64;

/// What a provider publishes.
#[derive(Debug)]
pub struct Published {
    /// Its document.
    pub document: Document,
    keys: Vec<PublicKey>,
    read: Instant,
}

/// Whom a provider vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// The issuer.
    pub issuer: String,
    /// Its name for that person, which never is another's.
    pub subject: String,
    /// What it says of that person.
    pub claims: Map<String, Value>,
}

/// What somebody brought back from a provider.
#[derive(Debug, Clone)]
pub struct Returned<'a> {
    /// What is exchanged for a token.
    pub code: &'a Secret,
    /// What was made for the login.
    pub secrets: &'a LoginSecrets,
    /// The time, in seconds since the Unix epoch.
    pub now_s: u64,
}

#[derive(Debug, Default)]
struct Entry {
    published: Option<Arc<Published>>,
    failed: Option<(Instant, ProviderError)>,
}

/// All providers that were asked; none at first.
#[derive(Debug)]
pub struct Providers {
    /// How long nobody asks again.
    pause: Duration,
    /// Whom the host trusts is read when somebody is asked for the first time.
    fetcher: OnceLock<Result<Fetcher, String>>,
    entries: Mutex<BTreeMap<String, Entry>>,
    /// One reads what is published; who comes meanwhile has it, too.
    reading: tokio::sync::Mutex<()>,
}

impl Default for Providers {
    fn default() -> Self {
        Self::pausing(PAUSE)
    }
}

impl Providers {
    /// Asked again so long after a failure, or for a key that is not there, at the earliest.
    #[must_use]
    pub fn pausing(pause: Duration) -> Self {
        let (fetcher, entries, reading) =
            (OnceLock::new(), Mutex::default(), tokio::sync::Mutex::default());
        Self { pause, fetcher, entries, reading }
    }

    /// What a provider publishes, as it is known or is read now.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn published(
        &self,
        provider: &OidcProvider,
    ) -> Result<Arc<Published>, ProviderError> {
        if let Some(known) = self.known(provider) {
            return known;
        }
        let _reading = self.reading.lock().await;
        match self.known(provider) {
            Some(known) => known,
            None => match self.read(provider).await {
                Err(error) => self.known(provider).unwrap_or(Err(error)),
                read => read,
            },
        }
    }

    /// What a provider publishes now, whatever is known of it.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn read(&self, provider: &OidcProvider) -> Result<Arc<Published>, ProviderError> {
        let read = self.ask_for_published(provider).await;
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= PROVIDERS_MAX {
            entries.clear();
        }
        let entry = entries.entry(key(provider)).or_default();
        match read {
            Ok(published) => {
                let published = Arc::new(published);
                *entry = Entry { published: Some(Arc::clone(&published)), failed: None };
                Ok(published)
            }
            Err(error) => {
                tracing::warn!("the OIDC provider {} cannot be used: {error}", provider.name);
                entry.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// Whom a provider vouches for: exchanges the code, and verifies what it gets for it.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn vouched(
        &self,
        provider: &OidcProvider,
        returned: &Returned<'_>,
    ) -> Result<Vouched, ProviderError> {
        let published = self.published(provider).await?;
        let answer = self.exchange(provider, &published.document, returned).await?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        let missing = || unusable("the answer to the code", "it has no identity token".to_owned());
        let token = Token::read(text("id_token").ok_or_else(missing)?)?;
        let (claims, published) = self.verified(provider, published, &token).await?;
        let issuer = published.document.issuer.clone();
        let expected = Expected {
            issuer: &issuer,
            client_id: &provider.client_id,
            nonce: &returned.secrets.nonce,
            now_s: returned.now_s,
        };
        let subject = claims::check(&claims, &expected)?;
        let mut vouched = Vouched { issuer, subject, claims };
        if provider.token_type == AccessTokenType::Opaque {
            let access = text("access_token").map(Secret::from);
            self.add_userinfo(&mut vouched, &published.document, access).await?;
        }
        Ok(vouched)
    }

    fn fetcher(&self) -> Result<&Fetcher, ProviderError> {
        let made = self.fetcher.get_or_init(|| Fetcher::new().map_err(|error| error.to_string()));
        made.as_ref().map_err(|reason| unusable("the trust of this host", reason.clone()))
    }

    /// What is known, and new enough, or failed just now.
    fn known(&self, provider: &OidcProvider) -> Option<Result<Arc<Published>, ProviderError>> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(&key(provider))?;
        let has_failed = entry.failed.as_ref().filter(|(at, _)| at.elapsed() < self.pause);
        match &entry.published {
            // While it cannot be read again, what was read before is used.
            Some(published) if has_failed.is_some() || published.read.elapsed() < KEPT => {
                Some(Ok(Arc::clone(published)))
            }
            Some(_) | None => has_failed.map(|(_, error)| Err(error.clone())),
        }
    }

    async fn ask_for_published(&self, provider: &OidcProvider) -> Result<Published, ProviderError> {
        let found = self.get("the discovery document", &document::address(provider), None).await?;
        let document = Document::read(found, provider)?;
        let keys = keys::read(&self.get("the key set", &document.jwks_uri, None).await?);
        Ok(Published { document, keys, read: Instant::now() })
    }

    /// What a token says; the provider may have another key than it had.
    async fn verified(
        &self,
        provider: &OidcProvider,
        published: Arc<Published>,
        token: &Token<'_>,
    ) -> Result<(Map<String, Value>, Arc<Published>), ProviderError> {
        match token.verified(&published.keys) {
            Err(TokenError::UnknownKey) if published.read.elapsed() >= self.pause => {
                let published = self.read(provider).await?;
                Ok((token.verified(&published.keys)?, published))
            }
            other => Ok((other?, published)),
        }
    }

    async fn exchange(
        &self,
        provider: &OidcProvider,
        document: &Document,
        returned: &Returned<'_>,
    ) -> Result<Map<String, Value>, ProviderError> {
        let (client_id, secret) = (provider.client_id.as_str(), &provider.client_secret);
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", returned.code.expose()),
            ("redirect_uri", &provider.redirect_uri),
            ("code_verifier", returned.secrets.verifier.expose()),
        ];
        let is_in_form = secret.is_empty() || document.wants_secret_in_form();
        if is_in_form {
            form.push(("client_id", client_id));
        }
        if is_in_form && !secret.is_empty() {
            form.push(("client_secret", secret.expose()));
        }
        let what = "the token endpoint";
        let body = serde_urlencoded::to_string(form);
        let body = body.map_err(|error| unusable(what, error.to_string()))?;
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(&document.token_endpoint)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if !is_in_form {
            request = request.header(header::AUTHORIZATION, basic(client_id, secret));
        }
        let request = request.body(Full::new(Bytes::from(body)));
        let request = request.map_err(|error| unusable(what, error.to_string()))?;
        let fetched = self.fetcher()?.send(request).await?;
        match (fetched.status, fetched.json) {
            (StatusCode::OK, Value::Object(answer)) => Ok(answer),
            (_, answer) => match answer.get("error").and_then(Value::as_str) {
                Some(error) => Err(ProviderError::Code(plain(error))),
                None => Err(unusable(what, format!("it answers {}", fetched.status))),
            },
        }
    }

    /// What the userinfo endpoint tells besides. What was signed is not replaced.
    async fn add_userinfo(
        &self,
        vouched: &mut Vouched,
        document: &Document,
        access: Option<Secret>,
    ) -> Result<(), ProviderError> {
        let what = "the userinfo endpoint";
        let missing = |reason: &str| unusable(what, reason.to_owned());
        let url = document.userinfo_endpoint.as_deref();
        let url = url.ok_or_else(|| missing("the discovery document names none"))?;
        let access = access.ok_or_else(|| missing("there is no access token for it"))?;
        let Value::Object(told) = self.get(what, url, Some(&access)).await? else {
            return Err(missing("it answers no JSON object"));
        };
        if told.get("sub").and_then(Value::as_str) != Some(&vouched.subject) {
            return Err(ClaimError::Subject.into());
        }
        for (name, value) in told {
            vouched.claims.entry(name).or_insert(value);
        }
        Ok(())
    }

    async fn get(
        &self,
        what: &'static str,
        url: &str,
        access: Option<&Secret>,
    ) -> Result<Value, ProviderError> {
        let mut request = Request::get(url);
        if let Some(access) = access {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", access.expose()));
        }
        let request = request.body(Full::default());
        let request = request.map_err(|_| unusable(what, "it cannot be asked".to_owned()))?;
        let fetched = self.fetcher()?.send(request).await?;
        match (fetched.status, fetched.json) {
            (StatusCode::OK, Value::Null) => Err(unusable(what, "it is no JSON".to_owned())),
            (StatusCode::OK, found) => Ok(found),
            (status, _) => Err(unusable(what, format!("it answers {status}"))),
        }
    }
}

/// What is kept is of an issuer, and of what may be asked without TLS.
fn key(provider: &OidcProvider) -> String {
    format!("{} {}", provider.allow_http, provider.issuer_url)
}

fn unusable(what: &'static str, reason: String) -> ProviderError {
    ProviderError::Unusable { what, reason }
}

/// HTTP's Basic with both parts encoded (RFC 6749 §2.3.1).
fn basic(client_id: &str, secret: &Secret) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let both = format!("{}:{}", encoded(client_id), encoded(secret.expose()));
    format!("Basic {}", STANDARD.encode(both))
}

/// The word that somebody else says of an error, as far as it is one.
#[must_use]
pub fn plain(error: &str) -> String {
    let is_shown = |letter: &char| letter.is_ascii_alphanumeric() || "_-.".contains(*letter);
    error.chars().filter(is_shown).take(REASON_MAX).collect()
}

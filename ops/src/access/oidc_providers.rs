//! OpenID Connect providers that users log in at. One is enabled at most, as in MAAS.

use api::field_errors::FieldErrors;
use model::access::{Actor, Permission};
use model::error::Kind;
use model::id::OidcProviderId;
use model::oidc_provider::{
    AccessTokenType, GROUPS_CLAIM_DEFAULT, OidcProvider, SESSION_LENGTH_DEFAULT_S,
};
use model::secret::{HIDDEN, Secret};
use model::time::Timestamp;

use crate::authorize::authorize;
use crate::error::Refusal;
use tables::accounts::OIDC_PROVIDER_BY_NAME;
use tables::error::TableError;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

/// That one is enabled at most.
const GUARD: &str = "oidcproviders";

/// What shall be set of a provider; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct OidcProviderChange {
    /// Its name.
    pub name: Option<String>,
    /// Its issuer.
    pub issuer_url: Option<String>,
    /// What it calls us.
    pub client_id: Option<String>,
    /// How we show that it is us.
    pub client_secret: Option<Secret>,
    /// Whether users log in there.
    pub enabled: Option<bool>,
    /// What its access tokens are.
    pub token_type: Option<AccessTokenType>,
    /// Where it sends browsers back to.
    pub redirect_uri: Option<String>,
    /// What is asked for.
    pub scopes: Option<String>,
    /// The claim with a user's groups.
    pub groups_claim: Option<String>,
    /// The groups of superusers.
    pub admin_groups: Option<Vec<String>>,
    /// The groups of users.
    pub user_groups: Option<Vec<String>>,
    /// The claim with a user's name.
    pub username_claim: Option<String>,
    /// How long a session lasts at most, in seconds.
    pub session_length_s: Option<u32>,
    /// Whether it may be asked without TLS.
    pub allow_http: Option<bool>,
}

/// All providers.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor) -> Result<Vec<OidcProvider>, Refusal> {
    authorize(actor, Permission::ManageSuperusers, "oidcprovider.list")?;
    Ok(tables.view().await?.list::<OidcProvider>()?)
}

/// A provider.
///
/// # Errors
/// [`Refusal::Message`] when there is none.
pub async fn get(
    tables: &Tables,
    actor: &Actor,
    id: OidcProviderId,
) -> Result<OidcProvider, Refusal> {
    authorize(actor, Permission::ManageSuperusers, "oidcprovider.read")?;
    tables.view().await?.get::<OidcProvider>(&id)?.ok_or_else(|| missing(id))
}

/// The provider that users log in at, for administrators.
///
/// # Errors
/// [`Refusal::Message`] when there is none.
pub async fn active(tables: &Tables, actor: &Actor) -> Result<OidcProvider, Refusal> {
    authorize(actor, Permission::ManageSuperusers, "oidcprovider.read")?;
    let none = || Refusal::with_message(Kind::NotFound, "No enabled OIDC provider found.");
    enabled(tables).await?.ok_or_else(none)
}

/// The provider that users log in at; none when they log in here only.
///
/// # Errors
/// [`TableError`].
pub async fn enabled(tables: &Tables) -> Result<Option<OidcProvider>, TableError> {
    enabled_of(&tables.view().await?)
}

/// The same as this node knows it, which may be behind: what a login page shows.
pub async fn known(tables: &Tables) -> Option<OidcProvider> {
    enabled_of(&tables.stale_view().await.ok()?).ok()?
}

/// What a provider would be that was made so.
///
/// # Errors
/// [`Refusal::Fields`] for what is missing or wrong.
pub fn drafted(change: &OidcProviderChange) -> Result<OidcProvider, Refusal> {
    let secret = change.client_secret.as_ref().filter(|secret| is_told(secret));
    let needed = [
        ("name", change.name.as_deref()),
        ("issuer_url", change.issuer_url.as_deref()),
        ("client_id", change.client_id.as_deref()),
        ("client_secret", secret.map(|secret| secret.expose().as_str())),
        ("redirect_uri", change.redirect_uri.as_deref()),
    ];
    let mut errors = FieldErrors::default();
    // A public client has an empty secret, and says so.
    for (field, given) in needed {
        if given.is_none_or(|given| given.is_empty() && field != "client_secret") {
            errors.add(field, "This field is required.");
        }
    }
    errors.finish()?;
    checked(changed(blank(), change.clone()))
}

/// What a provider would be that was changed so, and whether it has to be asked before that: when it is asked elsewhere
/// than before, or users shall log in there.
///
/// # Errors
/// [`Refusal`].
pub async fn redrafted(
    tables: &Tables,
    actor: &Actor,
    id: OidcProviderId,
    change: &OidcProviderChange,
) -> Result<(OidcProvider, bool), Refusal> {
    let before = get(tables, actor, id).await?;
    let after = checked(changed(before.clone(), change.clone()))?;
    let is_new = (&before.issuer_url, before.allow_http) != (&after.issuer_url, after.allow_http);
    let has_to_answer = is_new || (after.enabled && !before.enabled);
    Ok((after, has_to_answer))
}

/// Makes a provider.
///
/// # Errors
/// [`Refusal`].
pub async fn create(
    tables: &Tables,
    actor: &Actor,
    change: &OidcProviderChange,
) -> Result<OidcProvider, Refusal> {
    let cause = authorize(actor, Permission::ManageSuperusers, "oidcprovider.create")?;
    let draft = drafted(change)?;
    tables
        .update(&cause, |tx| {
            let id = OidcProviderId(tx.next_id::<OidcProvider>()?);
            put(tx, OidcProvider { id, created: tx.now(), ..draft.clone() })
        })
        .await
}

/// Changes a provider.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    actor: &Actor,
    id: OidcProviderId,
    change: &OidcProviderChange,
) -> Result<OidcProvider, Refusal> {
    let cause = authorize(actor, Permission::ManageSuperusers, "oidcprovider.update")?;
    tables
        .update(&cause, |tx| {
            let before = tx.get::<OidcProvider>(&id)?.ok_or_else(|| missing(id))?;
            put(tx, checked(changed(before, change.clone()))?)
        })
        .await
}

/// Removes a provider. Its users stay, and cannot log in by it.
///
/// # Errors
/// [`Refusal::Message`] when there is none, or when it is enabled.
pub async fn delete(tables: &Tables, actor: &Actor, id: OidcProviderId) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageSuperusers, "oidcprovider.delete")?;
    tables
        .update(&cause, |tx| {
            let found = tx.get::<OidcProvider>(&id)?.ok_or_else(|| missing(id))?;
            if found.enabled {
                let message = "Provider is currently enabled and cannot be deleted.";
                return Err(Refusal::with_message(Kind::Conflict, message));
            }
            tx.delete::<OidcProvider>(&id)?;
            Ok(())
        })
        .await
}

fn missing(id: OidcProviderId) -> Refusal {
    Refusal::with_message(Kind::NotFound, format!("No OIDC provider found with ID: {id}"))
}

fn enabled_of(at: &impl Reads) -> Result<Option<OidcProvider>, TableError> {
    Ok(at.list::<OidcProvider>()?.into_iter().find(|provider| provider.enabled))
}

fn put(tx: &mut Tx, after: OidcProvider) -> Result<OidcProvider, Refusal> {
    tx.guard(GUARD);
    let after = OidcProvider { updated: tx.now(), ..after };
    let conflict = |message: &str| Refusal::with_message(Kind::Conflict, message);
    if tx.find(&OIDC_PROVIDER_BY_NAME, &after.name)?.is_some_and(|other| other.id != after.id) {
        return Err(conflict("An OIDC provider with the same name already exists."));
    }
    if after.enabled && enabled_of(tx)?.is_some_and(|other| other.id != after.id) {
        return Err(conflict(
            "An enabled provider already exists. Disable the existing provider before enabling this one.",
        ));
    }
    tx.put(&after)?;
    Ok(after)
}

fn checked(provider: OidcProvider) -> Result<OidcProvider, Refusal> {
    let mut errors = FieldErrors::default();
    for wrong in provider.check() {
        errors.add(wrong.field, wrong.message);
    }
    errors.finish()?;
    Ok(provider)
}

fn blank() -> OidcProvider {
    OidcProvider {
        id: OidcProviderId(0),
        name: String::new(),
        issuer_url: String::new(),
        client_id: String::new(),
        client_secret: Secret::default(),
        enabled: false,
        token_type: AccessTokenType::Jwt,
        redirect_uri: String::new(),
        scopes: String::new(),
        groups_claim: GROUPS_CLAIM_DEFAULT.to_owned(),
        admin_groups: Vec::new(),
        user_groups: Vec::new(),
        username_claim: String::new(),
        session_length_s: SESSION_LENGTH_DEFAULT_S,
        allow_http: false,
        created: Timestamp::default(),
        updated: Timestamp::default(),
    }
}

/// Whether a secret is one, and not what answers show in its place.
fn is_told(secret: &Secret) -> bool {
    !secret.matches(HIDDEN.as_bytes())
}

fn changed(before: OidcProvider, change: OidcProviderChange) -> OidcProvider {
    let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let trimmed = |text: String| text.trim().to_owned();
    OidcProvider {
        id: before.id,
        name: change.name.map_or(before.name, trimmed),
        issuer_url: change.issuer_url.map_or(before.issuer_url, trimmed),
        client_id: change.client_id.map_or(before.client_id, trimmed),
        client_secret: change.client_secret.filter(is_told).unwrap_or(before.client_secret),
        enabled: change.enabled.unwrap_or(before.enabled),
        token_type: change.token_type.unwrap_or(before.token_type),
        redirect_uri: change.redirect_uri.map_or(before.redirect_uri, trimmed),
        scopes: change.scopes.map_or(before.scopes, words),
        groups_claim: change.groups_claim.map_or(before.groups_claim, trimmed),
        admin_groups: change.admin_groups.unwrap_or(before.admin_groups),
        user_groups: change.user_groups.unwrap_or(before.user_groups),
        username_claim: change.username_claim.map_or(before.username_claim, trimmed),
        session_length_s: change.session_length_s.unwrap_or(before.session_length_s),
        allow_http: change.allow_http.unwrap_or(before.allow_http),
        created: before.created,
        updated: before.updated,
    }
}

//! `oidc-providers/`: where users may log in besides here (MAAS 3.8).

use api::oidc_providers::OidcProvider;
use model::access::Permission;
use model::id::OidcProviderId;
use model::oidc_provider::AccessTokenType;
use ops::access::oidc_providers::{self, OidcProviderChange};

use crate::call::Call;
use crate::operation::Operation;
use crate::param::{Param, Spec};
use crate::params::Params;
use crate::problem::Problem;
use crate::reply::Reply;

const ALL: &str = "oidc-providers/";
const ONE: &str = "oidc-providers/{id}/";

const NAME: Param<String> = Param::text("name", "Its name.");
const ISSUER_URL: Param<String> =
    Param::text("issuer_url", "Its issuer: /.well-known/openid-configuration is read below it.");
const CLIENT_ID: Param<String> = Param::text("client_id", "What it calls this site.");
const CLIENT_SECRET: Param<String> = Param::text(
    "client_secret",
    "How this site shows that it is this site; empty for a public client.",
);
const ENABLED: Param<bool> =
    Param::boolean("enabled", "Whether users log in there; one is enabled at most.");
const TOKEN_TYPE: Param<String> = Param::text(
    "token_type",
    "JWT, or Opaque: then its userinfo endpoint is asked for what the identity token has not.",
);
const REDIRECT_URI: Param<String> = Param::text(
    "redirect_uri",
    "Where it sends browsers back to: /MAAS/r/login/oidc/callback or /MAAS/accounts/oidc/callback/ of this site.",
);
const SCOPES: Param<String> =
    Param::text("scopes", "What is asked for besides openid, with blanks in between.");
const GROUPS_CLAIM: Param<String> = Param::text(
    "groups_claim",
    "The claim with a user's groups, by default groups; with dots, a claim within a claim.",
);
const ADMIN_GROUPS: Param<String> =
    Param::text("admin_groups", "The groups of superusers, with commas in between.");
const USER_GROUPS: Param<String> = Param::text(
    "user_groups",
    "The groups of users, with commas in between; with none, everybody who logs in there is a user.",
);
const USERNAME_CLAIM: Param<String> = Param::text(
    "username_claim",
    "The claim with a user's name; by default preferred_username, or else email.",
);
const SESSION_LENGTH: Param<u32> = Param::number(
    "session_length",
    "How long a session of its users lasts at most, in seconds; by default 12 hours.",
);
const ALLOW_HTTP: Param<bool> =
    Param::boolean("allow_http", "Whether it may be asked without TLS; false by default.");

/// What can always be left out.
const REST: [Spec; 9] = [
    ENABLED.optional(),
    TOKEN_TYPE.optional(),
    SCOPES.optional(),
    GROUPS_CLAIM.optional(),
    ADMIN_GROUPS.repeated(),
    USER_GROUPS.repeated(),
    USERNAME_CLAIM.optional(),
    SESSION_LENGTH.optional(),
    ALLOW_HTTP.optional(),
];

const NEW: [Spec; 14] = crate::param::joined(
    [
        NAME.needed(),
        ISSUER_URL.needed(),
        CLIENT_ID.needed(),
        CLIENT_SECRET.needed(),
        REDIRECT_URI.needed(),
    ],
    REST,
);
const CHANGE: [Spec; 14] = crate::param::joined(
    [
        NAME.optional(),
        ISSUER_URL.optional(),
        CLIENT_ID.optional(),
        CLIENT_SECRET.optional(),
        REDIRECT_URI.optional(),
    ],
    REST,
);

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("OidcProvidersHandler", ALL, |call| Box::pin(list(call)))
        .of_now()
        .requires(Permission::ManageSuperusers)
        .doc("List all OpenID Connect providers."),
    Operation::get("OidcProvidersHandler", ALL, |call| Box::pin(active(call)))
        .of_now()
        .op("get_active")
        .requires(Permission::ManageSuperusers)
        .doc("Read the OpenID Connect provider that users log in at."),
    Operation::post("OidcProvidersHandler", ALL, |call| Box::pin(create(call)))
        .requires(Permission::ManageSuperusers)
        .doc("Create an OpenID Connect provider. It is asked for what it publishes.")
        .params(&NEW),
    Operation::get("OidcProviderHandler", ONE, |call| Box::pin(read(call)))
        .of_now()
        .requires(Permission::ManageSuperusers)
        .doc("Read an OpenID Connect provider."),
    Operation::put("OidcProviderHandler", ONE, |call| Box::pin(update(call)))
        .requires(Permission::ManageSuperusers)
        .doc("Update an OpenID Connect provider.")
        .params(&CHANGE),
    Operation::delete("OidcProviderHandler", ONE, |call| Box::pin(delete(call)))
        .requires(Permission::ManageSuperusers)
        .doc("Delete an OpenID Connect provider that is not enabled. Its users stay."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let all = oidc_providers::list(&call.parts.tables, &call.actor).await?;
    Ok(Reply::json(&all.iter().map(OidcProvider::from).collect::<Vec<_>>()))
}

async fn active(call: Call) -> Result<Reply, Problem> {
    let found = oidc_providers::active(&call.parts.tables, &call.actor).await?;
    Ok(Reply::json(&OidcProvider::from(&found)))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let change = change(&call.params)?;
    let draft = oidc_providers::drafted(&change)?;
    let asked = call.parts.oidc.read(&draft).await;
    asked.map_err(|error| bad_gateway("create", &error))?;
    let created = oidc_providers::create(&call.parts.tables, &call.actor, &change).await?;
    Ok(Reply::json(&OidcProvider::from(&created)).with_status(201))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let found = oidc_providers::get(&call.parts.tables, &call.actor, id(&call)?).await?;
    Ok(Reply::json(&OidcProvider::from(&found)))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let (change, id) = (change(&call.params)?, id(&call)?);
    let tables = &call.parts.tables;
    let (draft, has_to_answer) =
        oidc_providers::redrafted(tables, &call.actor, id, &change).await?;
    if has_to_answer {
        let asked = call.parts.oidc.read(&draft).await;
        asked.map_err(|error| bad_gateway("update", &error))?;
    }
    let updated = oidc_providers::update(tables, &call.actor, id, &change).await?;
    Ok(Reply::json(&OidcProvider::from(&updated)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    oidc_providers::delete(&call.parts.tables, &call.actor, id(&call)?).await?;
    Ok(Reply::no_content())
}

fn id(call: &Call) -> Result<OidcProviderId, Problem> {
    let text = call.segment("id");
    let missing = || Problem::status(404, format!("No OIDC provider found with ID: {text}"));
    text.parse().map_err(|_| missing())
}

fn bad_gateway(what: &str, error: &oidc::error::ProviderError) -> Problem {
    Problem::status(502, format!("Failed to {what} OIDC provider: {error}"))
}

fn change(params: &Params) -> Result<OidcProviderChange, Problem> {
    let change = OidcProviderChange {
        name: NAME.given(params),
        issuer_url: ISSUER_URL.given(params),
        client_id: CLIENT_ID.given(params),
        client_secret: CLIENT_SECRET.given(params).map(Into::into),
        enabled: ENABLED.of(params)?,
        token_type: None,
        redirect_uri: REDIRECT_URI.given(params),
        scopes: SCOPES.given(params),
        groups_claim: GROUPS_CLAIM.given(params),
        admin_groups: groups(&ADMIN_GROUPS, params),
        user_groups: groups(&USER_GROUPS, params),
        username_claim: USERNAME_CLAIM.given(params),
        session_length_s: SESSION_LENGTH.of(params)?,
        allow_http: ALLOW_HTTP.of(params)?,
    };
    Ok(OidcProviderChange { token_type: token_type(params)?, ..change })
}

fn token_type(params: &Params) -> Result<Option<AccessTokenType>, Problem> {
    let Some(text) = TOKEN_TYPE.given(params) else { return Ok(None) };
    let wrong = || format!("Invalid token type: {text}. Must be 'JWT' or 'Opaque'.");
    match text.to_ascii_lowercase().as_str() {
        "jwt" => Ok(Some(AccessTokenType::Jwt)),
        "opaque" => Ok(Some(AccessTokenType::Opaque)),
        _ => Err(Problem::status(400, wrong())),
    }
}

/// Names of groups have blanks in them, but no commas; an empty list is none.
fn groups(param: &Param<String>, params: &Params) -> Option<Vec<String>> {
    let values = param.all(params);
    let items = values.iter().flat_map(|value| value.split(',')).map(str::trim);
    let items = items.filter(|item| !item.is_empty()).map(str::to_owned);
    (!values.is_empty()).then(|| items.collect())
}

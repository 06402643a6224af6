//! A provider that the test is: it signs what it is told to, right or wrong.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Form, State};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderMap, StatusCode};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What a code is good for.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) challenge: String,
    pub(crate) header: Value,
    pub(crate) claims: Value,
    /// Whether somebody else signs it.
    pub(crate) is_forged: bool,
    pub(crate) userinfo: Value,
}

/// What it publishes and gives.
pub(crate) struct Shared {
    pub(crate) document: Value,
    pub(crate) key_id: String,
    pub(crate) key: Ed25519KeyPair,
    grants: BTreeMap<String, Grant>,
    userinfo: Value,
    /// How often each path was asked.
    pub(crate) asked: BTreeMap<&'static str, usize>,
}

/// The provider; it ends with the test.
pub(crate) struct Provider {
    pub(crate) url: String,
    pub(crate) shared: Arc<Mutex<Shared>>,
    _serving: JoinSet<()>,
}

pub(crate) fn new_key() -> Ed25519KeyPair {
    let random = ring::rand::SystemRandom::new();
    Ed25519KeyPair::from_pkcs8(Ed25519KeyPair::generate_pkcs8(&random).unwrap().as_ref()).unwrap()
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let document = json!({
            "issuer": url,
            "authorization_endpoint": format!("{url}/authorize"),
            "token_endpoint": format!("{url}/token"),
            "userinfo_endpoint": format!("{url}/userinfo"),
            "jwks_uri": format!("{url}/jwks"),
        });
        let shared = Arc::new(Mutex::new(Shared {
            document,
            key_id: "one".to_owned(),
            key: new_key(),
            grants: BTreeMap::new(),
            userinfo: Value::Null,
            asked: BTreeMap::new(),
        }));
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(document_of))
            .route("/jwks", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(Arc::clone(&shared));
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { url, shared, _serving: serving }
    }

    /// What the next code is good for; returns the code.
    pub(crate) fn grant(&self, grant: Grant) -> String {
        let mut shared = self.shared.lock().unwrap();
        let code = format!("code {}", shared.grants.len());
        shared.grants.insert(code.clone(), grant);
        code
    }

    pub(crate) fn asked(&self, path: &str) -> usize {
        self.shared.lock().unwrap().asked.get(path).copied().unwrap_or_default()
    }
}

type At = State<Arc<Mutex<Shared>>>;

fn ask(shared: &Mutex<Shared>, path: &'static str) {
    *shared.lock().unwrap().asked.entry(path).or_default() += 1;
}

async fn document_of(State(shared): At) -> Json<Value> {
    ask(&shared, "document");
    Json(shared.lock().unwrap().document.clone())
}

async fn keys(State(shared): At) -> Json<Value> {
    ask(&shared, "jwks");
    let shared = shared.lock().unwrap();
    let x = URL_SAFE_NO_PAD.encode(shared.key.public_key());
    Json(json!({ "keys": [
        { "kty": "OKP", "crv": "Ed25519", "x": x, "kid": shared.key_id, "use": "sig" },
        { "kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "another" },
    ] }))
}

async fn token(
    State(shared): At,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> impl IntoResponse {
    ask(&shared, "token");
    let refused = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error })));
    let shown = headers.get("authorization").and_then(|value| value.to_str().ok());
    if shown != Some(&format!("Basic {}", STANDARD.encode("maas:hush%20hush"))) {
        return refused("invalid_client");
    }
    let mut shared = shared.lock().unwrap();
    let Some(grant) = shared.grants.remove(&form["code"]) else { return refused("invalid_grant") };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
    let is_right = challenge == grant.challenge
        && form["grant_type"] == "authorization_code"
        && form["redirect_uri"] == super::REDIRECT;
    if !is_right {
        return refused("invalid_grant");
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&grant.header), part(&grant.claims));
    let other = grant.is_forged.then(new_key);
    let signature = other.as_ref().unwrap_or(&shared.key).sign(signed.as_bytes());
    let id_token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
    shared.userinfo = grant.userinfo;
    let answer = json!({ "id_token": id_token, "access_token": "access", "token_type": "Bearer" });
    (StatusCode::OK, Json(answer))
}

async fn userinfo(State(shared): At, headers: HeaderMap) -> impl IntoResponse {
    ask(&shared, "userinfo");
    if headers.get("authorization").is_none_or(|shown| shown != "Bearer access") {
        return (StatusCode::UNAUTHORIZED, Json(Value::Null));
    }
    (StatusCode::OK, Json(shared.lock().unwrap().userinfo.clone()))
}

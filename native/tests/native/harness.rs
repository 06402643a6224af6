//! A region's native API over a store in memory, beside MAAS's, with an administrator and an ordinary user.

use axum::body::Body;
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use model::access::Actor;
use model::user::ApiToken;
use ops::access::account;
use ops::access::users::{self, NewUser};
use ops::cluster::bootstrap;
use raft_store::Store;
use rest::call::Parts;
use serde_json::Value;
use tables::update::Tables;
use tower::ServiceExt;

/// Who sends a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Admin,
    User,
    Nobody,
}

/// A region under test.
pub(crate) struct Region {
    pub(crate) tables: Tables,
    router: axum::Router,
    pub(crate) parts: Parts,
    admin: ApiToken,
    user: ApiToken,
}

fn router(tables: &Tables) -> (Parts, axum::Router) {
    let parts = Parts::new(tables.clone());
    let router = rest::router::router(parts.clone()).merge(native::router::router(parts.clone()));
    (parts, router)
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    #[track_caller]
    pub(crate) fn assert(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// The values of a member of all objects of a page.
    #[track_caller]
    pub(crate) fn each(&self, member: &str) -> Vec<Value> {
        let page = self.json();
        let items = page["items"].as_array().unwrap_or_else(|| panic!("no page: {}", self.text));
        items.iter().map(|item| item[member].clone()).collect()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Region {
    pub(crate) async fn start() -> Self {
        Self::over(Store::in_memory()).await
    }

    /// A region of a new cluster over its store.
    pub(crate) async fn over(store: Store) -> Self {
        let tables = Tables::new(store);
        let admin = NewUser {
            username: "admin".to_owned(),
            email: "admin@example.com".to_owned(),
            is_superuser: true,
            ..NewUser::default()
        };
        let admin = bootstrap::bootstrap(&tables, &admin).await.unwrap();
        let view = tables.view().await.unwrap();
        let administrator = tables::read::Reads::list::<model::user::User>(&view).unwrap();
        let administrator = Actor::without_groups(administrator.into_iter().next().unwrap());
        let user = NewUser { username: "user".to_owned(), ..NewUser::default() };
        let user = users::create(&tables, &administrator, &user).await.unwrap();
        let user =
            account::create_token(&tables, &Actor::without_groups(user), "test").await.unwrap();
        let (parts, router) = router(&tables);
        Self { tables, parts, router, admin, user }
    }

    /// Another region of the same cluster, over its own store.
    pub(crate) fn beside(&self, store: Store) -> Self {
        let (admin, user) = (self.admin.clone(), self.user.clone());
        let tables = Tables::new(store);
        let (parts, router) = router(&tables);
        Self { tables, parts, router, admin, user }
    }

    pub(crate) fn key(&self, by: By) -> Option<String> {
        let token = match by {
            By::Admin => &self.admin,
            By::User => &self.user,
            By::Nobody => return None,
        };
        Some(format!("Bearer {}:{}:{}", token.consumer_key, token.key, token.secret.expose()))
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(crate) fn request(&self, by: By, method: &str, path: &str) -> http::request::Builder {
        let root = if path.starts_with('/') { "" } else { "/api/v1/" };
        let request = Request::builder().method(method).uri(format!("{root}{path}"));
        match self.key(by) {
            Some(key) => request.header("authorization", key),
            None => request,
        }
    }

    pub(crate) async fn answer(&self, request: Request<Body>) -> Answer {
        let (head, body) = self.send(request).await.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// Reads a path below the API's root, or one from the host's root.
    pub(crate) async fn get(&self, by: By, path: &str) -> Answer {
        self.answer(self.request(by, "GET", path).body(Body::empty()).unwrap()).await
    }

    /// Sends JSON; null is no body.
    pub(crate) async fn call(&self, by: By, method: &str, path: &str, body: Value) -> Answer {
        let request = self.request(by, method, path).header("content-type", "application/json");
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.answer(request.body(body).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(By::Admin, "POST", path, body).await
    }
}

//! A region's REST door over a store in memory, with an administrator and an ordinary user.

use std::sync::Arc;

use axum::body::Body;
use http::{Request, Response};
use http_body_util::BodyExt;
use model::access::Actor;
use model::id::UserId;
use model::time::Timestamp;
use model::user::{ApiToken, User};
use oidc::providers::Providers;
use ops::access::account;
use ops::access::users;
use ops::access::users::NewUser;
use ops::cluster::bootstrap;
use raft_store::Store;
use rest::call::Parts;
use rest::router::router;
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
    admin: ApiToken,
    user: ApiToken,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
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

    #[track_caller]
    pub(crate) fn assert_field(self, field: &str, message: &str) {
        assert_eq!(self.status, 400, "{}", self.text);
        assert_eq!(self.json()[field][0], message, "{}", self.text);
    }
}

impl Region {
    pub(crate) async fn start() -> Self {
        Self::start_with(Providers::default()).await
    }

    /// A region that asks providers as these do.
    pub(crate) async fn start_with(oidc: Providers) -> Self {
        let tables = Tables::new(Store::in_memory());
        let admin = NewUser {
            username: "admin".to_owned(),
            email: "admin@example.com".to_owned(),
            is_superuser: true,
            ..NewUser::default()
        };
        let admin = bootstrap::bootstrap(&tables, &admin).await.unwrap();
        let user = NewUser { username: "user".to_owned(), ..NewUser::default() };
        let user = users::create(&tables, &administrator(), &user).await.unwrap();
        let user =
            account::create_token(&tables, &Actor::without_groups(user), "test").await.unwrap();
        let parts = Parts { oidc: Arc::new(oidc), ..Parts::new(tables.clone()) };
        let router = router(parts);
        Self { tables, router, admin, user }
    }

    pub(crate) fn token(&self, by: By) -> Option<&ApiToken> {
        match by {
            By::Admin => Some(&self.admin),
            By::User => Some(&self.user),
            By::Nobody => None,
        }
    }

    pub(crate) fn authorization(&self, by: By) -> Option<String> {
        Some(authorization(self.token(by)?, &format!("{:x}", rand::random::<u64>())))
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response: Response<Body> = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    async fn call(
        &self,
        by: By,
        method: &str,
        path: &str,
        form: Option<&[(&str, &str)]>,
    ) -> Answer {
        let root = if path.starts_with('/') { "" } else { "/MAAS/api/2.0/" };
        let mut request = Request::builder().method(method).uri(format!("{root}{path}"));
        if let Some(authorization) = self.authorization(by) {
            request = request.header("authorization", authorization);
        }
        let body = match form {
            None => Body::empty(),
            Some(form) => {
                request = request.header("content-type", "application/x-www-form-urlencoded");
                Body::from(serde_urlencoded::to_string(form).unwrap())
            }
        };
        self.send(request.body(body).unwrap()).await
    }

    /// Reads a path below the API's root, or one from the host's root.
    pub(crate) async fn get(&self, by: By, path: &str) -> Answer {
        self.call(by, "GET", path, None).await
    }

    pub(crate) async fn post(&self, by: By, path: &str, form: &[(&str, &str)]) -> Answer {
        self.call(by, "POST", path, Some(form)).await
    }

    pub(crate) async fn put(&self, by: By, path: &str, form: &[(&str, &str)]) -> Answer {
        self.call(by, "PUT", path, Some(form)).await
    }

    pub(crate) async fn delete(&self, by: By, path: &str) -> Answer {
        self.call(by, "DELETE", path, None).await
    }
}

/// Somebody who may do everything.
pub(crate) fn administrator() -> Actor {
    Actor::without_groups(User {
        id: UserId(1),
        username: "admin".to_owned(),
        email: String::new(),
        is_superuser: true,
        password_hash: None,
        created: Timestamp::default(),
    })
}

pub(crate) fn authorization(token: &ApiToken, nonce: &str) -> String {
    let now = tables::update::now().unix_ms / 1000;
    format!(
        "OAuth oauth_version=\"1.0\", oauth_nonce=\"{nonce}\", oauth_timestamp=\"{now}\", \
         oauth_signature_method=\"PLAINTEXT\", oauth_consumer_key=\"{}\", oauth_token=\"{}\", \
         oauth_signature=\"%26{}\"",
        token.consumer_key,
        token.key,
        token.secret.expose()
    )
}

//! One call of an operation: who calls, with which parameters, and the parts that answer it.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use images::Images;
use model::access::{Actor, Permission};
use model::error::Kind;
use model::request::Source;
use model::user::User;
use oidc::providers::Providers;
use ops::Tables;

use crate::auth::logins::LoginCounts;
use crate::auth::nonces::Nonces;
use crate::intake::Intake;
use crate::params::Params;
use crate::problem::Problem;

/// The parts of the region that the REST door uses; cheap to clone.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The replicated objects: what operations are passed.
    pub tables: Tables,
    /// How logins at this node went.
    pub logins: Arc<LoginCounts>,
    /// The nonces that were used lately at this node.
    pub nonces: Arc<Nonces>,
    /// The image store of this node; none where no images are served.
    pub images: Option<Images>,
    /// What this node knows of providers that users log in at.
    pub oidc: Arc<Providers>,
}

impl Parts {
    /// The parts over these tables.
    #[must_use]
    pub fn new(tables: Tables) -> Self {
        let (logins, nonces, oidc) = (Arc::default(), Arc::default(), Arc::default());
        Self { tables, logins, nonces, images: None, oidc }
    }

    /// The same with an image store.
    #[must_use]
    pub fn with_images(mut self, images: Images) -> Self {
        self.images = Some(images);
        self
    }
}

/// A body that its operation reads. It can be taken once.
#[derive(Debug, Default)]
pub struct Content(Mutex<Option<Intake>>);

impl Content {
    /// The body; an empty one when it was taken, or there is none.
    pub fn take(&self) -> Intake {
        let body = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        body.unwrap_or_else(|| Intake::new(Body::empty()))
    }
}

impl From<Intake> for Content {
    fn from(intake: Intake) -> Self {
        Self(Mutex::new(Some(intake)))
    }
}

/// One call of an operation.
#[derive(Debug)]
pub struct Call {
    /// What answers it.
    pub parts: Parts,
    /// Who calls: what operations are passed.
    pub actor: Actor,
    /// The values of the path's placeholders, decoded.
    pub path: BTreeMap<&'static str, String>,
    /// The parameters of query and body that the operation takes.
    pub params: Params,
    /// The body as it comes, for operations that take content.
    pub content: Content,
    /// Scheme and host the client used, `http://10.0.0.1:5240`.
    pub origin: String,
    /// Where it comes from.
    pub source: Source,
}

impl Call {
    /// The image store of this node.
    ///
    /// # Errors
    /// 503 where no images are served.
    pub fn images(&self) -> Result<&Images, Problem> {
        let missing = || Problem::text(Kind::Unavailable, "no image store on this node");
        self.parts.images.as_ref().ok_or_else(missing)
    }

    /// The user that calls.
    ///
    /// # Errors
    /// 401 for anybody else.
    pub fn user(&self) -> Result<&User, Problem> {
        Ok(self.actor.user(Permission::View)?)
    }

    /// The value of a placeholder, as text.
    #[must_use]
    pub fn segment(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// The id in a placeholder.
    ///
    /// # Errors
    /// 404, naming the object, when it is no id of that kind.
    pub fn id<T: FromStr>(&self, name: &str, model: &str) -> Result<T, Problem> {
        self.segment(name).parse().map_err(|_| Problem::not_found(model))
    }
}

#[cfg(test)]
mod tests {
    use model::secret::Secret;
    use raft_store::Store;

    use super::*;

    const MARKER: &str = "marker-of-a-secret";

    #[tokio::test]
    async fn what_is_printed_of_a_call_has_no_values_of_parameters_nor_its_body() {
        let mut params = Params::default();
        params.add("password", MARKER);
        params.add_file("user_data", MARKER.into());
        let user = User {
            id: model::id::UserId(1),
            username: "admin".to_owned(),
            email: String::new(),
            is_superuser: true,
            password_hash: Some(Secret::from(MARKER.to_owned())),
            created: model::time::Timestamp::default(),
        };
        let call = Call {
            parts: Parts::new(Tables::new(Store::in_memory())),
            actor: Actor::without_groups(user),
            path: BTreeMap::from([("username", "admin".to_owned())]),
            params,
            content: Content::from(Intake::new(Body::from(MARKER))),
            origin: String::new(),
            source: Source::default(),
        };
        let printed = format!("{call:?} {call:#?}");
        assert!(!printed.contains(MARKER), "{printed}");
        assert!(printed.contains(r#"{"password", "user_data"}"#), "{printed}");
    }
}

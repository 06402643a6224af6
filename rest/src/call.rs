//! One call of an operation: who calls, with which parameters, and the parts that answer it.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::problem::Problem;
use axum::body::Body;
use model::error::Kind;
use model::user::User;

use crate::auth::caller::Caller;
use crate::auth::nonces::Nonces;
use crate::intake::Intake;
use crate::params::Params;
use images::Images;
use tables::read::View;
use tables::update::{Cause, Tables};

/// The parts of the region that the REST door uses; cheap to clone.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The replicated objects.
    pub tables: Tables,
    /// The nonces that were used lately at this node.
    pub nonces: Arc<Nonces>,
    /// The image store of this node; none where no images are served.
    pub images: Option<Images>,
}

impl Parts {
    /// The parts over these tables.
    #[must_use]
    pub fn new(tables: Tables) -> Self {
        Self { tables, nonces: Arc::default(), images: None }
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
    /// Who calls.
    pub caller: Caller,
    /// The values of the path's placeholders, decoded.
    pub path: BTreeMap<&'static str, String>,
    /// The parameters of query and body; without `op`.
    pub params: Params,
    /// The body as it comes, for operations that take content.
    pub content: Content,
    /// Scheme and host the client used, `http://10.0.0.1:5240`.
    pub origin: String,
}

impl Call {
    /// All tables, at least as new as everything acknowledged before.
    ///
    /// # Errors
    /// 503 without a quorum.
    pub async fn view(&self) -> Result<View, Problem> {
        Ok(self.parts.tables.view().await?)
    }

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
        match &self.caller {
            Caller::User(user) => Ok(user),
            Caller::Anonymous | Caller::Machine(_) => {
                Err(Problem::text(Kind::Unauthenticated, "Forbidden"))
            }
        }
    }

    /// The user that calls, if it is a superuser.
    ///
    /// # Errors
    /// 401 for nobody, 403 with an empty body for other users, as MAAS answers when somebody has
    /// no permission on an object.
    pub fn admin(&self) -> Result<&User, Problem> {
        let user = self.user()?;
        if user.is_superuser { Ok(user) } else { Err(Problem::empty(403)) }
    }

    /// Who and why, for the history of a change.
    #[must_use]
    pub fn cause(&self, reason: &'static str) -> Cause {
        let actor = match &self.caller {
            Caller::User(user) => format!("user:{}", user.username),
            Caller::Machine(system_id) => format!("machine:{system_id}"),
            Caller::Anonymous => "anonymous".to_owned(),
        };
        Cause::new(actor, reason)
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

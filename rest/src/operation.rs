//! One served operation, as data. All of them together are the router's table and the source of
//! `describe/`, so that nothing is described that is not served.
//!
//! ```ignore
//! pub const OPERATIONS: &[Operation] = &[
//!     Operation::get("FabricsHandler", "fabrics/", |call| Box::pin(list(call))).doc("List fabrics."),
//!     Operation::post("FabricsHandler", "fabrics/", |call| Box::pin(create(call)))
//!         .reserved(Permission::ManageNetwork)
//!         .doc("Create a fabric.")
//!         .params(&[NAME.optional()]),
//! ];
//!
//! async fn list(call: Call) -> Result<Reply, Problem> {
//!     let fabrics = fabrics::list(&call.parts.tables, &call.actor).await?;
//!     Ok(Reply::json(&fabrics.iter().map(shapes::fabric).collect::<Vec<_>>()))
//! }
//! ```
//!
//! The permission that an operation names is asked for before its parameters are read, because that
//! is when MAAS refuses a caller; the operation of `ops` asks for it itself, and decides.

use std::pin::Pin;

use model::access::Permission;

use crate::call::Call;
use crate::param::Spec;
use crate::problem::Problem;
use crate::reply::Reply;

/// What an operation's handler returns: its answer, later.
pub type Answer = Pin<Box<dyn Future<Output = Result<Reply, Problem>> + Send>>;

/// The methods of MAAS's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// Removes an object.
    Delete,
    /// Reads; with an `op`, an operation that changes nothing.
    Get,
    /// Creates; with an `op`, an operation that changes something.
    Post,
    /// Changes an object.
    Put,
}

impl Method {
    /// The method's name in HTTP.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }

    /// The name of the action that MAAS gives a method without an `op`.
    #[must_use]
    pub const fn action(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Get => "read",
            Self::Post => "create",
            Self::Put => "update",
        }
    }
}

/// An operation of the API.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// MAAS's name of the handler class, `SubnetsHandler`: clients derive their names from it.
    pub handler: &'static str,
    /// The path below `/MAAS/api/2.0/`, with `{placeholders}`.
    pub path: &'static str,
    /// The method.
    pub method: Method,
    /// The `op` parameter that selects it.
    pub op: Option<&'static str>,
    /// What its caller needs at least, whatever the object.
    pub permission: Permission,
    /// Whether MAAS says of it that it is reserved for administrators; otherwise it refuses
    /// without a word.
    pub is_reserved: bool,
    /// Its documentation, without its parameters.
    pub doc: &'static str,
    /// Its parameters: all that have an effect.
    pub params: &'static [Spec],
    /// Whether names that no parameter has are told apart by the handler.
    pub takes_any_name: bool,
    /// Whether this is another path of an operation that is described already.
    pub alias: bool,
    /// Whether the body is content and no form.
    pub takes_content: bool,
    /// What answers it.
    pub run: fn(Call) -> Answer,
}

impl Operation {
    /// A reading operation of users.
    #[must_use]
    pub const fn get(handler: &'static str, path: &'static str, run: fn(Call) -> Answer) -> Self {
        Self::new(handler, path, Method::Get, run)
    }

    /// A creating or acting operation of users.
    #[must_use]
    pub const fn post(handler: &'static str, path: &'static str, run: fn(Call) -> Answer) -> Self {
        Self::new(handler, path, Method::Post, run)
    }

    /// A changing operation of users.
    #[must_use]
    pub const fn put(handler: &'static str, path: &'static str, run: fn(Call) -> Answer) -> Self {
        Self::new(handler, path, Method::Put, run)
    }

    /// A removing operation of users.
    #[must_use]
    pub const fn delete(
        handler: &'static str,
        path: &'static str,
        run: fn(Call) -> Answer,
    ) -> Self {
        Self::new(handler, path, Method::Delete, run)
    }

    const fn new(
        handler: &'static str,
        path: &'static str,
        method: Method,
        run: fn(Call) -> Answer,
    ) -> Self {
        Self {
            handler,
            path,
            method,
            op: None,
            permission: Permission::View,
            is_reserved: false,
            doc: "",
            params: &[],
            takes_any_name: false,
            alias: false,
            takes_content: false,
            run,
        }
    }

    /// The same, selected by an `op`.
    #[must_use]
    pub const fn op(mut self, op: &'static str) -> Self {
        self.op = Some(op);
        self
    }

    /// The same, which MAAS reserves for administrators.
    #[must_use]
    pub const fn reserved(mut self, permission: Permission) -> Self {
        self.permission = permission;
        self.is_reserved = true;
        self
    }

    /// The same, which needs a permission.
    #[must_use]
    pub const fn requires(mut self, permission: Permission) -> Self {
        self.permission = permission;
        self
    }

    /// The same, for everybody.
    #[must_use]
    pub const fn anonymous(mut self) -> Self {
        self.permission = Permission::Discover;
        self
    }

    /// Whether everybody may call it.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.permission == Permission::Discover
    }

    /// The same with parameters.
    #[must_use]
    pub const fn params(mut self, params: &'static [Spec]) -> Self {
        self.params = params;
        self
    }

    /// The same, whose handler tells unknown names apart itself.
    #[must_use]
    pub const fn any_name(mut self) -> Self {
        self.takes_any_name = true;
        self
    }

    /// The same, whose body is content and no form.
    #[must_use]
    pub const fn content(mut self) -> Self {
        self.takes_content = true;
        self
    }

    /// The same, with documentation.
    #[must_use]
    pub const fn doc(mut self, doc: &'static str) -> Self {
        self.doc = doc;
        self
    }

    /// The same at another path, not described again.
    #[must_use]
    pub const fn also_at(mut self, path: &'static str) -> Self {
        self.path = path;
        self.alias = true;
        self
    }
}

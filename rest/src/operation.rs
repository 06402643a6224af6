//! One served operation, as data. All of them together are the router's table and the source of
//! `describe/`, so that nothing is described that is not served.
//!
//! ```ignore
//! pub const OPERATIONS: &[Operation] = &[
//!     Operation::get("FabricsHandler", "fabrics/", |call| Box::pin(list(call))).doc("List fabrics."),
//!     Operation::post("FabricsHandler", "fabrics/", |call| Box::pin(create(call)))
//!         .admin()
//!         .doc("Create a fabric.\n\n:param name: Its name. Optional."),
//!     Operation::post("MachinesHandler", "machines/", |call| Box::pin(allocate(call)))
//!         .op("allocate")
//!         .doc("Allocate a machine.\n\n:param name: ..."),
//! ];
//!
//! async fn list(call: Call) -> Result<Reply, Problem> {
//!     let view = call.view().await?;
//!     Ok(Reply::json(&shapes(&view)?))
//! }
//! ```

use std::pin::Pin;

use crate::problem::Problem;

use crate::call::Call;
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

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Anonymous,
    /// Users.
    User,
    /// Users that are superusers.
    Admin,
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
    /// Who may call it.
    pub access: Access,
    /// Its documentation: with a `:param name: …` line for every parameter, or the CLI of MAAS
    /// refuses to send any.
    pub doc: &'static str,
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
        let (op, access, doc) = (None, Access::User, "");
        let (alias, takes_content) = (false, false);
        Self { handler, path, method, op, access, doc, alias, takes_content, run }
    }

    /// The same, selected by an `op`.
    #[must_use]
    pub const fn op(mut self, op: &'static str) -> Self {
        self.op = Some(op);
        self
    }

    /// The same, for superusers only.
    #[must_use]
    pub const fn admin(mut self) -> Self {
        self.access = Access::Admin;
        self
    }

    /// The same, for everybody.
    #[must_use]
    pub const fn anonymous(mut self) -> Self {
        self.access = Access::Anonymous;
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

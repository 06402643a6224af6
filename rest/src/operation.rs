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
use crate::refused::Refused;
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
    /// Parameters of MAAS that are refused by name.
    pub refused: &'static [Refused],
    /// Whether names that no parameter has are told apart by the handler.
    pub takes_any_name: bool,
    /// Whether it is left out of what is described: another path of an operation that is there, or one that MAAS
    /// does not describe either.
    pub alias: bool,
    /// Whether the body is content and no form.
    pub takes_content: bool,
    /// Whether it is asked of the present only: it tells secrets, which may have been taken back since, or objects that may
    /// not be seen any more.
    pub is_of_now: bool,
    /// Whether it does more than change objects, or tells more than what changes: it is not planned.
    pub acts_at_once: bool,
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
            refused: &[],
            takes_any_name: false,
            alias: false,
            takes_content: false,
            is_of_now: false,
            acts_at_once: false,
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

    /// The same, which tells of the present only.
    #[must_use]
    pub const fn of_now(mut self) -> Self {
        self.is_of_now = true;
        self
    }

    /// The same, which cannot be planned.
    #[must_use]
    pub const fn at_once(mut self) -> Self {
        self.acts_at_once = true;
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

    /// The same, which refuses parameters of MAAS.
    #[must_use]
    pub const fn refuses(mut self, refused: &'static [Refused]) -> Self {
        self.refused = refused;
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
        self.acts_at_once = true;
        self
    }

    /// The same, with documentation.
    #[must_use]
    pub const fn doc(mut self, doc: &'static str) -> Self {
        self.doc = doc;
        self
    }

    /// The same, which is served and not described, as in MAAS.
    #[must_use]
    pub const fn undescribed(mut self) -> Self {
        self.alias = true;
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

#[cfg(test)]
mod tests {
    use model::access::Actor;
    use model::id::UserId;
    use model::request::Source;
    use model::time::Timestamp;
    use model::user::User;
    use raft_store::Store;
    use tables::update::Tables;

    use crate::call::{Call, Content, Parts};
    use crate::native;
    use crate::operations;
    use crate::params::Params;
    use crate::paths::placeholders;
    use crate::refused::refuse;

    use super::*;

    /// A value that a handler can read; the others are texts.
    fn value_of(name: &str) -> &'static str {
        match name {
            "cidr" => "10.0.0.0/24",
            "type" => "dynamic",
            "ip" | "ip_address" | "start_ip" | "end_ip" | "gateway_ip" | "ip_addresses"
            | "dns_servers" | "relay_to" | "service_addresses" | "after" | "relay"
            | "link_selection" | "requested" => "10.0.0.1",
            "disabled_boot_architectures" => "pxe",
            "router_advertisements" => "slaac",
            "mac" | "mac_address" | "mac_addresses" => "52:54:00:00:00:01",
            "before" => "",
            // With a content, nothing is asked of its hash and size.
            "content" => "",
            "user_data" => "IyE=",
            // Where there is one, an error_description is not needed.
            "comment" => "",
            "name" => "kernel_opts",
            "level" => "INFO",
            "state" => "active",
            "arch" => "7",
            "stop_mode" => "hard",
            "mode" => "static",
            "bridge_type" => "standard",
            "bond_mode" => "active-backup",
            "bond_lacp_rate" => "fast",
            "bond_xmit_hash_policy" => "layer2",
            "storage_layout" => "flat",
            "fstype" => "ext4",
            "cache_mode" => "writeback",
            "partition_table_type" => "GPT",
            "machines" | "nodes" | "add" | "remove" => "abcdef",
            "sha256" => "0000000000000000000000000000000000000000000000000000000000000000",
            "architecture" => "amd64/generic",
            "power_parameters" => "{}",
            "storage" => "root:8",
            "interfaces" => "eth0:fabric=fabric-0",
            "devices" => "vendor_id=8086",
            _ => "1",
        }
    }

    fn administrator() -> Actor {
        Actor::without_groups(User {
            id: UserId(1),
            username: "admin".to_owned(),
            email: String::new(),
            is_superuser: true,
            password_hash: None,
            created: Timestamp::default(),
        })
    }

    fn call_with(operation: &Operation, params: Params, tables: &Tables) -> Call {
        let in_path =
            |name| (name, if name == "system_id" { "abcdef".to_owned() } else { "1".to_owned() });
        Call {
            parts: Parts::new(tables.clone()),
            actor: administrator(),
            path: placeholders(operation.path).map(in_path).collect(),
            params,
            content: Content::default(),
            origin: String::new(),
            source: Source::default(),
        }
    }

    /// Handlers read all of their parameters before they look for an object, so it does not matter
    /// here that there is none.
    #[tokio::test]
    async fn every_parameter_that_is_declared_is_read() {
        let tables = Tables::new(Store::in_memory());
        for operation in operations().into_iter().chain(native::operations()) {
            let mut params = Params::default();
            let names: Vec<String> =
                operation.params.iter().map(|spec| spec.name.replace("{param}", "zone")).collect();
            for name in &names {
                // Events are numbered, and leases go by their addresses.
                let is_number = operation.op == Some("query") && name == "after";
                params.add(name, if is_number { "1" } else { value_of(name) });
            }
            let call = call_with(&operation, params.clone(), &tables);
            let answer = (operation.run)(call).await;
            for name in &names {
                let (method, path, op) = (operation.method.name(), operation.path, operation.op);
                assert!(
                    params.asked.has(name),
                    "{method} {path} op={op:?} declares {name} and never reads it: {answer:?}"
                );
            }
        }
    }

    #[test]
    fn what_is_refused_is_not_taken_as_well() {
        for operation in operations() {
            for name in operation.refused.iter().flat_map(|refused| refused.names) {
                let mut params = Params::default();
                params.add(*name, "2");
                let errors = refuse(operation.refused, &mut params).err();
                assert!(errors.is_some_and(|errors| errors.has(name)), "{name} passes");
                let taken = operation.params.iter().find(|spec| spec.name == *name);
                assert_eq!(taken, None, "{} declares and refuses {name}", operation.path);
            }
        }
    }
}

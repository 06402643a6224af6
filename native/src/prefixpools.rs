//! `prefix-pools`: the pools of prefixes that racks delegate. MAAS has no such thing.

use ipnet::Ipv6Net;
use model::access::Permission;
use model::id::PrefixPoolId;
use ops::network::prefixpools::{self, PrefixPoolChange, PrefixPoolDetail};
use rest::call::Call;
use rest::operation::Operation;
use rest::param::{Param, Spec};
use rest::params::Params;
use rest::problem::Problem as Refused;
use rest::reply::Reply;
use rest::shapes;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::request::Request;

const PREFIX: Param<Ipv6Net> = Param::parsed(
    "prefix",
    "What prefixes are delegated from, as 2001:db8::/40. It overlaps no subnet, and stays.",
    "'{}' is not a prefix of IPv6.",
);
const LENGTH: Param<u8> = Param::number(
    "delegated_length",
    "The length of each prefix that is delegated, from 48 to 64. It stays.",
);
const SUBNET: Param<String> = Param::text(
    "subnet",
    "A subnet of IPv6 on the link where the prefixes are delegated: its id, prefix or name. It stays.",
);
const COMMENT: Param<String> = Param::text("comment", "Free text.");
const FORCE: Param<bool> = Param::boolean(
    "force",
    "Also while prefixes are delegated: each is taken back when its router renews it.",
);

const CHANGE: &[Spec] =
    &[PREFIX.optional(), LENGTH.optional(), SUBNET.optional(), COMMENT.optional()];

const ALL: &str = "prefixpools/";
const ONE: &str = "prefixpools/{id}/";
const MODEL: &str = "PrefixPool";

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::post("PrefixPoolsHandler", ALL, |call| Box::pin(create(call)))
        .reserved(Permission::ManageNetwork)
        .doc("Create a prefix pool.")
        .params(&[PREFIX.needed(), LENGTH.needed(), SUBNET.needed(), COMMENT.optional()]),
    Operation::put("PrefixPoolHandler", ONE, |call| Box::pin(update(call)))
        .reserved(Permission::ManageNetwork)
        .doc("Update a prefix pool.")
        .params(CHANGE),
    Operation::delete("PrefixPoolHandler", ONE, |call| Box::pin(delete(call)))
        .reserved(Permission::ManageNetwork)
        .doc("Delete a prefix pool.")
        .params(&[FORCE.optional()]),
];

/// A pool of prefixes.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PrefixPool {
    /// Its id.
    pub id: u32,
    /// What prefixes are delegated from.
    #[schema(value_type = String)]
    pub prefix: Ipv6Net,
    /// The length of each prefix that is delegated.
    pub delegated_length: u8,
    /// The subnet on whose link they are delegated.
    pub subnet: api::subnets::Subnet,
    /// Free text.
    pub comment: String,
    /// How many prefixes it has.
    pub prefixes_total: u64,
    /// How many of them are promised to routers.
    pub prefixes_delegated: u64,
}

/// All pools.
///
/// # Errors
/// [`Problem`].
pub async fn all(request: &Request) -> Result<Vec<Value>, Problem> {
    let found = prefixpools::list(&request.parts.tables, &request.actor).await?;
    Ok(found.iter().map(|pool| serde_json::to_value(shape(pool)).unwrap_or_default()).collect())
}

fn shape(detail: &PrefixPoolDetail) -> PrefixPool {
    let pool = &detail.pool;
    PrefixPool {
        id: pool.id.0,
        prefix: pool.prefix,
        delegated_length: pool.delegated_length,
        subnet: shapes::subnet(&detail.subnet),
        comment: pool.comment.clone(),
        prefixes_total: detail.total,
        prefixes_delegated: detail.delegated,
    }
}

async fn create(call: Call) -> Result<Reply, Refused> {
    let change = change(&call.params)?;
    let made = prefixpools::create(&call.parts.tables, &call.actor, &change).await?;
    Ok(Reply::json(&shape(&made)))
}

async fn update(call: Call) -> Result<Reply, Refused> {
    let (id, change) = (call.id("id", MODEL)?, change(&call.params)?);
    let changed = prefixpools::update(&call.parts.tables, &call.actor, id, &change).await?;
    Ok(Reply::json(&shape(&changed)))
}

async fn delete(call: Call) -> Result<Reply, Refused> {
    let id: PrefixPoolId = call.id("id", MODEL)?;
    let force = FORCE.of(&call.params)?.unwrap_or_default();
    prefixpools::delete(&call.parts.tables, &call.actor, id, force).await?;
    Ok(Reply::no_content())
}

fn change(params: &Params) -> Result<PrefixPoolChange, Refused> {
    Ok(PrefixPoolChange {
        prefix: PREFIX.of(params)?,
        delegated_length: LENGTH.of(params)?,
        subnet: SUBNET.named(params),
        comment: COMMENT.given(params),
    })
}

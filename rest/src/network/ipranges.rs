//! `ipranges/`: IP ranges of subnets.

use std::net::IpAddr;

use model::net::iprange::Purpose;
use ops::network::ipranges::{self, IpRangeChange, IpRangeDetail};

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::params::Params;
use crate::problem::Problem;
use crate::refused::Refused;
use crate::reply::Reply;
use crate::shapes;

const TYPE: Param<String> = Param::text("type", "dynamic (for DHCP) or reserved (left alone).");
const START_IP: Param<IpAddr> = Param::address("start_ip", "The first address.");
const END_IP: Param<IpAddr> = Param::address("end_ip", "The last address.");
const SUBNET: Param<String> =
    Param::text("subnet", "The subnet; found by the first address if absent.");
const COMMENT: Param<String> = Param::text("comment", "Free text.");

/// Whose a range is.
const OWNER: Refused = Refused::new(
    &["user"],
    "An IP range is of the user that creates it: leave it out, and sign as that user.",
);

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("IPRangesHandler", "ipranges/", |call| Box::pin(list(call)))
        .doc("List all IP ranges."),
    Operation::post("IPRangesHandler", "ipranges/", |call| Box::pin(create(call)))
        .doc("Create an IP range.")
        .params(&[
            TYPE.needed(),
            START_IP.needed(),
            END_IP.needed(),
            SUBNET.optional(),
            COMMENT.optional(),
        ])
        .refuses(&[OWNER]),
    Operation::get("IPRangeHandler", "ipranges/{id}/", |call| Box::pin(read(call)))
        .doc("Read an IP range."),
    Operation::put("IPRangeHandler", "ipranges/{id}/", |call| Box::pin(update(call)))
        .doc("Update an IP range.")
        .params(&[
            TYPE.optional(),
            START_IP.optional(),
            END_IP.optional(),
            SUBNET.described("Its subnet, which stays: another one is refused.").optional(),
            COMMENT.optional(),
        ])
        .refuses(&[OWNER]),
    Operation::delete("IPRangeHandler", "ipranges/{id}/", |call| Box::pin(delete(call)))
        .doc("Delete an IP range."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let ranges = ipranges::list(&call.parts.tables, &call.actor).await?;
    Ok(Reply::json(&ranges.iter().map(shape).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let change = change(&call.params)?;
    let range = ipranges::create(&call.parts.tables, &call.actor, &change).await?;
    Ok(Reply::json(&shape(&range)))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let id = call.id("id", "IPRange")?;
    Ok(Reply::json(&shape(&ipranges::get(&call.parts.tables, &call.actor, id).await?)))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let (change, id) = (change(&call.params)?, call.id("id", "IPRange")?);
    let range = ipranges::update(&call.parts.tables, &call.actor, id, &change).await?;
    Ok(Reply::json(&shape(&range)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let id = call.id("id", "IPRange")?;
    ipranges::delete(&call.parts.tables, &call.actor, id).await?;
    Ok(Reply::no_content())
}

fn shape(detail: &IpRangeDetail) -> api::ipranges::IpRange {
    let range = &detail.range;
    api::ipranges::IpRange {
        id: range.id.0,
        kind: match range.purpose {
            Purpose::Dynamic => "dynamic".to_owned(),
            Purpose::Reserved => "reserved".to_owned(),
        },
        start_ip: range.start_ip,
        end_ip: range.end_ip,
        comment: range.comment.clone(),
        user: detail.user.as_ref().map(shapes::user),
        subnet: shapes::subnet(&detail.subnet),
        resource_uri: format!("/MAAS/api/2.0/ipranges/{}/", range.id),
    }
}

fn change(params: &Params) -> Result<IpRangeChange, Problem> {
    let purpose = match TYPE.given(params).as_deref() {
        None => None,
        Some("dynamic") => Some(Purpose::Dynamic),
        Some("reserved") => Some(Purpose::Reserved),
        Some(other) => {
            let message =
                format!("Select a valid choice. {other} is not one of the available choices.");
            return Err(Problem::field("type", message));
        }
    };
    Ok(IpRangeChange {
        purpose,
        start_ip: START_IP.of(params)?,
        end_ip: END_IP.of(params)?,
        subnet: SUBNET.named(params),
        comment: COMMENT.given(params),
    })
}

//! `reservedips/`: addresses that are kept for one client.

use std::net::IpAddr;

use api::reservedips::ReservedIp;
use model::access::Permission;
use model::id::ReservedIpId;
use model::mac::MacAddress;
use ops::network::reservedips::{self, ReservedIpChange, ReservedIpDetail};

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::params::Params;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::shapes;

const ALL: &str = "reservedips/";
const ONE: &str = "reservedips/{id}/";
const MODEL: &str = "ReservedIP";

const IP: Param<IpAddr> = Param::address("ip", "The address.");
const SUBNET: Param<String> =
    Param::text("subnet", "The subnet; found by the address if it is left out.");
const MAC_ADDRESS: Param<MacAddress> = Param::parsed(
    "mac_address",
    "The hardware address of the client.",
    "'{}' is not a valid MAC address.",
);
const COMMENT: Param<String> = Param::text("comment", "Free text.");

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("ReservedIpsHandler", ALL, |call| Box::pin(list(call)))
        .doc("List all reserved IPs."),
    Operation::post("ReservedIpsHandler", ALL, |call| Box::pin(create(call)))
        .requires(Permission::ManageNetwork)
        .doc("Keep an address for a client: DHCP and deployments give it to nobody else.")
        .params(&[IP.needed(), MAC_ADDRESS.needed(), SUBNET.optional(), COMMENT.optional()]),
    Operation::get("ReservedIpHandler", ONE, |call| Box::pin(read(call)))
        .doc("Read a reserved IP."),
    Operation::put("ReservedIpHandler", ONE, |call| Box::pin(update(call)))
        .requires(Permission::ManageNetwork)
        .doc("Change the comment of a reserved IP. The rest may be named as it is.")
        .params(&[
            IP.optional(),
            MAC_ADDRESS.optional(),
            SUBNET.described("The subnet.").optional(),
            COMMENT.optional(),
        ]),
    Operation::delete("ReservedIpHandler", ONE, |call| Box::pin(delete(call)))
        .requires(Permission::ManageNetwork)
        .doc("Give a reserved IP free."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let all = reservedips::list(&call.parts.tables, &call.actor).await?;
    Ok(Reply::json_list(all.into_iter().map(|found| Ok::<_, Problem>(shape(&found)))))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let change = change(&call.params)?;
    let created = reservedips::create(&call.parts.tables, &call.actor, &change).await?;
    Ok(Reply::json(&shape(&created)))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let id: ReservedIpId = call.id("id", MODEL)?;
    let found = reservedips::get(&call.parts.tables, &call.actor, id).await?;
    Ok(Reply::json(&shape(&found)))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let change = change(&call.params)?;
    let id: ReservedIpId = call.id("id", MODEL)?;
    let updated = reservedips::update(&call.parts.tables, &call.actor, id, &change).await?;
    Ok(Reply::json(&shape(&updated)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let id: ReservedIpId = call.id("id", MODEL)?;
    reservedips::delete(&call.parts.tables, &call.actor, id).await?;
    Ok(Reply::no_content())
}

fn change(params: &Params) -> Result<ReservedIpChange, Problem> {
    Ok(ReservedIpChange {
        ip: IP.of(params)?,
        subnet: SUBNET.named(params),
        mac: MAC_ADDRESS.of(params)?,
        comment: COMMENT.given(params),
    })
}

fn shape(detail: &ReservedIpDetail) -> ReservedIp {
    let reserved = &detail.reserved;
    ReservedIp {
        id: reserved.id.0,
        ip: reserved.ip,
        subnet: detail.subnet.as_deref().map(shapes::subnet),
        mac_address: reserved.mac.to_string(),
        comment: Some(reserved.comment.clone()),
        resource_uri: format!("/MAAS/api/2.0/reservedips/{}/", reserved.id),
    }
}

//! `ipaddresses/`: addresses that users reserved.

use std::net::IpAddr;

use api::ipaddresses::{IpAddress, ReservedInterface};
use model::mac::MacAddress;
use ops::network::ipaddresses::{self, ReserveRequest, ReservedDetail, ReservedQuery, Whose};
use ops::site::dates;

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::shapes;

const ALL: &str = "ipaddresses/";

const NO_MAC: &str = "'{}' is not a valid MAC address.";

const IP: Param<IpAddr> = Param::address("ip", "The address.");
const IP_ADDRESS: Param<IpAddr> = Param::address("ip_address", "The same.");
const EVERYBODY: Param<bool> =
    Param::boolean("all", "Whether to list those of everybody; administrators only.");
const OWNER: Param<String> = Param::text("owner", "Only those of that user; administrators only.");
const SUBNET: Param<String> = Param::text("subnet", "The subnet, when no address is named.");
const HOSTNAME: Param<String> = Param::text("hostname", "The name of the client.");
const MAC: Param<MacAddress> = Param::parsed("mac", "The client that DHCP gives it to.", NO_MAC);
const MAC_ADDRESS: Param<MacAddress> = Param::parsed("mac_address", "The same.", NO_MAC);
const FORCE: Param<bool> = Param::boolean("force", "Whether anybody's; administrators only.");
const DISCOVERED: Param<bool> = Param::boolean(
    "discovered",
    "With force, whether it is one that a client has by DHCP: its lease is ended.",
);

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("IPAddressesHandler", ALL, |call| Box::pin(list(call)))
        .doc("List the addresses that the user that calls reserved.")
        .params(&[
            IP.described("Only that address.").optional(),
            EVERYBODY.optional(),
            OWNER.optional(),
        ]),
    Operation::post("IPAddressesHandler", ALL, |call| Box::pin(reserve(call)))
        .op("reserve")
        .doc("Reserve an address.")
        .params(&[
            SUBNET.optional(),
            IP.described("The address; a free one when absent.").optional(),
            IP_ADDRESS.optional(),
            HOSTNAME.optional(),
            MAC.optional(),
            MAC_ADDRESS.optional(),
        ]),
    Operation::post("IPAddressesHandler", ALL, |call| Box::pin(release(call)))
        .op("release")
        .doc("Give a reserved address back.")
        .params(&[IP.needed(), FORCE.optional(), DISCOVERED.optional()]),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let query = ReservedQuery {
        everybody: EVERYBODY.is_set(&call.params)?,
        owner: OWNER.given(&call.params),
        ip: IP.of(&call.params)?,
    };
    let found = ipaddresses::list(&call.parts.tables, &call.actor, &query).await?;
    Ok(Reply::json_list(found.into_iter().map(|found| Ok::<_, Problem>(shape(&found)))))
}

async fn reserve(call: Call) -> Result<Reply, Problem> {
    let params = &call.params;
    let request = ReserveRequest {
        mac: MAC.of(params)?.or(MAC_ADDRESS.of(params)?),
        subnet: SUBNET.named(params),
        ip: IP.of(params)?.or(IP_ADDRESS.of(params)?),
        hostname: HOSTNAME.named(params),
    };
    let tables = &call.parts.tables;
    let reserved = ipaddresses::reserve(tables, &call.actor, &request).await?;
    Ok(Reply::json(&shape(&ipaddresses::detail(tables, reserved).await?)))
}

async fn release(call: Call) -> Result<Reply, Problem> {
    let ip = IP.required(&call.params)?;
    let whose = match (FORCE.is_set(&call.params)?, DISCOVERED.is_set(&call.params)?) {
        (false, false) => Whose::Own,
        (true, false) => Whose::Anybodys,
        (true, true) => Whose::Clients,
        (false, true) => {
            return Err(Problem::field("discovered", "Only valid if force=true is specified."));
        }
    };
    ipaddresses::release(&call.parts.tables, &call.actor, ip, whose).await?;
    Ok(Reply::no_content())
}

fn shape(detail: &ReservedDetail) -> IpAddress {
    let reserved = &detail.reserved;
    let interfaces = reserved.mac.map(|mac| ReservedInterface {
        mac_address: mac.to_string(),
        kind: "unknown".to_owned(),
        name: "eth0".to_owned(),
    });
    IpAddress {
        alloc_type: 4,
        alloc_type_name: "User reserved".to_owned(),
        created: Some(dates::rfc3339_ms(reserved.created)),
        ip: reserved.ip,
        owner: detail.owner.as_ref().map(shapes::user),
        interface_set: interfaces.into_iter().collect(),
        subnet: detail.subnet.as_deref().map(shapes::subnet),
        resource_uri: "/MAAS/api/2.0/ipaddresses/".to_owned(),
    }
}

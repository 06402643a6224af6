//! `ipaddresses/`: addresses that users reserved.

use std::net::IpAddr;

use crate::problem::Problem;
use api::ipaddresses::{IpAddress, ReservedInterface};
use model::error::Kind;
use model::net::reserved::ReservedAddress;

use crate::call::Call;
use crate::operation::Operation;
use crate::params::Params;
use crate::reply::Reply;
use crate::shapes::Shapes;
use ops::network::ipaddresses::{self, Wish};
use ops::site::dates;
use tables::error::TableError;
use tables::read::Reads;

const ALL: &str = "ipaddresses/";

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("IPAddressesHandler", ALL, |call| Box::pin(list(call))).doc(
        "List the addresses that the user that calls reserved.\n\n\
         :param ip: Only that address. Optional.\n\
         :param all: Whether to list those of everybody; administrators only. Optional.\n\
         :param owner: Only those of that user; administrators only. Optional.",
    ),
    Operation::post("IPAddressesHandler", ALL, |call| Box::pin(reserve(call))).op("reserve").doc(
        "Reserve an address.\n\n\
             :param subnet: The subnet, when no address is named. Optional.\n\
             :param ip: The address; a free one when absent. Optional.\n\
             :param ip_address: The same. Optional.\n\
             :param hostname: The name of the client. Optional.\n\
             :param mac: The client that DHCP gives it to. Optional.",
    ),
    Operation::post("IPAddressesHandler", ALL, |call| Box::pin(release(call))).op("release").doc(
        "Give a reserved address back.\n\n\
             :param ip: The address.\n\
             :param force: Whether anybody's; administrators only. Optional.",
    ),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let view = call.view().await?;
    let shapes = Shapes::new(&view);
    let user = call.user()?;
    let everybody = call.params.boolean("all")?.unwrap_or(false);
    let owner = call.params.get("owner");
    if (everybody || owner.is_some_and(|owner| owner != user.username)) && !user.is_superuser {
        let message = "Listing another user's IP addresses requires admin privileges.";
        return Err(Problem::text(Kind::Forbidden, message));
    }
    let ip = address(&call.params, &["ip"])?;
    let mut shown = Vec::new();
    for reserved in view.list::<ReservedAddress>()? {
        let shape = shape(&shapes, &reserved)?;
        let of = shape.owner.as_ref().map(|owner| owner.username.as_str());
        let wanted = everybody || of == Some(owner.unwrap_or(&user.username));
        if wanted && ip.is_none_or(|ip| ip == reserved.ip) {
            shown.push(shape);
        }
    }
    Ok(Reply::json(&shown))
}

async fn reserve(call: Call) -> Result<Reply, Problem> {
    let params = &call.params;
    let mac = params.get("mac").or_else(|| params.get("mac_address"));
    let mac = mac.filter(|text| !text.is_empty()).map(|text| {
        let message = format!("'{text}' is not a valid MAC address.");
        text.parse().map_err(|_| Problem::field("mac", message))
    });
    let named = |name| params.get(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let wish = Wish {
        subnet: named("subnet"),
        ip: address(params, &["ip", "ip_address"])?,
        hostname: named("hostname"),
        mac: mac.transpose()?,
    };
    let cause = call.cause("ipaddress.reserve");
    let reserved = ipaddresses::reserve(&call.parts.tables, &cause, call.user()?, &wish).await?;
    let view = call.view().await?;
    Ok(Reply::json(&shape(&Shapes::new(&view), &reserved)?))
}

async fn release(call: Call) -> Result<Reply, Problem> {
    call.params.required("ip")?;
    let ip = address(&call.params, &["ip"])?.ok_or_else(|| Problem::not_found("IPAddress"))?;
    let force = call.params.boolean("force")?.unwrap_or(false);
    let cause = call.cause("ipaddress.release");
    ipaddresses::release(&call.parts.tables, &cause, call.user()?, ip, force).await?;
    Ok(Reply::no_content())
}

fn address(params: &Params, names: &[&str]) -> Result<Option<IpAddr>, Problem> {
    for name in names {
        let found = params.parsed(name, "Enter a valid IPv4 or IPv6 address.")?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

fn shape(shapes: &Shapes<'_>, reserved: &ReservedAddress) -> Result<IpAddress, TableError> {
    let interfaces = reserved.mac.map(|mac| ReservedInterface {
        mac_address: mac.to_string(),
        kind: "unknown".to_owned(),
        name: "eth0".to_owned(),
    });
    Ok(IpAddress {
        alloc_type: 4,
        alloc_type_name: "User reserved".to_owned(),
        created: dates::rfc3339_ms(reserved.created),
        ip: reserved.ip,
        owner: shapes.user(reserved.user)?,
        interface_set: interfaces.into_iter().collect(),
        subnet: shapes.subnet(reserved.subnet)?,
        resource_uri: "/MAAS/api/2.0/ipaddresses/".to_owned(),
    })
}

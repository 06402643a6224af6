//! `dhcp/leases/`: which client has which address, and until when.

use std::net::IpAddr;

use model::lease::standing::Standing;
use model::mac::MacAddress;
use ops::network::lease_list::{self, LeaseQuery};
use ops::network::vlans::VlanName;

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::params::Params;
use crate::problem::Problem;
use crate::reply::Reply;

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 1_000;

const IP: Param<IpAddr> = Param::address("ip", "Only of this address.");
const MAC: Param<MacAddress> =
    Param::parsed("mac", "Only of this client.", "'{}' is not a valid MAC address.");
const SUBNET: Param<String> = Param::text("subnet", "Only of this subnet: its id, prefix or name.");
const STATE: Param<Standing> = Param::parsed(
    "state",
    "Only in this state: active, kept, ended or declined.",
    "'{}' is none of active, kept, ended, declined.",
);
const LIMIT: Param<usize> =
    Param::number("limit", "At most so many, 100 by default, 1000 at most.");
const AFTER: Param<IpAddr> = Param::address("after", "Only behind this address: `next` of a page.");
pub(super) const VLAN: Param<String> = Param::text("vlan", "A VLAN by its id or name.");
pub(super) const FABRIC: Param<String> =
    Param::text("fabric", "The fabric of a VLAN that is named by its tag.");
pub(super) const VID: Param<String> = Param::text("vid", "The tag of a VLAN of that fabric.");

/// The operations on leases.
pub const OPERATIONS: &[Operation] =
    &[Operation::get("LeasesHandler", "dhcp/leases/", |call| Box::pin(list(call)))
        .doc("List leases in the order of their addresses, a page at a time.")
        .params(&[
            IP.optional(),
            MAC.optional(),
            SUBNET.optional(),
            VLAN.optional(),
            FABRIC.optional(),
            VID.optional(),
            STATE.optional(),
            LIMIT.optional(),
            AFTER.optional(),
        ])];

async fn list(call: Call) -> Result<Reply, Problem> {
    let query = query(&call.params)?;
    Ok(Reply::json(&lease_list::list(&call.parts.tables, &call.actor, &query).await?))
}

fn query(params: &Params) -> Result<LeaseQuery, Problem> {
    let limit = LIMIT.of(params)?.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::field("limit", format!("It is from 1 to {LIMIT_MAX}.")));
    }
    Ok(LeaseQuery {
        ip: IP.of(params)?,
        mac: MAC.of(params)?,
        subnet: SUBNET.named(params),
        state: STATE.of(params)?,
        kind: None,
        after: AFTER.of(params)?,
        limit,
        vlan: vlan(params)?,
    })
}

/// The VLAN that is named, in one of two ways.
pub(super) fn vlan(params: &Params) -> Result<Option<VlanName>, Problem> {
    match (VLAN.named(params), FABRIC.named(params), VID.named(params)) {
        (Some(vlan), None, None) => Ok(Some(VlanName::Vlan(vlan))),
        (Some(_), _, _) => {
            let message = "A VLAN is named by `vlan`, or by `fabric` and `vid`, and not by both.";
            Err(Problem::field("vlan", message))
        }
        (None, Some(fabric), Some(vid)) => Ok(Some(VlanName::OfFabric(fabric, vid))),
        (None, None, None) => Ok(None),
        (None, Some(_), None) => {
            Err(Problem::field("vid", "This field is required with a fabric."))
        }
        (None, None, Some(_)) => {
            Err(Problem::field("fabric", "This field is required with a vid."))
        }
    }
}

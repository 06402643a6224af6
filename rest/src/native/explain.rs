//! `dhcp/explain/`: what a client would be answered, and why.

use std::net::Ipv4Addr;

use api::dhcp::OptionBytes;
use model::mac::MacAddress;
use ops::network::dhcp_explain::{self, ExplainQuery};

use crate::call::Call;
use crate::native::leases::{FABRIC, VID, VLAN, vlan};
use crate::operation::Operation;
use crate::param::Param;
use crate::problem::Problem;
use crate::reply::Reply;

const NO_ADDRESS: &str = "Enter a valid IPv4 address.";

const MAC: Param<MacAddress> =
    Param::parsed("mac", "The client's hardware address.", "'{}' is not a valid MAC address.");
const RELAY: Param<Ipv4Addr> =
    Param::parsed("relay", "The address of its relay (giaddr).", NO_ADDRESS);
const LINK_SELECTION: Param<Ipv4Addr> =
    Param::parsed("link_selection", "The relay's link selection (RFC 3527).", NO_ADDRESS);
const ARCH: Param<u16> = Param::number("arch", "Its architecture (option 93).");
const VENDOR: Param<String> = Param::text(
    "vendor",
    "Its vendor class (option 60); with an architecture, PXEClient by default.",
);
const USER_CLASS: Param<String> = Param::text("user_class", "Its user class (option 77).");
const CLIENT_ID: Param<OptionBytes> = Param::parsed(
    "client_id",
    "What it calls itself (option 61): its bytes in hexadecimal, with or without colons. Who it is says \
     its hardware address.",
    "'{}' is not 1 to 255 bytes in hexadecimal.",
);
const REQUESTED: Param<Ipv4Addr> =
    Param::parsed("requested", "The address it asks for (option 50).", NO_ADDRESS);

/// The operation that explains.
pub const OPERATIONS: &[Operation] =
    &[Operation::get("ExplainHandler", "dhcp/explain/", |call| Box::pin(explain(call)))
        .doc("Explain what a client of DHCPv4 would be answered, and why.")
        .params(&[
            MAC.needed(),
            VLAN.optional(),
            FABRIC.optional(),
            VID.optional(),
            RELAY.optional(),
            LINK_SELECTION.optional(),
            ARCH.optional(),
            VENDOR.optional(),
            USER_CLASS.optional(),
            REQUESTED.optional(),
            CLIENT_ID.optional(),
        ])];

async fn explain(call: Call) -> Result<Reply, Problem> {
    let params = &call.params;
    // All are read before any of them is refused.
    let (vlan, client_id) = (vlan(params), CLIENT_ID.of(params));
    let query = ExplainQuery {
        mac: MAC.required(params)?,
        relay: RELAY.of(params)?,
        link_selection: LINK_SELECTION.of(params)?,
        architecture: ARCH.of(params)?,
        vendor_class: VENDOR.named(params),
        user_class: USER_CLASS.named(params),
        requested: REQUESTED.of(params)?,
        client_id: client_id?,
        vlan: vlan?,
    };
    Ok(Reply::json(&dhcp_explain::explain(&call.parts.tables, &call.actor, &query).await?))
}

//! What anybody may ask about a hardware address, at every list of nodes.

use model::mac::MacAddress;
use ops::machine::nodes;

use crate::call::Call;
use crate::operation::Operation;
use crate::param::{Param, Spec};
use crate::problem::Problem;
use crate::reply::Reply;

const MAC_ADDRESS: Param<String> = Param::text("mac_address", "The address.");

const PARAMS: &[Spec] = &[MAC_ADDRESS.needed()];

/// Asks whether any node has a hardware address, at a list of nodes.
pub(crate) const fn registered(handler: &'static str, path: &'static str) -> Operation {
    Operation::get(handler, path, |call| Box::pin(is_registered(call)))
        .op("is_registered")
        .anonymous()
        .doc("Whether a hardware address is known.")
        .params(PARAMS)
}

/// Asks whether the machine with a hardware address is at something, at a list of nodes.
pub(crate) const fn action_in_progress(handler: &'static str, path: &'static str) -> Operation {
    Operation::get(handler, path, |call| Box::pin(is_action_in_progress(call)))
        .op("is_action_in_progress")
        .anonymous()
        .doc("Whether the machine with a hardware address is at something that takes its time.")
        .params(PARAMS)
}

async fn is_registered(call: Call) -> Result<Reply, Problem> {
    let Some(mac) = mac(&call)? else { return Ok(Reply::json(&false)) };
    let known = nodes::is_registered(&call.parts.tables, &call.actor, mac).await?;
    Ok(Reply::json(&known))
}

async fn is_action_in_progress(call: Call) -> Result<Reply, Problem> {
    let Some(mac) = mac(&call)? else { return Ok(Reply::json(&false)) };
    let busy = nodes::is_action_in_progress(&call.parts.tables, &call.actor, mac).await?;
    Ok(Reply::json(&busy))
}

/// An address that is none is nobody's.
fn mac(call: &Call) -> Result<Option<MacAddress>, Problem> {
    Ok(MAC_ADDRESS.required(&call.params)?.parse().ok())
}

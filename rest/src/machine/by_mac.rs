//! What anybody may ask about a hardware address, at every list of nodes.

use model::mac::MacAddress;
use ops::machine::nodes;

use crate::call::Call;
use crate::param::Param;
use crate::problem::Problem;
use crate::reply::Reply;

/// The address that is asked about.
pub(crate) const MAC_ADDRESS: Param<String> = Param::text("mac_address", "The address.");

/// What [`is_registered`] says.
pub(crate) const IS_REGISTERED: &str = "Whether a hardware address is known.";

/// What [`is_action_in_progress`] says.
pub(crate) const IS_ACTION_IN_PROGRESS: &str =
    "Whether the machine with a hardware address is at something that takes its time.";

/// Whether any node has a hardware address.
pub(crate) async fn is_registered(call: Call) -> Result<Reply, Problem> {
    let Some(mac) = mac(&call)? else { return Ok(Reply::json(&false)) };
    let known = nodes::is_registered(&call.parts.tables, &call.actor, mac).await?;
    Ok(Reply::json(&known))
}

/// Whether a machine is at something.
pub(crate) async fn is_action_in_progress(call: Call) -> Result<Reply, Problem> {
    let Some(mac) = mac(&call)? else { return Ok(Reply::json(&false)) };
    let busy = nodes::is_action_in_progress(&call.parts.tables, &call.actor, mac).await?;
    Ok(Reply::json(&busy))
}

/// An address that is none is nobody's.
fn mac(call: &Call) -> Result<Option<MacAddress>, Problem> {
    Ok(MAC_ADDRESS.required(&call.params)?.parse().ok())
}

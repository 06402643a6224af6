//! The default gateways of a machine: which link leads to the rest of the world, where that is not left to the best guess.

use model::access::Actor;
use model::id::{SubnetId, SystemId};
use model::machine::Machine;
use model::machine::interface::gateways::{self, Router};
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;

use crate::error::Refusal;
use crate::machine::interfaces::NodeInterface;
use crate::machine::interfaces::edit::{Doing, change, edit};
use crate::machine::machines::no_choice;
use tables::read::Reads;
use tables::update::Tables;

/// Makes the gateway of a link of an interface the machine's; without a link, that of its only one of each address family.
///
/// # Errors
/// [`Refusal`].
pub async fn set(
    tables: &Tables,
    actor: &Actor,
    node: &SystemId,
    named: &str,
    link: Option<&str>,
) -> Result<NodeInterface, Refusal> {
    let doing = Doing::of("interface.set-default-gateway", "set default gateway").of_machines();
    change(tables, actor, node, doing, |tx, node| {
        let interface = node.find(named)?;
        let usable = gateways::usable(interface, |id| router_of(tx, id));
        if usable.is_empty() {
            let message = "This interface has no usable gateways.";
            return Err(Refusal::field("__all__", message));
        }
        let id = interface.id;
        let link = link.filter(|link| !link.is_empty());
        let chosen = match link {
            None => None,
            Some(link) => {
                let known = usable.iter().find(|(id, _)| id.to_string() == link);
                let Some((id, _)) = known else {
                    let choices = usable.iter().map(|(id, _)| id.to_string());
                    return Err(Refusal::field("link_id", no_choice("link_id", link, choices)));
                };
                Some(*id)
            }
        };
        if let (None, Some(several)) = (chosen, gateways::ambiguous(&usable)) {
            let message =
                format!("This field is required; Interface has more than one usable {several}.");
            return Err(Refusal::field("link_id", message));
        }
        gateways::set(&mut node.interfaces, id, chosen, |id| router_of(tx, id));
        Ok(id)
    })
    .await
}

/// Leaves the default gateways of a machine to the best guess.
///
/// # Errors
/// [`Refusal`].
pub async fn clear(tables: &Tables, actor: &Actor, node: &SystemId) -> Result<Machine, Refusal> {
    let doing = Doing::of("machine.clear-default-gateways", "clear").of_machines().always();
    let (edited, ()) = edit(tables, actor, node, doing, |_, node| {
        gateways::clear(&mut node.interfaces);
        Ok(())
    })
    .await?;
    edited.into_machine().ok_or(Refusal::NotFound { model: "Machine" })
}

/// What a subnet says of its gateway.
pub(super) fn router_of(at: &impl Reads, subnet: SubnetId) -> Option<Router> {
    let subnet = at.get::<Subnet>(&subnet).ok().flatten()?;
    let vlan = at.get::<Vlan>(&subnet.vlan).ok().flatten();
    let dhcp_on = vlan.is_some_and(|vlan| vlan.dhcp_on);
    Some(Router { gateway_ip: subnet.gateway_ip?, dhcp_on })
}

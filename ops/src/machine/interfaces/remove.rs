//! What is taken away of a node: interfaces, what they are connected to, and marks on them.

use model::access::Actor;
use model::id::SystemId;
use model::machine::interface::rules::check_vlan;
use model::machine::interface::{Kind, stack};

use crate::error::Refusal;
use crate::machine::interfaces::NodeInterface;
use crate::machine::interfaces::edit::{Doing, change, edit};
use crate::machine::interfaces::update::{check_own_vlan, wrong_vlan};
use tables::update::Tables;

/// Removes an interface with its addresses, and what is made of it alone; what it was made of is on its own again.
///
/// # Errors
/// [`Refusal`].
pub async fn delete(
    tables: &Tables,
    actor: &Actor,
    node: &SystemId,
    named: &str,
) -> Result<(), Refusal> {
    let doing = Doing::of("interface.delete", "delete interface");
    let removed = edit(tables, actor, node, doing, |_, node| {
        let id = node.find(named)?.id;
        stack::remove(&mut node.interfaces, id);
        Ok(())
    });
    removed.await.map(drop)
}

/// Takes all links of an interface away, and its VLAN.
///
/// # Errors
/// [`Refusal`].
pub async fn disconnect(
    tables: &Tables,
    actor: &Actor,
    node: &SystemId,
    named: &str,
) -> Result<NodeInterface, Refusal> {
    let doing = Doing::of("interface.disconnect", "disconnect");
    change(tables, actor, node, doing, |_, node| {
        let id = node.find(named)?.id;
        check_own_vlan(&node.interfaces, id)?;
        let own = node.find(named)?;
        // A bridge puts what it is over on its VLAN, and a VLAN interface stays on one.
        let is_on_tagged =
            stack::parents(&node.interfaces, own).any(|parent| parent.kind == Kind::Vlan);
        let kind = if is_on_tagged { &Kind::Vlan } else { &own.kind };
        check_vlan(kind, None, None).map_err(wrong_vlan)?;
        let interface = node.interface(id)?;
        interface.links.clear();
        interface.vlan = None;
        stack::settle(&mut node.interfaces, id);
        Ok(id)
    })
    .await
}

/// Marks an interface with a tag, or takes it off.
///
/// # Errors
/// [`Refusal`].
pub async fn set_tag(
    tables: &Tables,
    actor: &Actor,
    (node, named): (&SystemId, &str),
    tag: &str,
    marked: bool,
) -> Result<NodeInterface, Refusal> {
    let doing = Doing::of("interface.tag", "tag").always();
    change(tables, actor, node, doing, |_, node| {
        let id = node.find(named)?.id;
        let interface = node.interface(id)?;
        interface.tags.retain(|known| known != tag);
        if marked {
            interface.tags.push(tag.to_owned());
        }
        Ok(id)
    })
    .await
}

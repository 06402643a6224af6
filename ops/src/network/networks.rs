//! Subnets as MAAS showed them before 2.0: with the machines on them.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::access::Actor;
use model::id::SubnetId;
use model::mac::MacAddress;
use model::machine::Machine;

use crate::details::Details;
use crate::error::Refusal;
use crate::machine::holders;
use crate::network::specifiers;
use crate::network::subnets::SubnetDetail;
use crate::network::subnets::linked;
use tables::update::Tables;

/// The subnets that all of these machines have links to; all of them without any machine.
///
/// # Errors
/// [`Refusal::Fields`] when there is no such machine.
pub async fn list(
    tables: &Tables,
    actor: &Actor,
    nodes: &[String],
) -> Result<Vec<Arc<SubnetDetail>>, Refusal> {
    let details = Details::of_site(actor, tables).await?;
    let (mut linked, mut unknown) = (Vec::new(), Vec::new());
    for node in nodes {
        match holders::machine(details.view(), node)? {
            Some(machine) => linked.push(subnets_of(&machine)),
            None => unknown.push(node.as_str()),
        }
    }
    if !unknown.is_empty() {
        let message = format!("Unknown node(s): {}.", unknown.join(", "));
        return Err(Refusal::field("node", message));
    }
    let all = details.all_subnets()?.iter();
    let wanted = |id: SubnetId| linked.iter().all(|own| own.contains(&id));
    Ok(all.filter(|found| wanted(found.subnet.id)).cloned().collect())
}

/// A subnet by its name here, `subnet-1`, or in any way that names a subnet.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get(tables: &Tables, actor: &Actor, name: &str) -> Result<Arc<SubnetDetail>, Refusal> {
    let details = Details::of_site(actor, tables).await?;
    let id = named(&details, name)?;
    details.subnet(id)?.ok_or(Refusal::NotFound { model: "Subnet" })
}

/// The hardware addresses of machines and devices that have links to a subnet, by the names of the machines.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn macs(tables: &Tables, actor: &Actor, name: &str) -> Result<Vec<MacAddress>, Refusal> {
    let details = Details::of_site(actor, tables).await?;
    let id = named(&details, name)?;
    let mut found = BTreeSet::new();
    for (_, machine) in linked(details.view(), id) {
        let interfaces = machine.interfaces.iter();
        let linked = interfaces.filter(|one| one.links.iter().any(|link| link.subnet == Some(id)));
        found.extend(linked.map(|one| (machine.hostname.to_lowercase(), one.mac)));
    }
    Ok(found.into_iter().map(|(_, mac)| mac).collect())
}

fn named(details: &Details, name: &str) -> Result<SubnetId, Refusal> {
    let id = name.strip_prefix("subnet-").filter(|id| id.parse::<SubnetId>().is_ok());
    Ok(specifiers::subnet(details.view(), id.unwrap_or(name))?.id)
}

fn subnets_of(machine: &Machine) -> BTreeSet<SubnetId> {
    let links = machine.interfaces.iter().flat_map(|interface| &interface.links);
    links.filter_map(|link| link.subnet).collect()
}

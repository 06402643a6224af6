//! What belongs to a network or a machine, and goes with it or keeps it: DHCP snippets, static routes,
//! links of machines, devices of a node, VLANs that are relayed.
//!
//! Who gives something a dependant only adds to a set that who removes it looks at: the one
//! [marks](Tx::mark) a guard that the other depends on, so that one of them begins again. The other way
//! round the row of what is removed is compared.

use model::device::Device;
use model::dhcp::snippet::DhcpSnippet;
use model::id::{FabricId, SpaceId, SubnetId, SystemId, VlanId};
use model::net::iprange::IpRange;
use model::net::staticroute::StaticRoute;
use model::net::subnet::Subnet;

use crate::error::Refusal;
use crate::machine::placement;
use tables::devices::DEVICES_OF_PARENT;
use tables::error::TableError;
use tables::options::{
    SNIPPETS_OF_NODE, SNIPPETS_OF_RANGE, SNIPPETS_OF_SUBNET, STATIC_ROUTES_OF_SUBNET,
};
use tables::read::Reads;
use tables::tx::Tx;

/// What has dependants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder<'a> {
    /// A subnet: snippets, static routes, links of machines.
    Subnet(SubnetId),
    /// A VLAN: interfaces of machines, VLANs that are relayed to it.
    Vlan(VlanId),
    /// A fabric: VLANs.
    Fabric(FabricId),
    /// A space: VLANs.
    Space(SpaceId),
    /// A machine: snippets.
    Machine(&'a SystemId),
}

impl Holder<'_> {
    fn guard(&self) -> String {
        match self {
            Self::Subnet(id) => format!("dependants/subnet/{id}"),
            Self::Vlan(id) => format!("dependants/vlan/{id}"),
            Self::Fabric(id) => format!("dependants/fabric/{id}"),
            Self::Space(id) => format!("dependants/space/{id}"),
            Self::Machine(id) => format!("dependants/machine/{id}"),
        }
    }

    /// Has this transaction, which gives it a dependant, conflict with those that remove it. What is given
    /// must have been read by its id.
    pub(crate) fn gets_one(&self, tx: &mut Tx) {
        tx.mark(&self.guard());
    }

    /// Has this transaction, which removes it, conflict with those that give it a dependant.
    pub(crate) fn goes(&self, tx: &Tx) {
        tx.depend_on(&self.guard());
    }
}

/// Removes the snippets of a subnet and its ranges, and the routes from and to it, in a transaction that
/// removes the subnet.
pub(crate) fn forget_subnet(tx: &mut Tx, subnet: SubnetId) -> Result<(), TableError> {
    Holder::Subnet(subnet).goes(tx);
    for route in tx.list_by(&STATIC_ROUTES_OF_SUBNET, &subnet)? {
        tx.delete::<StaticRoute>(&route.id)?;
    }
    let snippets = tx.list_by(&SNIPPETS_OF_SUBNET, &subnet)?;
    forget(tx, snippets)
}

/// Removes the snippets of an IP range, in a transaction that removes the range.
pub(crate) fn forget_range(tx: &mut Tx, range: &IpRange) -> Result<(), TableError> {
    Holder::Subnet(range.subnet).goes(tx);
    let snippets = tx.list_by(&SNIPPETS_OF_RANGE, &range.id)?;
    forget(tx, snippets)
}

/// Removes the snippets of a node and the devices that go with it, in a transaction that removes the node.
pub(crate) fn forget_node(tx: &mut Tx, node: &SystemId) -> Result<(), TableError> {
    Holder::Machine(node).goes(tx);
    let snippets = tx.list_by(&SNIPPETS_OF_NODE, node)?;
    forget(tx, snippets)?;
    tx.depend_on(&placement::of_parent(node));
    for device in tx.list_by(&DEVICES_OF_PARENT, node)? {
        forget_device(tx, &device)?;
    }
    Ok(())
}

/// Removes a device with what goes with it.
pub(crate) fn forget_device(tx: &mut Tx, device: &Device) -> Result<(), TableError> {
    forget_node(tx, &device.system_id)?;
    tx.delete::<Device>(&device.system_id)?;
    Ok(())
}

fn forget(tx: &mut Tx, snippets: Vec<DhcpSnippet>) -> Result<(), TableError> {
    for snippet in snippets {
        tx.delete::<DhcpSnippet>(&snippet.id)?;
    }
    Ok(())
}

/// Whether the routes from and to a subnet still make sense with another prefix of it.
pub(crate) fn check_subnet(tx: &Tx, subnet: &Subnet) -> Result<(), Refusal> {
    for route in tx.list_by(&STATIC_ROUTES_OF_SUBNET, &subnet.id)? {
        let gateway = route.gateway_ip;
        if route.source == subnet.id && !subnet.cidr.contains(&gateway) {
            let message =
                format!("gateway {gateway} of static route {} is outside of it.", route.id);
            return Err(Refusal::field("cidr", message));
        }
        if gateway.is_ipv4() != subnet.cidr.addr().is_ipv4() {
            let message = format!("static route {} leads to another IP version.", route.id);
            return Err(Refusal::field("cidr", message));
        }
    }
    Ok(())
}

//! What belongs to a network or a machine, and goes with it or keeps it: DHCP snippets, static routes,
//! links of machines, devices of a node, VLANs that are relayed.
//!
//! Who gives something a dependant only adds to a set that who removes it looks at: the one
//! [marks](Tx::mark) a guard that the other depends on, so that one of them begins again. The other way
//! round the row of what is removed is compared.

use model::device::Device;
use model::dhcp::snippet::DhcpSnippet;
use model::error::Kind;
use model::id::{FabricId, SpaceId, SubnetId, SystemId, VlanId};
use model::machine::Machine;
use model::machine::interface::Interface;
use model::net::iprange::{IpRange, Purpose};
use model::net::staticroute::StaticRoute;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;

use crate::error::Refusal;
use crate::machine::placement;
use tables::devices::DEVICES_OF_PARENT;
use tables::error::TableError;
use tables::network::{IPRANGES_OF_SUBNET, SUBNETS_OF_VLAN};
use tables::options::{
    SNIPPETS_OF_NODE, SNIPPETS_OF_RANGE, SNIPPETS_OF_SUBNET, STATIC_ROUTES_OF_SUBNET,
};
use tables::read::Reads;
use tables::tx::Tx;
use tables::views::machines::MachineKey;

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

/// Refuses to take dynamic ranges from a VLAN on which DHCP is on, if none is left: clients would hear nothing, and
/// nobody would know why. `goes` says which.
pub(crate) fn check_served(
    tx: &Tx,
    vlan: VlanId,
    goes: impl Fn(&IpRange) -> bool,
) -> Result<(), Refusal> {
    let Some(vlan) = tx.get::<Vlan>(&vlan)?.filter(|vlan| vlan.dhcp_on) else { return Ok(()) };
    let mut going = None;
    for subnet in tx.list_by(&SUBNETS_OF_VLAN, &vlan.id)? {
        for range in tx.list_by(&IPRANGES_OF_SUBNET, &subnet.id)? {
            match (range.purpose, goes(&range)) {
                (Purpose::Dynamic, true) => going = Some(range),
                (Purpose::Dynamic, false) => return Ok(()),
                (Purpose::Reserved, _) => {}
            }
        }
    }
    let Some(IpRange { start_ip, end_ip, .. }) = going else { return Ok(()) };
    let message = format!(
        "DHCP is on in VLAN {} (vid {}), and {start_ip}-{end_ip} is its last dynamic range: switch DHCP off \
         first (dhcp_on=false), or add another range.",
        vlan.name, vlan.vid
    );
    Err(Refusal::with_message(Kind::Conflict, message))
}

/// Has the interfaces that are linked to a subnet follow it to another VLAN.
///
/// # Errors
/// [`Refusal::Fields`] for an interface that is also linked to a subnet that stays.
pub(crate) fn follow_subnet(
    tx: &mut Tx,
    subnet: SubnetId,
    from: VlanId,
    to: VlanId,
) -> Result<(), Refusal> {
    Holder::Vlan(to).gets_one(tx);
    for id in tx.state().ids_with(&MachineKey::Subnet(subnet)) {
        let Some(mut machine) = tx.get::<Machine>(&id)? else { continue };
        let Machine { hostname, interfaces, .. } = &mut machine;
        follow_of_node(hostname, interfaces, (subnet, from, to))?;
        tx.put(&machine)?;
    }
    for id in tx.state().devices().ids_with(&MachineKey::Subnet(subnet)) {
        let Some(mut device) = tx.get::<Device>(&id)? else { continue };
        let Device { hostname, interfaces, .. } = &mut device;
        follow_of_node(hostname, interfaces, (subnet, from, to))?;
        tx.put(&device)?;
    }
    Ok(())
}

fn follow_of_node(
    hostname: &str,
    interfaces: &mut [Interface],
    (subnet, from, to): (SubnetId, VlanId, VlanId),
) -> Result<(), Refusal> {
    let is_linked = |interface: &&mut Interface| {
        let mut links = interface.links.iter();
        interface.vlan == Some(from) && links.any(|link| link.subnet == Some(subnet))
    };
    for interface in interfaces.iter_mut().filter(is_linked) {
        let mut links = interface.links.iter().filter_map(|link| link.subnet);
        if let Some(other) = links.find(|other| *other != subnet) {
            let message = format!(
                "Interface {} of {hostname} is linked to subnet {other} as well, which stays on its VLAN.",
                interface.name
            );
            return Err(Refusal::field("vlan", message));
        }
        interface.vlan = Some(to);
    }
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

#[cfg(test)]
mod tests {
    use model::id::{FabricId, InterfaceId};
    use model::mac::MacAddress;
    use model::machine::Placement;
    use model::machine::hardware::Hardware;
    use model::machine::interface::{Link, LinkMode};
    use model::machine::lifecycle::Lifecycle;
    use model::machine::power::Power;
    use model::time::Timestamp;
    use raft_store::Store;
    use tables::update::{Cause, Tables};

    use super::*;
    use crate::authorize::tests::administrator;
    use crate::network::subnets::{self, SubnetChange};

    /// An interface on VLAN 1 with links to subnets.
    fn interface(number: u8, subnets: &[u32]) -> Interface {
        let link = |subnet: &u32| Link {
            id: *subnet,
            mode: LinkMode::Auto,
            subnet: Some(SubnetId(*subnet)),
            ip_address: None,
            default_gateway: false,
        };
        Interface {
            id: InterfaceId(number.into()),
            name: format!("eth{number}"),
            vlan: Some(VlanId(1)),
            boot: number == 0,
            links: subnets.iter().map(link).collect(),
            ..Interface::of_mac(MacAddress([2, 0, 0, 0, 0, number]))
        }
    }

    /// Two VLANs, two subnets on the first, and a machine.
    async fn site(interfaces: Vec<Interface>) -> Tables {
        let tables = Tables::new(Store::in_memory());
        let made: Result<(), TableError> = tables
            .update(&Cause::new("test", "test"), |tx| {
                for id in [1, 2] {
                    tx.put(&Vlan { vid: id, ..Vlan::untagged(VlanId(id.into()), FabricId(0)) })?;
                    let cidr = format!("10.{id}.0.0/24").parse().expect("a prefix");
                    tx.put(&Subnet::new(SubnetId(id.into()), VlanId(1), cidr))?;
                }
                tx.put(&Machine {
                    system_id: SystemId::from_number(1),
                    hostname: "web".to_owned(),
                    description: String::new(),
                    placement: Placement::default(),
                    lifecycle: Lifecycle::default(),
                    power: Power::default(),
                    hardware: Hardware::default(),
                    interfaces: interfaces.clone(),
                    block_devices: Vec::new(),
                    storage: model::machine::storage::Storage::default(),
                    deployment: None,
                    created: Timestamp::default(),
                    updated: Timestamp::default(),
                })
            })
            .await;
        made.expect("made");
        tables
    }

    async fn moved(tables: &Tables) -> Result<Vec<Option<u32>>, Refusal> {
        let change = SubnetChange { vlan: Some("2".to_owned()), ..SubnetChange::default() };
        subnets::update(tables, &administrator(), "1", &change).await?;
        let machines = tables.view().await?.list::<Machine>()?;
        let vlans = machines[0].interfaces.iter().map(|it| it.vlan.map(|vlan| vlan.0));
        Ok(vlans.collect())
    }

    #[tokio::test]
    async fn interfaces_follow_their_subnet_to_another_vlan() {
        let tables = site(vec![interface(0, &[1]), interface(1, &[2]), interface(2, &[])]).await;
        assert_eq!(moved(&tables).await, Ok(vec![Some(2), Some(1), Some(1)]));
    }

    #[tokio::test]
    async fn an_interface_on_two_subnets_keeps_both_where_they_are() {
        let tables = site(vec![interface(0, &[1, 2])]).await;
        let refused = moved(&tables).await.unwrap_err().to_string();
        assert!(
            refused.contains("Interface eth0 of web is linked to subnet 2 as well"),
            "{refused}"
        );
        let subnet = tables.view().await.unwrap().get::<Subnet>(&SubnetId(1)).unwrap().unwrap();
        assert_eq!(subnet.vlan, VlanId(1));
    }
}

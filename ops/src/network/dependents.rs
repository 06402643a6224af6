//! What belongs to a subnet, an IP range or a machine, and goes with it: DHCP snippets and static routes. What depends on
//! them otherwise, and so keeps them or follows them.

use model::dhcp::snippet::DhcpSnippet;
use model::error::Kind;
use model::id::{IpRangeId, SubnetId, SystemId, VlanId};
use model::machine::Machine;
use model::machine::interface::Interface;
use model::net::iprange::{IpRange, Purpose};
use model::net::staticroute::StaticRoute;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;

use crate::error::Refusal;
use tables::error::TableError;
use tables::network::{IPRANGES_OF_SUBNET, SUBNETS_OF_VLAN};
use tables::options::{
    SNIPPETS_OF_NODE, SNIPPETS_OF_RANGE, SNIPPETS_OF_SUBNET, STATIC_ROUTES_OF_SUBNET,
};
use tables::read::Reads;
use tables::tx::Tx;

/// Removes the snippets of a subnet and its ranges, and the routes from and to it, in a transaction that
/// removes the subnet.
pub(crate) fn forget_subnet(tx: &mut Tx, subnet: SubnetId) -> Result<(), TableError> {
    for route in tx.list_by(&STATIC_ROUTES_OF_SUBNET, &subnet)? {
        tx.delete::<StaticRoute>(&route.id)?;
    }
    let snippets = tx.list_by(&SNIPPETS_OF_SUBNET, &subnet)?;
    forget(tx, snippets)
}

/// Removes the snippets of an IP range, in a transaction that removes the range.
pub(crate) fn forget_range(tx: &mut Tx, range: IpRangeId) -> Result<(), TableError> {
    let snippets = tx.list_by(&SNIPPETS_OF_RANGE, &range)?;
    forget(tx, snippets)
}

/// Removes the snippets of a machine, in a transaction that removes the machine.
pub(crate) fn forget_node(tx: &mut Tx, node: &SystemId) -> Result<(), TableError> {
    let snippets = tx.list_by(&SNIPPETS_OF_NODE, node)?;
    forget(tx, snippets)
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
    let linked: Vec<SystemId> =
        tx.state().linked_to(subnet).map(|machine| machine.system_id.clone()).collect();
    for id in linked {
        let Some(mut machine) = tx.get::<Machine>(&id)? else { continue };
        let hostname = machine.hostname.clone();
        let is_linked = |interface: &&mut Interface| {
            let mut links = interface.links.iter();
            interface.vlan == Some(from) && links.any(|link| link.subnet == Some(subnet))
        };
        for interface in machine.interfaces.iter_mut().filter(is_linked) {
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
        tx.put(&machine)?;
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
    use crate::cluster::bootstrap::untagged;
    use crate::network::subnets::{self, SubnetChange};

    /// An interface on VLAN 1 with links to subnets.
    fn interface(number: u8, subnets: &[u32]) -> Interface {
        let link = |subnet: &u32| Link {
            id: *subnet,
            mode: LinkMode::Auto,
            subnet: Some(SubnetId(*subnet)),
            ip_address: None,
        };
        Interface {
            id: InterfaceId(number.into()),
            name: format!("eth{number}"),
            mac: MacAddress([2, 0, 0, 0, 0, number]),
            vlan: Some(VlanId(1)),
            boot: number == 0,
            enabled: true,
            link_connected: true,
            link_speed: 0,
            vendor: String::new(),
            product: String::new(),
            firmware_version: String::new(),
            links: subnets.iter().map(link).collect(),
        }
    }

    /// Two VLANs, two subnets on the first, and a machine.
    async fn site(interfaces: Vec<Interface>) -> Tables {
        let tables = Tables::new(Store::in_memory());
        let made: Result<(), TableError> = tables
            .update(&Cause::new("test", "test"), |tx| {
                for id in [1, 2] {
                    tx.put(&Vlan { vid: id, ..untagged(VlanId(id.into()), FabricId(0)) })?;
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

//! Fabrics, VLANs, spaces, subnets, ranges, routes and snippets.

use model::access::{Actor, Object, Permission, permits};
use model::device::Device;
use model::dhcp::snippet::{DhcpSnippet, Scope};
use model::machine::Machine;
use model::net::fabric::Fabric;
use model::net::iprange::{IpRange, Purpose};
use model::net::prefixpool::PrefixPool;
use model::net::space::Space;
use model::net::staticroute::StaticRoute;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use tables::read::Reads;
use tables::tx::Tx;

use crate::error::Refusal;
use crate::machine::placement;
use crate::network::vlans::VlanName;
use crate::network::{
    delegations, dependents, dhcpsnippets, fabrics, ipranges, prefixpools, spaces, staticroutes,
    subnets, vlans,
};
use crate::site::undo::kind::{Kind, present};

impl Kind for Fabric {
    const NAME: &'static str = "fabric";
    const PERMISSION: Permission = Permission::ManageNetwork;

    fn label(&self) -> String {
        self.name.clone()
    }

    fn remove(&self, tx: &mut Tx, _: &Actor) -> Result<(), Refusal> {
        fabrics::remove(tx, &self.id.to_string())
    }

    fn check(&self, _: &mut Tx, _: &Actor, _: Option<&Self>) -> Result<(), Refusal> {
        Ok(())
    }
}

impl Kind for Vlan {
    const NAME: &'static str = "VLAN";
    const PERMISSION: Permission = Permission::ManageNetwork;

    fn label(&self) -> String {
        format!("{} (vid {})", self.name, self.vid)
    }

    fn remove(&self, tx: &mut Tx, _: &Actor) -> Result<(), Refusal> {
        vlans::remove(tx, &VlanName::Vlan(self.id.to_string()))
    }

    fn check(&self, tx: &mut Tx, _: &Actor, _: Option<&Self>) -> Result<(), Refusal> {
        vlans::check(tx, self)
    }
}

impl Kind for Space {
    const NAME: &'static str = "space";
    const PERMISSION: Permission = Permission::ManageNetwork;

    fn label(&self) -> String {
        self.name.clone()
    }

    fn remove(&self, tx: &mut Tx, _: &Actor) -> Result<(), Refusal> {
        spaces::remove(tx, &self.id.to_string())
    }

    fn check(&self, _: &mut Tx, _: &Actor, _: Option<&Self>) -> Result<(), Refusal> {
        Ok(())
    }
}

impl Kind for Subnet {
    const NAME: &'static str = "subnet";
    const PERMISSION: Permission = Permission::ManageNetwork;

    fn label(&self) -> String {
        self.cidr.to_string()
    }

    fn remove(&self, tx: &mut Tx, _: &Actor) -> Result<(), Refusal> {
        subnets::remove(tx, &self.id.to_string(), false)
    }

    fn check(&self, tx: &mut Tx, _: &Actor, was: Option<&Self>) -> Result<(), Refusal> {
        present::<Vlan>(tx, &self.vlan, "VLAN")?;
        subnets::check_row(tx, was, self)?;
        if let Some(was) = was.filter(|was| was.vlan != self.vlan) {
            vlans::check_served(tx, was.vlan)?;
            dependents::follow_subnet(tx, self.id, was.vlan, self.vlan)?;
        }
        Ok(())
    }
}

impl Kind for IpRange {
    const NAME: &'static str = "IP range";
    const PERMISSION: Permission = Permission::EditRange;

    fn label(&self) -> String {
        format!("{}-{}", self.start_ip, self.end_ip)
    }

    fn allow(&self, actor: &Actor) -> Result<(), Refusal> {
        Ok(permits(actor, Permission::EditRange, &Object::Range { owner: self.user })?)
    }

    fn remove(&self, tx: &mut Tx, actor: &Actor) -> Result<(), Refusal> {
        ipranges::remove(tx, actor, self.id)
    }

    fn check(&self, tx: &mut Tx, _: &Actor, was: Option<&Self>) -> Result<(), Refusal> {
        let subnet = present::<Subnet>(tx, &self.subnet, "subnet")?;
        if let Some(user) = self.user {
            placement::give_to(tx, user)?;
        }
        ipranges::check_row(tx, &subnet, self, was)?;
        let was_dynamic = was.is_some_and(|was| was.purpose == Purpose::Dynamic);
        if was_dynamic && self.purpose != Purpose::Dynamic {
            vlans::check_served(tx, subnet.vlan)?;
        }
        Ok(())
    }
}

impl Kind for PrefixPool {
    const NAME: &'static str = "prefix pool";
    const PERMISSION: Permission = Permission::ManageNetwork;

    fn label(&self) -> String {
        self.prefix.to_string()
    }

    fn remove(&self, tx: &mut Tx, _: &Actor) -> Result<(), Refusal> {
        delegations::remove(tx, self.id, false)
    }

    fn check(&self, tx: &mut Tx, _: &Actor, was: Option<&Self>) -> Result<(), Refusal> {
        let subnet = present::<Subnet>(tx, &self.subnet, "subnet")?;
        prefixpools::check_row(tx, &subnet, self, was)
    }
}

impl Kind for StaticRoute {
    const NAME: &'static str = "static route";
    const PERMISSION: Permission = Permission::ManageNetwork;

    fn label(&self) -> String {
        format!("{} by {}", self.id, self.gateway_ip)
    }

    fn remove(&self, tx: &mut Tx, _: &Actor) -> Result<(), Refusal> {
        tx.delete::<Self>(&self.id)?;
        Ok(())
    }

    fn check(&self, tx: &mut Tx, _: &Actor, _: Option<&Self>) -> Result<(), Refusal> {
        let source = present::<Subnet>(tx, &self.source, "source subnet")?;
        let destination = present::<Subnet>(tx, &self.destination, "destination subnet")?;
        staticroutes::check(tx, (&source, &destination), self.gateway_ip)
    }
}

impl Kind for DhcpSnippet {
    const NAME: &'static str = "DHCP snippet";
    const PERMISSION: Permission = Permission::ManageNetwork;

    fn label(&self) -> String {
        self.name.clone()
    }

    fn remove(&self, tx: &mut Tx, _: &Actor) -> Result<(), Refusal> {
        dhcpsnippets::remove(tx, &self.id.to_string())
    }

    fn check(&self, tx: &mut Tx, _: &Actor, was: Option<&Self>) -> Result<(), Refusal> {
        match &self.scope {
            Scope::Global => {}
            Scope::Subnet(subnet) => {
                present::<Subnet>(tx, subnet, "subnet")?;
            }
            Scope::Range { subnet, range } => {
                present::<Subnet>(tx, subnet, "subnet")?;
                present::<IpRange>(tx, range, "IP range")?;
            }
            Scope::Node(node) => {
                if tx.get::<Machine>(node)?.is_none() {
                    present::<Device>(tx, node, "node")?;
                }
            }
        }
        dhcpsnippets::check_row(tx, was, self)
    }
}

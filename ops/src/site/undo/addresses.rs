//! Addresses that are kept: for users, for clients of DHCP, on links of nodes.

use std::net::IpAddr;

use model::access::{Actor, Object, Permission, permits};
use model::error::Kind as ErrorKind;
use model::machine::interface::Interface;
use model::net::range::AddressRange;
use model::net::reserved::{ReservedAddress, ReservedIp};
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use tables::network::SUBNETS_GUARD;
use tables::read::Reads;
use tables::tx::Tx;

use crate::dns::named_addresses;
use crate::error::Refusal;
use crate::machine::placement;
use crate::network::dependents::Holder;
use crate::network::promised::is_promised;
use crate::network::spans::dynamic_range_of;
use crate::network::{addresses, kept, reservedips};
use crate::site::undo::kind::{Kind, present};

impl Kind for ReservedIp {
    const NAME: &'static str = "reserved IP";
    const PERMISSION: Permission = Permission::ManageNetwork;

    fn label(&self) -> String {
        self.ip.to_string()
    }

    fn remove(&self, tx: &mut Tx, _: &Actor) -> Result<(), Refusal> {
        Ok(kept::remove(tx, self)?)
    }

    fn check(&self, tx: &mut Tx, _: &Actor, was: Option<&Self>) -> Result<(), Refusal> {
        if was.is_some() {
            return Ok(());
        }
        tx.guard(SUBNETS_GUARD);
        let subnet = present::<Subnet>(tx, &self.subnet, "subnet")?;
        reservedips::check_free(tx, &subnet, self.ip, self.mac)
    }
}

impl Kind for ReservedAddress {
    const NAME: &'static str = "reserved address";
    const PERMISSION: Permission = Permission::ReserveAddress;

    fn label(&self) -> String {
        self.ip.to_string()
    }

    fn allow(&self, actor: &Actor) -> Result<(), Refusal> {
        let is_own = matches!(actor, Actor::User(user, _) if user.id == self.user);
        let needed =
            if is_own { Permission::ReserveAddress } else { Permission::ReleaseAnyAddress };
        Ok(permits(actor, needed, &Object::Site)?)
    }

    fn remove(&self, tx: &mut Tx, _: &Actor) -> Result<(), Refusal> {
        tx.delete::<Self>(&self.ip)?;
        named_addresses::forget(tx, self.ip)
    }

    fn check(&self, tx: &mut Tx, _: &Actor, was: Option<&Self>) -> Result<(), Refusal> {
        placement::give_to(tx, self.user)?;
        let subnet = present::<Subnet>(tx, &self.subnet, "subnet")?;
        // That of a client is checked with what keeps it.
        if was.is_some() || self.reserved_ip.is_some() {
            return Ok(());
        }
        check_address(tx, &subnet, self.ip)
    }
}

/// Whether an address that is given back to who had it is nobody else's now. What holds it is written already: the unique
/// index has refused other holders, and the model is that of before.
fn check_address(tx: &mut Tx, subnet: &Subnet, ip: IpAddr) -> Result<(), Refusal> {
    let refused = |message: String| Err(Refusal::with_message(ErrorKind::Conflict, message));
    if !AddressRange::hosts_of(subnet.cidr).contains(ip) {
        return refused(format!("{ip} is no host's address of subnet {}.", subnet.cidr));
    }
    if let Some(range) = dynamic_range_of(tx, subnet, ip)? {
        let (first, last) = (range.start_ip, range.end_ip);
        return refused(format!("{ip} is within the dynamic range from {first} to {last}."));
    }
    let is_used = !tx.state().used(AddressRange::one(ip)).is_empty();
    if is_used || subnet.gateway_ip == Some(ip) || is_promised(tx, ip, tx.now()) {
        return refused(format!("The IP address {ip} is in use."));
    }
    addresses::keep(tx, subnet, ip);
    Ok(())
}

/// Whether interfaces may be linked as they were: to what is there, with addresses that nobody else has.
pub(super) fn check_links(
    tx: &mut Tx,
    interfaces: &[Interface],
    was: &[Interface],
) -> Result<(), Refusal> {
    let had: Vec<IpAddr> = addresses_of(was).collect();
    for interface in interfaces {
        if let Some(vlan) = interface.vlan {
            present::<Vlan>(tx, &vlan, "VLAN")?;
            Holder::Vlan(vlan).gets_one(tx);
        }
        for link in &interface.links {
            let Some(id) = link.subnet else { continue };
            let subnet = present::<Subnet>(tx, &id, "subnet")?;
            Holder::Subnet(id).gets_one(tx);
            if let Some(ip) = link.ip_address.filter(|ip| !had.contains(ip)) {
                check_address(tx, &subnet, ip)?;
            }
        }
    }
    Ok(())
}

fn addresses_of(interfaces: &[Interface]) -> impl Iterator<Item = IpAddr> {
    let links = interfaces.iter().flat_map(|interface| &interface.links);
    links.filter_map(|link| link.ip_address)
}

//! Addresses of machines: assigned to AUTO links when a deployment starts, taken back when it
//! ends. An address belongs to one holder in the whole cluster, which the tables' unique index
//! proves at commit.

use std::cell::Cell;
use std::net::IpAddr;

use ipnet::IpNet;
use model::error::Kind;
use model::id::{SubnetId, VlanId};
use model::lease::binding::Binding;
use model::mac::MacAddress;
use model::machine::Machine;
use model::machine::interface::stack::{is_enabled, is_replaced};
use model::machine::interface::{Interface, Link, LinkMode};
use model::net::allocate::{AllocateError, allocate};
use model::net::occupancy::Occupancy;
use model::net::range::AddressRange;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;

use crate::error::Refusal;
use crate::network::dependents::Holder;
use crate::network::kept;
use crate::network::promised::is_promised;
use crate::network::registered;
use crate::network::seen::is_seen;
use tables::error::TableError;
use tables::network::{
    IPRANGES_OF_SUBNET, SUBNETS_GUARD, SUBNETS_OF_VLAN, addresses_guard, addresses_guards, is_held,
};
use tables::options::STATIC_ROUTES_OF_SUBNET;
use tables::read::Reads;
use tables::tx::Tx;

/// The cluster version from which on who gives addresses away does not conflict with others who do.
const GUARDS_SINCE: u32 = 2;

/// Of so many addresses it is asked whether a host was seen with them; of the others the next free one is taken.
const SEEN_MAX: usize = 256;

/// What transactions claim that give addresses away.
const CLAIM: &str = "address";

/// Why a machine got no address.
#[derive(Debug, thiserror::Error)]
pub enum AssignError {
    /// No interface is on a network that is known.
    #[error("machine {hostname} has no interface on a known subnet")]
    NotConnected {
        /// The machine's name.
        hostname: String,
    },
    /// The subnet is full.
    #[error("No more IPs available in subnet: {cidr}.")]
    SubnetExhausted {
        /// The subnet.
        cidr: IpNet,
    },
    /// The tables failed.
    #[error(transparent)]
    Table(#[from] TableError),
}

impl AssignError {
    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::NotConnected { .. } => Kind::Conflict,
            Self::SubnetExhausted { .. } => Kind::Exhausted,
            Self::Table(error) => error.kind(),
        }
    }
}

impl From<AssignError> for Refusal {
    fn from(error: AssignError) -> Self {
        match error {
            AssignError::Table(error) => Self::Tables(error),
            error => Self::with_message(error.kind(), error.to_string()),
        }
    }
}

/// Gives every AUTO link of the machine's enabled interfaces an address.
///
/// # Errors
/// See [`AssignError`].
pub fn assign(tx: &mut Tx, machine: &mut Machine) -> Result<(), AssignError> {
    link_boot_interface(tx, machine)?;
    let wanting: Vec<(usize, usize, SubnetId)> = auto_links(machine);
    if wanting.is_empty() && !has_network(machine) {
        return Err(AssignError::NotConnected { hostname: machine.hostname.clone() });
    }
    for (interface, link, subnet) in wanting {
        let subnet = tx
            .get::<Subnet>(&subnet)?
            .ok_or_else(|| AssignError::NotConnected { hostname: machine.hostname.clone() })?;
        let mac = machine.interfaces[interface].mac;
        // What is kept for the interface is for one of its links.
        let kept = kept::for_client(tx, subnet.id, mac)?.filter(|ip| !has(machine, *ip));
        let address = match kept {
            Some(_) => choose_for(tx, &subnet, mac)?,
            None => choose(tx, &subnet)?,
        };
        machine.interfaces[interface].links[link].ip_address = Some(address);
    }
    Ok(())
}

fn has(machine: &Machine, ip: IpAddr) -> bool {
    let mut links = machine.interfaces.iter().flat_map(|interface| &interface.links);
    links.any(|link| link.ip_address == Some(ip))
}

/// An address of a subnet for an interface: the one that is kept for it, else a free one.
///
/// # Errors
/// See [`AssignError`].
pub(crate) fn choose_for(
    tx: &mut Tx,
    subnet: &Subnet,
    mac: MacAddress,
) -> Result<IpAddr, AssignError> {
    let Some(ip) = kept::for_client(tx, subnet.id, mac)? else { return choose(tx, subnet) };
    keep(tx, subnet, ip);
    Ok(ip)
}

/// Takes the addresses of AUTO links back.
pub fn release(machine: &mut Machine) {
    let links = machine.interfaces.iter_mut().flat_map(|interface| &mut interface.links);
    for link in links.filter(|link| link.mode == LinkMode::Auto) {
        link.ip_address = None;
    }
}

/// Where an interface was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// On that VLAN.
    pub vlan: VlanId,
    /// With an address of that subnet.
    pub subnet: Option<SubnetId>,
}

impl Seen {
    /// On a VLAN, with no address that is known.
    #[must_use]
    pub const fn on(vlan: VlanId) -> Self {
        Self { vlan, subnet: None }
    }
}

/// Puts an interface on the VLAN it was seen on and links it to the subnet of its address there, or else to the VLAN's
/// first managed subnet (MAAS does so with the boot interface); an interface that has links keeps them.
///
/// # Errors
/// [`TableError::Corrupt`].
pub fn connect(tx: &mut Tx, interface: &mut Interface, seen: Seen) -> Result<(), TableError> {
    put_on(tx, interface, seen.vlan)?;
    if !interface.links.is_empty() {
        return Ok(());
    }
    let subnets = tx.list_by(&SUBNETS_OF_VLAN, &seen.vlan)?;
    let managed = subnets.iter().filter(|subnet| subnet.managed);
    let first = managed.min_by_key(|subnet| (Some(subnet.id) != seen.subnet, subnet.id));
    let first = first.map_or(Ok(None), |first| tx.get::<Subnet>(&first.id))?;
    if let Some(subnet) = first {
        Holder::Subnet(subnet.id).gets_one(tx);
        interface.links.push(Link::new(interface.id.0, LinkMode::Auto, Some(subnet.id)));
    }
    Ok(())
}

/// Puts an interface on a VLAN, which is not removed at the same moment.
///
/// # Errors
/// [`TableError::Corrupt`].
pub fn put_on(tx: &mut Tx, interface: &mut Interface, vlan: VlanId) -> Result<(), TableError> {
    if interface.vlan != Some(vlan) && tx.get::<Vlan>(&vlan)?.is_some() {
        Holder::Vlan(vlan).gets_one(tx);
        interface.vlan = Some(vlan);
    }
    Ok(())
}

/// Where a machine's interface is, found from an address it has, or from the binding that a rack committed for it.
///
/// # Errors
/// [`TableError::Corrupt`].
pub fn seen(
    reads: &impl Reads,
    interface: &Interface,
    addresses: &[String],
) -> Result<Option<Seen>, TableError> {
    let subnets = reads.list::<Subnet>()?;
    let own: Vec<IpAddr> =
        addresses.iter().filter_map(|text| text.split('/').next()?.parse().ok()).collect();
    let by_address = subnets
        .iter()
        .filter(|subnet| own.iter().any(|address| subnet.cidr.contains(address)))
        .max_by_key(|subnet| subnet.cidr.prefix_len());
    if let Some(subnet) = by_address {
        return Ok(Some(Seen { vlan: subnet.vlan, subnet: Some(subnet.id) }));
    }
    let mut newest: Option<Binding> = None;
    for ip in reads.state().bound_to(interface.mac) {
        let binding =
            reads.get::<Binding>(&ip)?.filter(|binding| binding.mac() == Some(interface.mac));
        let told = |binding: &Option<Binding>| binding.as_ref().map(|found| found.told_until);
        if told(&binding) > told(&newest) {
            newest = binding;
        }
    }
    let Some(newest) = newest else { return Ok(None) };
    let now_in = subnets.iter().find(|subnet| subnet.cidr.contains(&newest.ip));
    let vlan = now_in.map_or(newest.vlan, |subnet| subnet.vlan);
    Ok(Some(Seen { vlan, subnet: now_in.map(|subnet| subnet.id) }))
}

/// A machine whose boot interface has no link yet gets one, if its VLAN has a subnet by now. What is in a bond or a bridge
/// needs none.
///
/// # Errors
/// [`TableError::Corrupt`].
pub(crate) fn link_boot_interface(tx: &mut Tx, machine: &mut Machine) -> Result<(), TableError> {
    let all = &machine.interfaces;
    let boots = all.iter().position(|interface| interface.boot && !is_replaced(all, interface.id));
    let interface = boots.and_then(|position| machine.interfaces.get_mut(position));
    if let Some(interface) = interface.filter(|interface| interface.links.is_empty())
        && let Some(vlan) = interface.vlan
    {
        connect(tx, interface, Seen::on(vlan))?;
    }
    Ok(())
}

fn auto_links(machine: &Machine) -> Vec<(usize, usize, SubnetId)> {
    let mut wanting = Vec::new();
    for (position, interface) in machine.interfaces.iter().enumerate() {
        for (at, link) in interface.links.iter().enumerate() {
            let wants = link.mode == LinkMode::Auto && link.ip_address.is_none();
            let enabled = is_enabled(&machine.interfaces, interface);
            if let (true, true, Some(subnet)) = (enabled, wants, link.subnet) {
                wanting.push((position, at, subnet));
            }
        }
    }
    wanting
}

fn has_network(machine: &Machine) -> bool {
    let all = &machine.interfaces;
    let mut enabled = all.iter().filter(|interface| is_enabled(all, interface));
    enabled.any(|interface| {
        interface.links.iter().any(|link| match link.mode {
            LinkMode::Auto | LinkMode::Static => link.ip_address.is_some(),
            LinkMode::Dhcp => true,
            LinkMode::LinkUp => false,
        })
    })
}

/// Chooses an address of a subnet that nobody holds: machines, users, DHCP clients, controllers, DNS
/// resources; and, as long as there are others, that no host made itself and with which racks saw no host lately. Transactions under way choose different ones. The caller writes the row that holds it.
///
/// # Errors
/// [`AssignError`].
pub fn choose(tx: &mut Tx, subnet: &Subnet) -> Result<IpAddr, AssignError> {
    let ranges = tx.list_by(&IPRANGES_OF_SUBNET, &subnet.id)?;
    let mut assigned = tx.state().used(AddressRange::of(subnet.cidr));
    // Whoever asks for a gateway of a route at the same moment depends on the subnets as well.
    let routes = tx.list_by(&STATIC_ROUTES_OF_SUBNET, &subnet.id)?;
    assigned.extend(routes.iter().map(|route| AddressRange::one(route.gateway_ip)));
    let occupancy = Occupancy { subnet, ranges: &ranges, assigned: &assigned };
    let (looking, now) = (tx.looking(), tx.now());
    let is_free = |ip| {
        !tx.is_claimed(CLAIM, &ip) && !is_held(&looking, ip) && !is_promised(&looking, ip, now)
    };
    let seen = Cell::new(0);
    let is_vacant = |ip| {
        let is_vacant = is_free(ip)
            && !registered::is_one(&looking, ip)
            && (seen.get() >= SEEN_MAX || !is_seen(&looking, ip, subnet.vlan, now));
        seen.set(seen.get() + 1);
        is_vacant
    };
    let chosen = allocate(&occupancy, tx.passed_over(), is_vacant);
    let chosen = chosen.or_else(|_| allocate(&occupancy, tx.passed_over(), is_free));
    let ip = chosen.map_err(|AllocateError::Exhausted { subnet: cidr }| {
        AssignError::SubnetExhausted { cidr }
    })?;
    if !tx.claim(CLAIM, &ip) {
        return Err(tx.moved(format!("address {ip}")).into());
    }
    keep(tx, subnet, ip);
    Ok(ip)
}

/// Has this transaction conflict with changes of the subnet, or of its ranges, that concern an address.
pub fn keep(tx: &mut Tx, subnet: &Subnet, ip: IpAddr) {
    if tx.cluster_version() < GUARDS_SINCE {
        // Programs before it take this guard for both purposes.
        tx.guard(SUBNETS_GUARD);
        return;
    }
    tx.depend_on(SUBNETS_GUARD);
    tx.mark(&addresses_guard(subnet, ip));
}

/// Has this transaction conflict with everybody who gives an address of a range of the subnet away.
pub fn keep_all(tx: &Tx, subnet: &Subnet, range: AddressRange) {
    for guard in addresses_guards(subnet, range) {
        tx.depend_on(&guard);
    }
}

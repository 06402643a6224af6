//! What DHCP on one link is decided by, read from the tables: what a rack that serves the link has of it
//! in its copy, and nothing of other links that no question there can come to.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use dhcp::leases::served::{dynamic_span, time_servers};
use dhcp::v4::engine::{Engine, OwnRack};
use dhcp::v4::view::View as DhcpView;
use ipnet::IpNet;
use model::controller::{RackController, ServedRack};
use model::dhcp::snippet::{DhcpSnippet, ServedSnippet};
use model::dns::domain::Domain;
use model::id::{SystemId, VlanId};
use model::lease::binding::Binding;
use model::lease::block::Block;
use model::lease::clock::{Moment, RegionClock};
use model::lease::policy::Policy;
use model::mac::MacAddress;
use model::machine::Machine;
use model::machine::served::ServedMachine;
use model::net::iprange::IpRange;
use model::net::service_address::ServiceHolder;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::setting::typed::{DHCP_LEAVES_OUT_0_AND_255, NTP_EXTERNAL_ONLY, NTP_SERVERS};
use model::time::Timestamp;

use crate::network::pools::pools;
use crate::site::settings;
use tables::error::TableError;
use tables::leases::BLOCKS_OF_VLAN;
use tables::network::{IPRANGES_OF_SUBNET, RESERVED_OF_SUBNET, SUBNET_BY_CIDR, SUBNETS_OF_VLAN};
use tables::options::{
    GLOBAL, GLOBAL_SNIPPETS, SNIPPETS_OF_NODE, SNIPPETS_OF_SUBNET, STATIC_ROUTES_OF_SUBNET,
};
use tables::read::{Reads, View};
use tables::views::machines::MachineKey;

/// The subnet that an address lies in: one look for each length of a prefix.
pub(super) fn subnet_around(at: &impl Reads, ip: IpAddr) -> Result<Option<Subnet>, TableError> {
    let longest = if ip.is_ipv4() { 32 } else { 128 };
    for len in (0..=longest).rev() {
        let Ok(net) = IpNet::new(ip, len) else { continue };
        if let Some(subnet) = at.find(&SUBNET_BY_CIDR, &net.trunc())? {
            return Ok(Some(subnet));
        }
    }
    Ok(None)
}

/// Adds what snippets say. One that a newer version wrote may not be understood, and says nothing.
fn put_snippets(view: &mut DhcpView, snippets: Vec<DhcpSnippet>) {
    for snippet in snippets {
        let program = snippet.program(&Policy::default()).unwrap_or_default();
        view.put_snippet(ServedSnippet { id: snippet.id, scope: snippet.scope, program });
    }
}

/// A link as its racks see it, without blocks and the bindings of others.
#[derive(Debug)]
pub(super) struct DhcpLink {
    pub(super) view: DhcpView,
    pub(super) blocks: Vec<Block>,
    vlan: Option<VlanId>,
    racks: Vec<RackController>,
    bindings: Vec<Binding>,
}

impl DhcpLink {
    /// Reads a link, for a question of a client; with none, what a relay in no subnet is judged by.
    pub(super) fn read(
        at: &View,
        vlan: Option<VlanId>,
        client: MacAddress,
    ) -> Result<Self, TableError> {
        let mut view = DhcpView::default();
        view.revision = at.revision();
        let domains = at.list::<Domain>()?;
        view.domain = domains.into_iter().find(|domain| domain.is_default).map(|found| found.name);
        view.ntp_servers = time_servers(&settings::read(at, &NTP_SERVERS)?);
        view.racks_serve_time = !settings::read(at, &NTP_EXTERNAL_ONLY)?;
        view.set_leaves_out_ends(settings::read(at, &DHCP_LEAVES_OUT_0_AND_255)?);
        let racks = at.list::<RackController>()?;
        for rack in &racks {
            view.put_rack(rack.system_id.clone(), (&ServedRack::of(rack)).into());
        }
        put_snippets(&mut view, at.list_by(&GLOBAL_SNIPPETS, &GLOBAL)?);
        let mut link = Self { view, blocks: Vec::new(), vlan, racks, bindings: Vec::new() };
        if let Some(vlan) = vlan {
            link.put_vlan(at, vlan, client)?;
        }
        for ip in at.state().bound_to(client) {
            link.bindings.extend(at.get::<Binding>(&ip)?);
        }
        Ok(link)
    }

    fn put_vlan(&mut self, at: &View, id: VlanId, client: MacAddress) -> Result<(), TableError> {
        let Some(vlan) = at.get::<Vlan>(&id)? else { return Ok(()) };
        if let Some(serving) = vlan.relay_vlan.filter(|serving| *serving != id) {
            at.get::<Vlan>(&serving)?.into_iter().for_each(|vlan| self.view.put_vlan(vlan));
            self.put_service_holder(at, serving)?;
            for subnet in at.list_by(&SUBNETS_OF_VLAN, &serving)? {
                self.view.put_subnet(subnet);
            }
        }
        self.view.put_vlan(vlan);
        self.put_service_holder(at, id)?;
        let mut machines: BTreeSet<&SystemId> = BTreeSet::new();
        let nodes = |key| {
            let machines = at.state().all_machines().with([&key]).into_iter();
            machines.chain(at.state().devices().with([&key])).collect::<Vec<_>>()
        };
        // To DHCP a device is what a machine is.
        let put = |machine: &Machine, view: &mut DhcpView| {
            let served = ServedMachine::of(machine);
            view.put_host(&served.system_id, (&served).into());
        };
        for machine in nodes(MachineKey::Mac(client)) {
            machines.insert(&machine.system_id);
            put_snippets(&mut self.view, at.list_by(&SNIPPETS_OF_NODE, &machine.system_id)?);
            put(machine, &mut self.view);
        }
        for subnet in at.list_by(&SUBNETS_OF_VLAN, &id)? {
            for range in at.list_by(&IPRANGES_OF_SUBNET, &subnet.id)? {
                self.view.put_range(range.id, dynamic_span(&range));
            }
            put_snippets(&mut self.view, at.list_by(&SNIPPETS_OF_SUBNET, &subnet.id)?);
            for route in at.list_by(&STATIC_ROUTES_OF_SUBNET, &subnet.id)? {
                at.get::<Subnet>(&route.destination)?
                    .into_iter()
                    .for_each(|to| self.view.put_subnet(to));
                self.view.put_route(&route);
            }
            for reserved in at.list_by(&RESERVED_OF_SUBNET, &subnet.id)? {
                self.view.put_reserved(reserved.ip, reserved.mac);
            }
            for machine in nodes(MachineKey::Subnet(subnet.id)) {
                if machines.insert(&machine.system_id) {
                    put(machine, &mut self.view);
                }
            }
            self.view.put_subnet(subnet);
        }
        self.blocks = at.list_by(&BLOCKS_OF_VLAN, &id)?;
        for block in &self.blocks {
            // A block outlives its range by some minutes.
            if at.get::<IpRange>(&block.iprange)?.is_none() {
                self.view.put_range(block.iprange, None);
            }
        }
        Ok(())
    }

    fn put_service_holder(&mut self, at: &View, vlan: VlanId) -> Result<(), TableError> {
        let holder = at.get::<ServiceHolder>(&vlan)?;
        holder.iter().for_each(|holder| self.view.put_service_holder(holder));
        Ok(())
    }

    /// The server of a rack, as it would be if it had just started with this copy and its blocks.
    pub(super) fn engine(
        self,
        at: &View,
        rack: &SystemId,
        requested: Option<Ipv4Addr>,
        now: Timestamp,
    ) -> Result<Engine, TableError> {
        let Self { view, blocks, vlan, racks, mut bindings } = self;
        let granted = blocks.iter().filter(|block| block.rack.as_ref() == Some(rack));
        let newest = granted.max_by_key(|block| block.granted_at);
        let incarnation = newest.map(|block| block.incarnation).unwrap_or_default();
        let own = OwnRack { rack: rack.clone(), incarnation, serves_time: true };
        if let Some(requested) = requested {
            bindings.extend(at.get::<Binding>(&IpAddr::V4(requested))?);
        }
        for block in blocks.iter().filter(|block| block.rack.as_ref() == Some(rack)) {
            bindings.extend(at.rows_between::<Binding>(&block.first, &block.last)?);
        }
        let mut engine = Engine::new(own.clone(), Policy::default());
        let pools = pools(at, now, |subnet| Some(subnet.vlan) == vlan)?;
        let used = pools.iter().map(|pool| (pool.subnet, pool.used.used_permille()));
        engine.set_pools(used.collect());
        engine.set_clock(RegionClock::between(Moment::default(), now, now));
        if let Some(found) = racks.iter().find(|found| found.system_id == *rack) {
            engine.set_reachable(found.session.is_some());
            engine.set_addresses(ipv4_addresses(found));
        }
        engine.update(|of_engine| {
            *of_engine = view;
            of_engine.set_own(own.rack, own.incarnation);
            bindings.into_iter().for_each(|binding| of_engine.put_binding(binding));
            blocks.into_iter().for_each(|block| of_engine.put_block(block));
        });
        Ok(engine)
    }
}

fn ipv4_addresses(rack: &RackController) -> impl Iterator<Item = Ipv4Addr> {
    let addresses = rack.interfaces.iter().flat_map(|interface| &interface.addresses);
    addresses.filter_map(|net| match net.addr() {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    })
}
